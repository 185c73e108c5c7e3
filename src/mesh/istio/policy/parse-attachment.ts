import { list, map, object, string, type Report } from './parse-values.ts';
import type { Attachment, TargetRef } from './types.ts';

const targetKinds: readonly { readonly group: string; readonly kind: string }[] = [
  { group: '', kind: 'Service' },
  { group: 'networking.istio.io', kind: 'ServiceEntry' },
  { group: 'gateway.networking.k8s.io', kind: 'Gateway' },
  { group: 'gateway.networking.k8s.io', kind: 'GatewayClass' },
];

/**
 * `selector`, `targetRefs` and the older `targetRef`, with the checks of validateOneOfSelectorType,
 * validateWorkloadSelector and validatePolicyTargetReference in pkg/config/validation/validation.go.
 */
export function parseAttachment(spec: Readonly<Record<string, unknown>>, report: Report): Attachment {
  const several = list(spec['targetRefs'], 'spec.targetRefs', report) ?? [];
  const single = spec['targetRef'] ?? undefined;
  const selector = parseSelector(spec['selector'] ?? undefined, report);
  if ([selector, single, several.length > 0 || undefined].filter((way) => way !== undefined).length > 1) {
    report({ field: 'spec', message: 'only one of selector, targetRef and targetRefs can be set', rejected: true });
  }
  if (several.length > 16) report({ field: 'spec.targetRefs', message: 'has more than 16 members', rejected: true });
  // GetTargetRefs in pilot/pkg/model/policyattachment.go: the list counts if it has members.
  const targetRefs =
    several.length > 0
      ? several.map((ref, index) => parseTargetRef(ref, `spec.targetRefs[${index}]`, report))
      : [single].filter((ref) => ref !== undefined).map((ref) => parseTargetRef(ref, 'spec.targetRef', report));
  return { ...selector, targetRefs };
}

type Selector = Pick<Attachment, 'selector' | 'hasEmptyLabels'>;

/** The `selector` of a policy, for the kinds that have no targetRefs. */
export function parseSelector(value: unknown, report: Report): Selector | undefined {
  if (value === undefined || value === null) return undefined;
  const { matchLabels } = object(value, 'spec.selector', ['matchLabels'], report);
  const present = matchLabels !== undefined && matchLabels !== null;
  const selector = present ? labels(matchLabels, report) : {};
  if (Object.keys(selector).length > 0) return { selector };
  report({
    field: 'spec.selector',
    message: 'has no labels: sidecars apply the policy to every pod, ztunnel may not',
    rejected: false,
  });
  return { selector, hasEmptyLabels: present };
}

function labels(value: unknown, report: Report): Readonly<Record<string, string>> {
  const field = 'spec.selector.matchLabels';
  return Object.fromEntries(
    Object.entries(map(value, field, report)).flatMap(([key, member]) => {
      const text = string(member, `${field}.${key}`, report) ?? '';
      if (key === '') report({ field, message: 'has an empty key', rejected: true });
      if (key.includes('*') || text.includes('*'))
        report({ field: `${field}.${key}`, message: 'wildcards are not supported in a selector', rejected: true });
      return [[key, text]];
    }),
  );
}

function parseTargetRef(value: unknown, field: string, report: Report): TargetRef {
  const ref = object(value, field, ['group', 'kind', 'name', 'namespace'], report);
  const [group, kind, name, namespace] = [ref['group'], ref['kind'], ref['name'], ref['namespace']].map(
    (member, index) => string(member, `${field}.${['group', 'kind', 'name', 'namespace'][index] ?? ''}`, report) ?? '',
  );
  if (name === '') report({ field: `${field}.name`, message: 'must be set', rejected: true });
  if (namespace !== '')
    report({
      field: `${field}.namespace`,
      message: 'must not be set: a policy cannot refer to another namespace',
      rejected: true,
    });
  const canonical = group === 'core' ? '' : group;
  if (!targetKinds.some((known) => known.kind === kind && known.group === canonical)) {
    report({
      field,
      message: `must refer to a Service, ServiceEntry, Gateway or GatewayClass, not to ${kind ?? ''} of group ${group ?? ''}`,
      rejected: true,
    });
  }
  return {
    group: canonical ?? '',
    kind: kind ?? '',
    name: name ?? '',
    ...(namespace === '' || namespace === undefined ? {} : { namespace }),
  };
}

import { listed } from '../../../base/counted.ts';
import { shown } from '../../../base/shown.ts';
import type { Surroundings } from '../../adapter.ts';
import { configByName } from '../../look-up.ts';
import type { NetworkPolicy } from '../../network-policy/types.ts';
import type { Untold } from '../network/compare.ts';
import { cutsOf } from '../network/cuts.ts';
import { hbonePort, type Limited } from '../network/lost.ts';
import type { Standing } from '../network/standing.ts';
import { digestOfKind, seenOf } from '../settings/accepted.ts';
import { grouped, keyOf, listedCalls, partsOf, unique, type Part } from './cut-off.ts';
import { nameOf } from '../vocabulary/objects.ts';
import type { Evidence, Rule } from './rule.ts';

/** Whom what is critical of a policy of the namespace itself is about: none of it is others' where some is its own. */
const whoseOf: readonly (readonly [Standing, Evidence['others']])[] = [
  ['Own', undefined],
  ['Said', 'Protects'],
  ['Likely', 'Holds'],
];

/**
 * Of a policy that stands in another namespace it is its owner's to say, and the platform team's to accept. One of the
 * namespace itself takes it back for its own calls only: whose pods there are elsewhere others decide.
 */
function evidenceAbout(
  parts: readonly Part[],
  policy: Part['policy'],
  surroundings: Surroundings,
): Pick<Evidence, 'object' | 'others' | 'seen'> {
  const { mesh, namespace } = surroundings;
  const object = nameOf({ ...policy, kind: 'NetworkPolicy' });
  if (policy.namespace === namespace.name) {
    const critical = parts.filter(({ severity }) => severity === 'Critical');
    const [, others] = whoseOf.find(([counts]) => critical.some((part) => part.standing === counts)) ?? [];
    return { object, ...(others !== undefined && { others }) };
  }
  const view = configByName(mesh.configs('NetworkPolicy', policy.namespace), policy.name);
  return { object, others: 'Holds', ...(view && { seen: seenOf(view, surroundings) }) };
}

/** What a policy does is said once, before all that comes of it: `CAUSE: calls; other calls`. */
function joined(messages: readonly string[]): string {
  const said = new Set<string>();
  return messages
    .map((message) => {
      const [cause = ''] = message.split(': ', 1);
      const isSaid = said.has(cause);
      said.add(cause);
      return isSaid ? message.slice(cause.length + 2) : message;
    })
    .join('; ');
}

/** One finding for each policy, whatever it cuts off. */
export function cutOff(surroundings: Surroundings): readonly Evidence[] {
  const parts = partsOf(surroundings);
  return grouped(parts, ({ policy }) => keyOf(policy)).flatMap((all): readonly Evidence[] => {
    const [first] = all;
    if (first === undefined) return [];
    const [critical, others] = [true, false].map((wanted) =>
      all.filter(({ severity }) => (severity === 'Critical') === wanted),
    );
    const inOrder = [...(critical ?? []), ...(others ?? [])];
    return [
      {
        ...evidenceAbout(all, first.policy, surroundings),
        severity: critical?.length === 0 ? 'Warning' : 'Critical',
        message: joined(unique(inOrder.map(({ message }) => message))),
        fix: unique(inOrder.map(({ fix }) => fix)).join(' '),
      },
    ];
  });
}

/** Accepted as all policies of that namespace together: no one of them is what takes too long. */
function untoldIn({ name, matters }: Untold, surroundings: Surroundings): Evidence {
  const digest = digestOfKind('NetworkPolicy', name, surroundings);
  return {
    object: nameOf({ kind: 'NetworkPolicy', namespace: name, name: '*' }),
    message: `which calls to and from ${name} NetworkPolicies would cut off takes more steps to tell than one look may take, so nobody has looked`,
    fix: `Select pods by fewer labels in the NetworkPolicies of both namespaces. Or look yourself whether they let TCP ${hbonePort} through, and accept them, or say in spec.callers who calls ${name}, and who calls ${surroundings.namespace.name}.`,
    others: 'Holds',
    severity: matters ? 'Critical' : 'Warning',
    seen: { one: digest, all: () => digest },
  };
}

/** What of others cannot be read is said, and holds nobody: it is they who are not called, or do not call, any more. */
function untold(surroundings: Surroundings): readonly Evidence[] {
  const { unreadable, untold: namespaces } = cutsOf(surroundings);
  const {
    route,
    namespace: { name: home },
  } = surroundings;
  return [
    ...unreadable.map(({ namespace, name, field }): Evidence => ({
      object: nameOf({ kind: 'NetworkPolicy', namespace, name }),
      message: `nobody can tell from its ${shown(field)} whom it lets through`,
      fix: 'Write it as the API of networking.k8s.io/v1 has it.',
      ...((namespace !== home || route.to !== 'IstioAmbient') && { severity: 'Warning' as const }),
    })),
    ...namespaces.map((each) => untoldIn(each, surroundings)),
  ];
}

/** The pods that a policy selects, where labels alone say it and can stand in YAML as they are. */
function selectorOf({ selects: { matchLabels = {}, matchExpressions = [] } }: NetworkPolicy): string {
  const entries = Object.entries(matchLabels);
  if (entries.length === 0 && matchExpressions.length === 0) return '';
  const isPlain = matchExpressions.length === 0 && entries.every((entry) => entry.every((each) => plain.test(each)));
  const labels = isPlain ? entries.map(([key, value]) => `${key}: "${value}"`).join(', ') : '…';
  return `selector: {matchLabels: {${labels}}}, `;
}

const plain = /^[-\w./]*$/;

/** Denies by the identity of each namespace the ports that it may not call, so that nobody else is refused. */
function denying(policy: NetworkPolicy, all: readonly Limited[]): string {
  const byNamespace = Map.groupBy(all, ({ callers: [caller] }) => caller?.end.namespace ?? '');
  const byPorts = Map.groupBy(byNamespace.keys(), (name) =>
    unique((byNamespace.get(name) ?? []).flatMap(({ open }) => open.map((port) => `"${port}"`)))
      .toSorted()
      .slice(0, 10)
      .join(', '),
  );
  const rules = [...byPorts]
    .slice(0, 3)
    .map(
      ([ports, names]) =>
        `{from: [{source: {namespaces: [${names.slice(0, 5).join(', ')}]}}], to: [{operation: {notPorts: [${ports}]}}]}`,
    );
  return `"spec: {${selectorOf(policy)}action: DENY, rules: [${rules.join(', ')}]}"`;
}

/** One for each policy that tells ports apart. */
function limitsNoMore(surroundings: Surroundings): readonly Evidence[] {
  return grouped(cutsOf(surroundings).limited, ({ policy }) => keyOf(policy)).flatMap((all): readonly Evidence[] => {
    const [first] = all;
    if (first === undefined) return [];
    const calls = listedCalls(
      all,
      ({ open, closed }, caller, called) =>
        `${caller} calls ${called} by ${listed(open.map(String))} and not by ${listed(closed.map(String))}`,
    );
    return [
      {
        object: nameOf({ ...first.policy, kind: 'NetworkPolicy' }),
        message: `by it ${calls}. Calls by HBONE all arrive on TCP ${hbonePort}: whoever may use that may use every port`,
        fix: `Say it by an AuthorizationPolicy in ${first.policy.namespace} too, unless one does: ${denying(first.policy, all)}.`,
      },
    ];
  });
}

/** What packet filters below the mesh make of calls that go another way than before. */
export const networkPolicyRules: readonly Rule[] = [
  {
    id: 'MM139',
    severity: 'Critical',
    isAcknowledgeable: true,
    when: 'Always',
    back: { notAsked: 'to stay half-way would cut off more; MM124 tells at rest what a rollback would meet' },
    title: 'A NetworkPolicy would cut calls off',
    fix: `Let the NetworkPolicy open TCP ${hbonePort} wherever it opens a port of the application.`,
    find: (surroundings) => [...cutOff(surroundings), ...untold(surroundings)],
  },
  {
    id: 'MM140',
    severity: 'Warning',
    when: 'Start',
    title: 'A NetworkPolicy no longer tells ports apart',
    fix: 'Say by an AuthorizationPolicy which ports may be called.',
    find: limitsNoMore,
  },
];

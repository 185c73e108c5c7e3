import type { Severity } from '../../../api/common.ts';
import type { Surroundings } from '../../adapter.ts';
import { text } from '../../json.ts';
import type { PodView } from '../../views.ts';
import { askedOfAll, describeInbound, inboundOf } from '../inbound-ports.ts';
import { itineraryOf } from '../waypoint/choose.ts';
import { applicable, asleepIn, isStrict, nameOf, severityOfRefusals, type Evidence } from './rule.ts';
import { podsIn, perNamespace } from './templates.ts';

/** Why some connections would be refused that no sidecar sees today. */
function decides(surroundings: Surroundings): { readonly what: string; readonly severity: Severity } | undefined {
  if (isStrict(surroundings)) return { what: 'STRICT', severity: 'Critical' };
  const refusing = applicable('AuthorizationPolicy', surroundings).find(({ spec }) =>
    ['ALLOW', 'DENY'].includes(text(spec['action']) ?? 'ALLOW'),
  );
  if (refusing !== undefined) return { what: nameOf(refusing), severity: severityOfRefusals(surroundings) };
  return itineraryOf(surroundings) === 'L7'
    ? { what: 'the guard of the waypoint', severity: severityOfRefusals(surroundings) }
    : undefined;
}

/** ztunnel takes every connection, whatever annotations of sidecars say (cni/README.md). */
export function notTakenToday(surroundings: Surroundings): readonly Evidence[] {
  const { route, mesh } = surroundings;
  const because = route.from === 'IstioSidecar' && route.to === 'IstioAmbient' ? decides(surroundings) : undefined;
  if (because === undefined) return [];
  const whatOf = (template: Pick<PodView, 'annotations'>): string | undefined => {
    const inbound = inboundOf(template, mesh);
    return inbound.kind === 'All'
      ? undefined
      : `${describeInbound(inbound)}; ztunnel takes every one, and ${because.what} would refuse callers who get through today`;
  };
  const evidence = askedOfAll<readonly Evidence[]>(
    () => [
      ...[...Map.groupBy(podsIn(surroundings, 'Sidecar'), whatOf)].flatMap(([what, pods]) =>
        what === undefined ? [] : perNamespace(surroundings, pods, (names) => `${what}: ${names}`),
      ),
      ...asleepIn(surroundings).flatMap((template) => {
        const what = whatOf({ annotations: template.templateAnnotations });
        return what === undefined ? [] : [{ object: nameOf(template), message: `of its next pods: ${what}` }];
      }),
    ],
    (why) => [{ object: `Namespace ${surroundings.namespace.name}`, message: why }],
  );
  return evidence.map((each) => ({ ...each, severity: because.severity }));
}

import type { Severity } from '../../../api/common.ts';
import type { Surroundings } from '../../adapter.ts';
import { text } from '../../json.ts';
import type { PodView } from '../../views.ts';
import { askedOfAll, describeInbound, inboundOf } from '../settings/inbound-ports.ts';
import { itineraryOf } from '../waypoint/choose.ts';
import { applicable, isStrict } from './applicable.ts';
import { asleepIn, severityOfRefusals, type Evidence } from './rule.ts';
import { nameOf } from '../vocabulary/objects.ts';
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

/** Pods, or a template that has none, whose sidecars do not take everything. */
interface Restricted {
  readonly by: string;
  readonly evidence: (what: string) => readonly Evidence[];
}

function restricted(surroundings: Surroundings): readonly Restricted[] {
  const byOf = (template: Pick<PodView, 'annotations'>): string | undefined => {
    const inbound = inboundOf(template, surroundings.mesh);
    return inbound.kind === 'All' ? undefined : describeInbound(inbound);
  };
  const running = [...Map.groupBy(podsIn(surroundings, 'Sidecar'), byOf)].map(([by, pods]) => ({
    by,
    evidence: (what: string) => perNamespace(surroundings, pods, (names) => `${what}: ${names}`),
  }));
  const sleeping = asleepIn(surroundings).map((template) => ({
    by: byOf({ annotations: template.templateAnnotations }),
    evidence: (what: string) => [{ object: nameOf(template), message: `of its next pods: ${what}` }],
  }));
  return [...running, ...sleeping].flatMap(({ by, evidence }) => (by === undefined ? [] : [{ by, evidence }]));
}

/** ztunnel takes every connection, whatever annotations of sidecars say (cni/README.md). */
export function notTakenToday(surroundings: Surroundings): readonly Evidence[] {
  const { route, namespace } = surroundings;
  if (route.from !== 'IstioSidecar' || route.to !== 'IstioAmbient') return [];
  const found = askedOfAll<readonly Restricted[]>(
    () => restricted(surroundings),
    (why) => [{ by: '', evidence: () => [{ object: `Namespace ${namespace.name}`, message: why }] }],
  );
  // Hardly any sidecar leaves something alone, and of each workload by itself it is dear to ask what would refuse that.
  const because = found.length === 0 ? undefined : decides(surroundings);
  if (because === undefined) return [];
  return found
    .flatMap(({ by, evidence }) =>
      evidence(`${by}; ztunnel takes every one, and ${because.what} would refuse callers who get through today`),
    )
    .map((each) => ({ ...each, severity: because.severity }));
}

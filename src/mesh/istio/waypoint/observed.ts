import type { Surroundings } from '../../adapter.ts';
import type { ObservedCaller, ObservedCallers, ObservedWorkload } from '../../telemetry.ts';
import { selects } from '../../views.ts';
import { spend } from '../../../base/effort.ts';
import type { ServiceFacts } from '../policy/translate/world.ts';
import { modeOf } from '../vocabulary/pod-mode.ts';
import { chosenWaypoint } from './chosen.ts';
import type { Callers } from './callers.ts';

type Observed = Extract<ObservedCallers, { kind: 'Observed' }>;

/**
 * The name that a workload has in metrics (istiod chart: injection-template.yaml; GetWorkloadMetaFromPod in
 * pkg/kube/util.go).
 */
export function nameInMetrics(labels: Readonly<Record<string, string>>, name: string): string {
  return labels['service.istio.io/workload-name'] ?? name;
}

/** What is behind a Service, by its name in metrics. */
interface Behind {
  readonly name: string;
  /** It has pods, which would have reported something. */
  readonly awake: boolean;
  /** Some of its pods have no sidecar: ztunnel reports who calls them. */
  readonly ambient: boolean;
}

function behind({ selector }: ServiceFacts, { workloads, otherTemplates, pods }: Surroundings): readonly Behind[] {
  spend((workloads.length + otherTemplates.length + pods.length) / 4);
  const names = new Map(
    workloads
      .filter(({ templateLabels }) => selects({ matchLabels: selector }, templateLabels))
      .map(({ name, templateLabels, replicas }) => [nameInMetrics(templateLabels, name), replicas > 0]),
  );
  for (const { name, templateLabels } of otherTemplates)
    if (selects({ matchLabels: selector }, templateLabels)) names.set(nameInMetrics(templateLabels, name), false);
  const ambient = new Set<string>();
  // Pods of what is no workload of ours, and of none: a Job, a Rollout, a bare pod.
  for (const pod of pods) {
    if (!selects({ matchLabels: selector }, pod.labels)) continue;
    const name = nameInMetrics(pod.labels, pod.owner?.name ?? pod.name);
    names.set(name, true);
    if (modeOf(pod) === 'Ambient') ambient.add(name);
  }
  return [...names].map(([name, awake]) => ({ name, awake, ambient: ambient.has(name) }));
}

/** What it takes to take in a caller, and to ask what becomes of him. */
const stepsOfCaller = 4;

/** What metrics tell of a Service's workloads together. */
interface ServiceCalls {
  readonly callers: readonly ObservedCaller[];
  /** Where callers without an identity come from, as far as anybody knows. */
  readonly withoutIdentity: readonly string[];
}

/** A caller's workload counts only if there is such a one: else any with its identity may have been it. */
function placed({ workload, ...caller }: ObservedCaller, known: ReadonlySet<string>): ObservedCaller {
  return workload !== undefined && known.has(workload) ? { ...caller, workload } : caller;
}

function callsOf(service: ServiceFacts, { workloads }: Observed, surroundings: Surroundings): ServiceCalls {
  const found = behind(service, surroundings).flatMap(({ name }) => workloads.get(name) ?? []);
  spend(
    found.reduce(
      (all, { callers, withoutIdentity }) => all + stepsOfCaller * callers.length + withoutIdentity.length,
      0,
    ),
  );
  const known = new Set(surroundings.workloads.map(({ name, templateLabels }) => nameInMetrics(templateLabels, name)));
  // A waypoint, of an earlier attempt or the user's, sent on what others asked for; it reported them itself.
  const waypoint = chosenWaypoint(surroundings);
  const callers = found
    .flatMap((workload) => workload.callers)
    .filter(
      ({ namespace, serviceAccount }) => namespace !== service.namespace || serviceAccount !== waypoint.serviceAccount,
    )
    .map((caller) => placed(caller, known));
  return {
    callers: [...new Map(callers.map((caller) => [JSON.stringify(caller), caller])).values()],
    withoutIdentity: [...new Set(found.flatMap((workload) => workload.withoutIdentity))]
      .sort()
      .map((from) => (from === '' ? 'of unknown origin' : `in namespace ${from}`)),
  };
}

/** How it is known, in words. */
function evidence({ window }: Observed): string {
  return `Prometheus, last ${window}`;
}

/** Calls of a Service in the window, whatever is known of the rest; undefined without metrics. */
export function observedCalls(
  service: ServiceFacts,
  surroundings: Surroundings,
): (ServiceCalls & { readonly from: string }) | undefined {
  const observed = surroundings.mesh.observedCallers?.(service.namespace);
  return observed?.kind === 'Observed'
    ? { ...callsOf(service, observed, surroundings), from: evidence(observed) }
    : undefined;
}

function shortened(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');
}

function namesOf(backends: readonly Behind[]): string {
  return shortened(backends.map(({ name }) => name));
}

/**
 * Who spoke for workloads without having a say: an application that serves metrics of Istio, what scrapes for others,
 * or a ztunnel elsewhere.
 */
function disbelief(workloads: readonly (ObservedWorkload | undefined)[]): string {
  const by = [...new Set(workloads.flatMap((workload) => workload?.disbelieved ?? []))].sort();
  return by.length === 0
    ? ''
    : ` (what was scraped in ${shortened(by.map((name) => (name === '' ? 'no namespace' : `namespace ${name}`)))} says something of them and is not believed: label namespace)`;
}

/** Why the metrics of a Service are too few to conclude from them who does not call it. */
function gap(service: ServiceFacts, { window, workloads }: Observed, surroundings: Surroundings): string | undefined {
  const all = [...workloads.values()];
  if (!all.some(({ reports }) => reports.has('Inbound'))) {
    return `Prometheus has no metric of the last ${window} in which a sidecar of namespace ${service.namespace} reports who called it${disbelief(all)}`;
  }
  const backends = behind(service, surroundings).map((backend) => ({ ...backend, told: workloads.get(backend.name) }));
  const silent = backends.filter(({ awake, told }) => awake && (told?.reports.size ?? 0) === 0);
  if (silent.length > 0)
    return `the sidecars of ${namesOf(silent)} reported nothing to Prometheus in the last ${window}: nobody called, or they are not scraped${disbelief(silent.map(({ told }) => told))}`;
  // It may be ztunnel that is not believed. Only then do words of others count, against certainty: who forges them
  // holds up what is half in ambient already.
  const unheard = backends.filter(({ ambient, told }) => ambient && (told?.disbelieved.length ?? 0) > 0);
  return unheard.length === 0
    ? undefined
    : `ztunnel tells who calls pods of ${namesOf(unheard)} that are in ambient, and it is believed only where istiod is${disbelief(unheard.map(({ told }) => told))}`;
}

function fromObserved(service: ServiceFacts, observed: Observed, surroundings: Surroundings): Callers {
  const missing = gap(service, observed, surroundings);
  if (missing !== undefined) return { kind: 'Unknown', why: missing };
  const { callers, withoutIdentity } = callsOf(service, observed, surroundings);
  // Outside the mesh nobody uses a waypoint, and the guard refuses who has no identity: they cannot come first either.
  return withoutIdentity.length === 0
    ? { kind: 'Known', callers, from: evidence(observed), seen: true }
    : {
        kind: 'Unknown',
        why: `Prometheus saw callers without an identity in the last ${observed.window}, outside the mesh or in plaintext, which would be refused too: ${shortened(withoutIdentity)}`,
      };
}

/** Who calls a Service by what its proxies and those of its callers report; undefined without metrics. */
export function fromMetrics(service: ServiceFacts, surroundings: Surroundings): Callers | undefined {
  const observed = surroundings.mesh.observedCallers?.(service.namespace);
  switch (observed?.kind) {
    case undefined:
      return undefined;
    case 'Learning':
      // Piece by piece, and it is 'Unavailable' when it does not answer: this passes.
      return {
        kind: 'Unknown',
        why: `Prometheus is still being asked about the last ${observed.window}`,
        passing: true,
      };
    case 'Unavailable':
      return { kind: 'Unknown', why: 'Prometheus does not tell (MM088)' };
    case 'Observed':
      return fromObserved(service, observed, surroundings);
  }
}

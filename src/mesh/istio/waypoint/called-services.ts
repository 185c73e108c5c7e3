import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import type { ObservedWorkload } from '../../telemetry.ts';
import type { ServiceView } from '../../views.ts';
import { bounded, spend } from '../../../base/effort.ts';
import { anyOf, callersOf, certainOf, type PolicyWorld } from './callers.ts';
import { clusterServices } from './cluster-services.ts';
import { namespacesNamedBy } from './named-callers.ts';
import { askedAt, neighbour } from './neighbour.ts';
import { policyWorldOf } from './world.ts';

/** Whether workloads of a namespace call a Service. */
export type Calls = 'Yes' | 'Unknown' | 'No';

/** What a namespace calls of others. */
export interface Called {
  /** The Services that its workloads are known to call, by namespace. */
  readonly known: ReadonlyMap<string, readonly ServiceView[]>;
  /** Namespaces of which that takes more steps to tell than one look may take. */
  readonly untold: readonly string[];
  /** The same of any Service; of what is too large to tell it is `Unknown`. */
  calls(service: ServiceView): Calls;
}

/** Steps for who calls the Services of one namespace: its policies are of others, so that it must not take long. */
const steps = 200_000;

/** Namespaces of the callers that metrics saw, read once: everybody asks whether his own is among them. */
const seenIn = memoize(
  (workloads: ReadonlyMap<string, ObservedWorkload>): ReadonlySet<string> =>
    new Set([...workloads.values()].flatMap(({ callers }) => callers.map(({ namespace }) => namespace))),
);

function isSeen(namespace: string, { mesh, namespace: { name } }: Surroundings): boolean {
  const observed = mesh.observedCallers?.(namespace);
  return observed?.kind === 'Observed' && seenIn(observed.workloads).has(name);
}

/** The namespaces in which somebody says, or metrics say, that this one calls there: of all others nobody knows it. */
function named(surroundings: Surroundings): readonly string[] {
  const {
    mesh,
    spec,
    namespace: { name },
  } = surroundings;
  const all = [...clusterServices(mesh).keys()].filter((namespace) => namespace !== name);
  const byPolicy = new Set(
    mesh
      .configs('AuthorizationPolicy')
      .filter((config) => namespacesNamedBy(config)?.namespaces.has(name) === true)
      .map(({ namespace }) => namespace),
  );
  const declared = new Set(
    spec.callers
      .filter(({ from }) => from.some(({ namespace }) => namespace === name))
      .map(({ namespace }) => namespace),
  );
  return all.filter(
    (namespace) =>
      byPolicy.has(mesh.rootNamespace) ||
      byPolicy.has(namespace) ||
      declared.has(namespace) ||
      isSeen(namespace, surroundings),
  );
}

/** Whether a namespace is among the callers of Services of another, all of which are told within steps of their own. */
function callsIn(namespace: string, surroundings: Surroundings): (service: ServiceView) => Calls | 'Untold' {
  const {
    namespace: { name },
    pods,
    workloads,
    otherTemplates,
  } = surroundings;
  const identities = [
    ...new Set([...pods, ...workloads, ...otherTemplates].map(({ serviceAccount }) => serviceAccount)),
  ].map((serviceAccount) => ({ namespace: name, serviceAccount }));
  const there = neighbour(surroundings, namespace);
  const told = new Map<ServiceView, Calls | 'Untold'>();
  let world: PolicyWorld | undefined;
  let left = steps;
  function tell(service: ServiceView): Calls {
    world ??= policyWorldOf(there);
    const callers = callersOf(service, world, there);
    if (callers.kind === 'Unknown') return 'Unknown';
    const all = certainOf(callers).flatMap((each) => each.callers);
    spend(all.length / 16);
    return identities.some(anyOf(all)) ? 'Yes' : 'No';
  }
  return (service) => {
    const known = told.get(service);
    if (known !== undefined) return known;
    const found = bounded(left, () =>
      askedAt<Calls>(
        surroundings,
        there,
        () => tell(service),
        () => 'Unknown',
      ),
    );
    left = found.kind === 'Done' ? left - found.steps : 0;
    const calls = found.kind === 'Done' ? found.value : 'Untold';
    told.set(service, calls);
    return calls;
  };
}

/** What the workloads of a namespace call elsewhere. */
export function calledServices(surroundings: Surroundings): Called {
  const asked = new Map<string, (service: ServiceView) => Calls | 'Untold'>();
  function ask(service: ServiceView): Calls | 'Untold' {
    const calls = asked.get(service.namespace) ?? callsIn(service.namespace, surroundings);
    asked.set(service.namespace, calls);
    return calls(service);
  }
  const services = clusterServices(surroundings.mesh);
  const found = named(surroundings).map((namespace) => ({
    namespace,
    all: [...(services.get(namespace)?.values() ?? [])].map((service) => ({ service, calls: ask(service) })),
  }));
  const isUntold = ({ all }: (typeof found)[number]): boolean => all.some(({ calls }) => calls === 'Untold');
  return {
    known: new Map(
      found
        .filter((each) => !isUntold(each))
        .map(({ namespace, all }) => [
          namespace,
          all.filter(({ calls }) => calls === 'Yes').map(({ service }) => service),
        ]),
    ),
    untold: found.filter(isUntold).map(({ namespace }) => namespace),
    calls: (service) => {
      const calls = ask(service);
      return calls === 'Untold' ? 'Unknown' : calls;
    },
  };
}

import type { PlannedRestart } from '../../../api/namespace-migration.ts';
import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import type { WorkloadView } from '../../views.ts';
import { bounded, spend, type Bounded } from '../../../base/effort.ts';
import { selecting } from '../policy/selecting.ts';
import { certainOf, guardedServices } from './callers.ts';
import { inOrder } from './in-order.ts';
import { reasonsOf, type Say } from './reasons.ts';
import { byKey, callingAmong, grouped, keyOf, keysAmong, type Keys, type Wait } from './waits.ts';

/** The order of the workloads of a namespace, or those that call each other in a circle. */
export interface Order {
  readonly workloads: readonly WorkloadView[];
  /** For each workload that has to wait for others (`Deployment api`): for whom, and how that is known. */
  readonly reasons: () => ReadonlyMap<string, string>;
  readonly circle: readonly WorkloadView[];
  /** It takes more steps to tell than one look may take: they are as they come. */
  readonly untold?: true;
}

/**
 * Steps that it may take: about one for each workload that is in a group, and most Services have groups in common.
 */
const orderSteps = 1_000_000;

/** Who has to wait for whom, once it is known who calls: both have as many steps. */
type Waits = () => () => readonly Wait[];

/** What comes of who waits for whom, within as many steps as both may take. */
function inSteps<T>(waits: Waits, work: (all: readonly Wait[]) => T): Bounded<T> {
  const asked = bounded(orderSteps, waits);
  return asked.kind === 'TooLarge' ? asked : bounded(orderSteps, () => work(asked.value()));
}

/** Whoever calls a workload through its sidecar is refused once that one has none, and so comes before it. */
function callersFirst({ workloads, namespace }: Surroundings, guarded: ReturnType<typeof guardedServices>): Wait[] {
  const keysOf = keysAmong(workloads);
  const calling = callingAmong(workloads, namespace.name);
  const select = selecting(
    workloads.map(({ templateLabels }) => templateLabels),
    spend,
  );
  return guarded.flatMap(({ service, callers }) =>
    certainOf(callers).map((each) => ({
      first: keysOf(calling(each.callers)),
      later: keysOf(select(service.selector)),
      why: `Service ${service.name}, by ${each.from}`,
    })),
  );
}

/**
 * The order that was stored when the namespace was started: metrics may be away now, or show the move itself. What has
 * appeared since comes right before the first that waits for it, as far as that can be told, else last.
 */
function stored(
  workloads: readonly WorkloadView[],
  planned: readonly PlannedRestart[],
  waits: Waits,
): readonly WorkloadView[] {
  const places = new Map(planned.map((each, index) => [keyOf(each), index]));
  const { known = [], fresh = [] } = Object.groupBy(workloads, (workload) =>
    places.has(keyOf(workload)) ? 'known' : 'fresh',
  );
  const order = known.toSorted((a, b) => (places.get(keyOf(a)) ?? 0) - (places.get(keyOf(b)) ?? 0));
  if (fresh.length === 0) return order;
  const told = inSteps(waits, (all) => placed(order, fresh, all));
  return told.kind === 'Done' ? told.value : [...order, ...fresh];
}

/** With those that have appeared, each in its place. */
function placed(
  order: readonly WorkloadView[],
  fresh: readonly WorkloadView[],
  waits: readonly Wait[],
): readonly WorkloadView[] {
  const all = [...order];
  const { leads } = grouped(waits);
  const leading = byKey(leads.map((lead, place) => ({ ...lead, place })));
  const waitingFor = new Map<string, Keys>();
  for (const workload of fresh) {
    const own = leading.get(keyOf(workload)) ?? [];
    const name = own.map(({ place }) => place).join(' ');
    const later = waitingFor.get(name) ?? new Set(own.flatMap((lead) => [...lead.followers].flatMap(keysIn)));
    waitingFor.set(name, later);
    spend(all.length / 8);
    const at = later.size === 0 ? -1 : all.findIndex((other) => later.has(keyOf(other)));
    all.splice(at < 0 ? all.length : at, 0, workload);
  }
  return all;
}

function keysIn({ keys }: { readonly keys: Keys }): readonly string[] {
  spend(keys.size / 4);
  return [...keys];
}

/** What an order is made of. */
interface Asked {
  readonly surroundings: Surroundings;
  /** Those of which one may wait for another. */
  readonly workloads: readonly WorkloadView[];
  readonly waits: Waits;
  readonly say: Say;
}

const none: ReadonlyMap<string, string> = new Map();

/** The order that was stored, or else one in which each comes after those that it waits for. */
export function orderOf({ surroundings, workloads, waits, say }: Asked): Order {
  if (surroundings.order !== undefined)
    return { workloads: stored(surroundings.workloads, surroundings.order, waits), reasons: () => none, circle: [] };
  const told = inSteps(waits, (all) => ({ all, ...inOrder(workloads, all) }));
  if (told.kind === 'TooLarge') return { workloads, reasons: () => none, circle: [], untold: true };
  const { all, ...order } = told.value;
  return { ...order, reasons: () => reasonsOf(all, say) };
}

/** The workloads in the order of their restart: callers before the Services that refuse callers with sidecars. */
export const restartOrder: (surroundings: Surroundings) => Order = memoize((surroundings: Surroundings) =>
  orderOf({
    surroundings,
    workloads: surroundings.workloads,
    waits: () => {
      const guarded = guardedServices(surroundings);
      return () => callersFirst(surroundings, guarded);
    },
    say: (before, more) =>
      `after ${before.map(([caller, why]) => `${caller}, which calls it (${why.join('; ')})`).join(', and ')}${more ? ', and others' : ''}`,
  }),
);

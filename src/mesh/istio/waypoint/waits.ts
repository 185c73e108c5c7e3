import { append } from '../../../base/collected.ts';
import { memoize } from '../../../base/memoize.ts';
import type { WorkloadView } from '../../views.ts';
import { spend } from '../../../base/effort.ts';
import { anyOf, type Caller } from './callers.ts';
import { nameInMetrics } from './observed.ts';

/*
 * Which workloads wait for which. Where everybody may call everybody there would be a pair for every two of them, and as many again for each Service: so
 * there are groups, and those that are the same are one, whatever many Services say so.
 */

/** Workloads by their names, as `keyOf` makes them. */
export type Keys = ReadonlySet<string>;

/** Workloads of which each of `later` has to be restarted after each of `first` but itself, and why. */
export interface Wait {
  readonly first: Keys;
  readonly later: Keys;
  readonly why: string;
}

/** `Deployment web`. */
export function keyOf({ kind, name }: Pick<WorkloadView, 'kind' | 'name'>): string {
  return `${kind} ${name}`;
}

/** Sets of some workloads by their places, in order: what is the same is one set. */
export function keysAmong(workloads: readonly WorkloadView[]): (places: readonly number[]) => Keys {
  const keys = workloads.map(keyOf);
  const known = new Map<string, Keys>();
  return memoize((places: readonly number[]) => {
    spend(1 + places.length / 8);
    const name = places.length === keys.length ? '*' : places.join(' ');
    const before = known.get(name);
    if (before !== undefined) return before;
    spend(places.length);
    const made: Keys = new Set(places.flatMap((place) => keys[place] ?? []));
    known.set(name, made);
    return made;
  });
}

/** Places of those workloads of a namespace that are among some callers: looked up by ServiceAccount. */
export function callingAmong(
  workloads: readonly WorkloadView[],
  namespace: string,
): (callers: readonly Caller[]) => readonly number[] {
  const all = workloads.map((_each, place) => place);
  const byAccount = Map.groupBy(all, (place) => workloads[place]?.serviceAccount);
  return memoize((callers: readonly Caller[]) => {
    const accounts = new Set(
      callers.filter((caller) => caller.namespace === namespace).map(({ serviceAccount }) => serviceAccount),
    );
    const some = accounts.has(undefined)
      ? all
      : [...accounts].flatMap((account) => byAccount.get(account) ?? []).sort((a, b) => a - b);
    spend(1 + some.length / 4);
    const isCaller = anyOf(callers);
    return some.filter((place) => {
      const workload = workloads[place];
      if (workload === undefined) return false;
      const { name, serviceAccount, templateLabels } = workload;
      return isCaller({ namespace, serviceAccount, workload: nameInMetrics(templateLabels, name) });
    });
  });
}

/** Workloads that some others wait for. */
export interface Lead {
  readonly keys: Keys;
  readonly followers: Set<Follower>;
}

/** Workloads that wait, with all that they wait for; `at` is the place of a wait among all. */
export interface Follower {
  readonly keys: Keys;
  readonly waits: (Wait & { readonly at: number })[];
  leads: number;
}

/** The same waits, as groups that wait for groups. */
export interface Groups {
  readonly leads: readonly Lead[];
  readonly followers: readonly Follower[];
}

/** Puts together what waits for the same, and what the same wait for. */
export function grouped(waits: readonly Wait[]): Groups {
  const leads = new Map<Keys, Lead>();
  const followers = new Map<Keys, Follower>();
  for (const [at, wait] of waits.entries()) {
    const lead = leads.get(wait.first) ?? { keys: wait.first, followers: new Set() };
    const follower = followers.get(wait.later) ?? { keys: wait.later, waits: [], leads: 0 };
    leads.set(wait.first, lead);
    followers.set(wait.later, follower);
    follower.waits.push({ ...wait, at });
    if (lead.followers.has(follower)) continue;
    lead.followers.add(follower);
    follower.leads += 1;
  }
  return { leads: [...leads.values()], followers: [...followers.values()] };
}

/** Groups by the workloads that are in them. */
export function byKey<T extends { readonly keys: Keys }>(groups: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const found = new Map<string, T[]>();
  for (const group of groups) {
    for (const key of group.keys) append(found, key, group);
  }
  return found;
}

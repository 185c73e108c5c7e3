import { memoize } from '../../base/memoize.ts';
import { digestOf, sha256 } from '../../base/sha256.ts';
import type { Surroundings } from '../adapter.ts';
import type { UnseenBefore } from '../others.ts';
import { stoodBefore } from '../made-since.ts';
import { asPod, type ConfigView } from '../views.ts';
import { nameOf } from './findings/rule.ts';
import { markOfSaying } from './mark.ts';
import { lostGoingBack, type LostBack } from './nameless-back.ts';
import { leftAlone } from './outbound-ports.ts';
import { sidecarsOf } from './told-services.ts';
import { callersInAmbient, openingAt, unseenBy, unseenOfOld } from './unseen-callers.ts';
import { goesPast } from './waypoint/callers.ts';
import { onlyRestarts } from './waypoint/choose.ts';
import { isExit } from './waypoint/exit/route.ts';
import { willBeProtected } from './waypoint/other-pods.ts';

/*
 * On the way back to sidecars: who was in ambient before the start and stays there was never seen by the sidecars to which a namespace goes back, if they took HBONE: by going back
 * nothing opens that was not open before. Afterwards nobody can tell who was, so it is remembered at the start. Back to
 * ambient it is the same with the called whose sidecars were there before.
 */

/** A caller that loses something. */
interface Losing {
  readonly key: string;
  readonly createdAt: number | undefined;
}

/** A policy as it is now: what somebody adds to it later was never open. */
function asItIs({ namespace, name, spec }: ConfigView): string {
  return `${namespace}/${name} ${digestOf(spec).slice(0, 16)}`;
}

/** Somebody at the other end of calls, and a policy that they get past; with the reason where that may be another one later. */
type Pair = Pick<LostBack, 'namespace' | 'policy' | 'how'>;

/** As which the other end is remembered. */
function endOf({ namespace, how }: Pick<Pair, 'namespace' | 'how'>): string {
  return how === undefined ? namespace : `${namespace} ${sha256(how).slice(0, 16)}`;
}

/** Out of ambient it is the called that have sidecars before the start already. */
function unseenOnExit(surroundings: Surroundings): readonly Pair[] {
  return unseenBy(surroundings).filter(
    ({ namespace, effect }) => effect === 'Opens' && namespace !== surroundings.namespace.name,
  );
}

function unseenOnEntry(surroundings: Surroundings): readonly Pair[] {
  const seen = new Set(unseenOfOld(surroundings).map(({ policy }) => policy));
  const policies = openingAt(surroundings).filter((policy) => !seen.has(policy));
  const namespaces = policies.length === 0 ? [] : [...callersInAmbient(surroundings).keys()];
  return namespaces.flatMap((namespace) => policies.map((policy) => ({ namespace, policy })));
}

function unseenNow(surroundings: Surroundings): UnseenBefore | undefined {
  const leaves = isExit(surroundings.route);
  if (!leaves && (!goesPast(surroundings) || onlyRestarts(surroundings))) return undefined;
  const opens = [
    ...(leaves ? unseenOnExit(surroundings) : unseenOnEntry(surroundings)),
    ...lostGoingBack(surroundings).filter(({ effect }) => effect === 'Opens'),
  ];
  if (opens.length === 0) return undefined;
  const isLost = opens.some((each: Pair) => each.how !== undefined);
  return {
    namespaces: [...new Set([...opens.map(endOf), ...(isLost ? losing(surroundings).map(({ key }) => key) : [])])],
    policies: [...new Set(opens.map(({ policy }) => policy))].map(asItIs),
  };
}

/** As much as is remembered of it, beside all else that is. */
const maxLength = 8192;

function isTooMuch(unseen: UnseenBefore): boolean {
  return JSON.stringify(unseen).length > maxLength;
}

/**
 * What is to be remembered at the start; undefined if nothing is, or it is too much: then all of them count on the way
 * back.
 */
export function unseenBefore(surroundings: Surroundings): UnseenBefore | undefined {
  const now = unseenNow(surroundings);
  return now === undefined || isTooMuch(now) ? undefined : now;
}

/** Before the start: what is too much to be remembered, so that a rollback would wait for all of these. */
export function tooManyUnseen(surroundings: Surroundings): UnseenBefore | undefined {
  const now = surroundings.itinerary === undefined ? unseenNow(surroundings) : undefined;
  return now !== undefined && isTooMuch(now) ? now : undefined;
}

/** Who of the namespace loses something of his calls by his sidecar, known by name and by what he loses. */
const losing = memoize((surroundings: Surroundings): readonly Losing[] => {
  const { workloads, otherTemplates, namespace, mesh } = surroundings;
  return [...workloads, ...otherTemplates].filter(willBeProtected).flatMap((template): readonly Losing[] => {
    const { labels, annotations } = asPod(template);
    const left = leftAlone({ annotations }, mesh);
    const under = sidecarsOf([labels], namespace.name, mesh).flatMap((each) =>
      each === undefined ? [] : nameOf(each),
    );
    if (left.length === 0 && under.length === 0) return [];
    const who = 'replicas' in template ? nameOf(template) : markOfSaying(template);
    return [
      { key: `caller ${sha256(JSON.stringify([who, left, under])).slice(0, 16)}`, createdAt: template.createdAt },
    ];
  });
});

/**
 * Whether the same callers lost the same at the start. Where an older operator has remembered nothing, the ages tell.
 */
function lostAlready({ policy }: Pair, surroundings: Surroundings, before: UnseenBefore | undefined): boolean {
  if (surroundings.heldBefore === undefined)
    return [policy, ...losing(surroundings)].every(({ createdAt }) => stoodBefore(createdAt, surroundings));
  return losing(surroundings).every(({ key }) => before?.namespaces.includes(key) === true);
}

/** Whether calls from a namespace, or out of ambient to one, got past a policy before the start of this one already. */
export function wasUnseen(pair: Pair, surroundings: Surroundings): boolean {
  const { scope, namespace } = surroundings;
  const before = scope?.unseenBefore(namespace.name);
  if (pair.how !== undefined && !lostAlready(pair, surroundings, before)) return false;
  if (pair.how !== undefined && surroundings.heldBefore === undefined) return true;
  return before?.namespaces.includes(endOf(pair)) === true && before.policies.includes(asItIs(pair.policy));
}

import { digestOf, sha256 } from '../../../../base/sha256.ts';
import type { Surroundings } from '../../../adapter.ts';
import type { UnseenBefore } from '../../../others.ts';
import { stoodBefore } from '../../../made-since.ts';
import type { ConfigView } from '../../../views.ts';
import { anybody, type Family } from './family.ts';
import { lostGoingBack, type LostBack } from './nameless-back.ts';
import { callersInAmbient, unseenBeforeStart, unseenBy, unseenOfOld } from './unseen-callers.ts';
import { goesPast } from '../callers.ts';
import { onlyRestarts } from '../choose.ts';
import { isExit } from '../exit/route.ts';

/*
 * On the way back to sidecars: who was in ambient before the start and stays there was never seen by the sidecars to which a namespace goes back, if they took HBONE: by going back
 * nothing opens that was not open before. Afterwards nobody can tell who was, so it is remembered at the start. Back to
 * ambient it is the same with the called whose sidecars were there before.
 */

/** A policy as it is now: what somebody adds to it later was never open. */
function asItIs({ namespace, name, spec }: ConfigView): string {
  return `${namespace}/${name} ${digestOf(spec).slice(0, 16)}`;
}

/**
 * Somebody at the other end of calls, a policy that they get past and who is called; with the reason where that may be
 * another one later.
 */
type Pair = Pick<LostBack, 'namespace' | 'policy' | 'families' | 'how' | 'caller'>;

/** By which it is remembered that a policy did not protect somebody. */
function markOfCalled({ namespace, name }: ConfigView, family: Family): string {
  return sha256(JSON.stringify([namespace, name, family.name])).slice(0, markLength);
}

/** Of so many called nobody has gained by two of one mark: the policy would have to be a stranger's, and so would they. */
const markLength = 10;

/** As which the other end is remembered. */
function endOf({ namespace, how, caller }: Pair): string {
  return how === undefined ? namespace : `${namespace} ${sha256(JSON.stringify([how, caller?.who])).slice(0, 16)}`;
}

/** Where an older operator has not remembered why calls were lost, the ages of policy and caller tell. */
function stoodAlready({ policy, caller }: Pair, surroundings: Surroundings): boolean {
  const ages = [policy.createdAt, ...(caller === undefined ? [] : [caller.createdAt])];
  return ages.every((createdAt) => stoodBefore(createdAt, surroundings));
}

/** Out of ambient it is the called that have sidecars before the start already. */
function unseenOnExit(surroundings: Surroundings): readonly Pair[] {
  return unseenBy(surroundings).filter(
    ({ namespace, effect }) => effect === 'Opens' && namespace !== surroundings.namespace.name,
  );
}

function unseenOnEntry(surroundings: Surroundings): readonly Pair[] {
  const seen = new Set(unseenOfOld(surroundings).map(({ policy }) => policy));
  const opens = unseenBeforeStart(surroundings).filter(({ policy, effect }) => effect === 'Opens' && !seen.has(policy));
  const namespaces = opens.length === 0 ? [] : [...callersInAmbient(surroundings).keys()];
  return namespaces.flatMap((namespace) => opens.map(({ policy, families }) => ({ namespace, policy, families })));
}

/** So many of them are remembered; of more the age tells who was there. */
const mostCalled = 500;

/** Marks of all that are called past these policies; undefined if these are too many. */
function calledOf(pairs: readonly Pair[]): readonly string[] | undefined {
  const places = [...Map.groupBy(pairs, ({ policy }) => policy)].flatMap(([policy, of]) =>
    [...new Set(of.map(({ families }) => families))].map((families) => ({ policy, families })),
  );
  const count = places.reduce((sum, { families }) => sum + families.length, 0);
  if (count > mostCalled) return undefined;
  return [...new Set(places.flatMap(({ policy, families }) => families.map((family) => markOfCalled(policy, family))))];
}

function unseenNow(surroundings: Surroundings): UnseenBefore | undefined {
  const leaves = isExit(surroundings.route);
  if (!leaves && (!goesPast(surroundings) || onlyRestarts(surroundings))) return undefined;
  const opens = [
    ...(leaves ? unseenOnExit(surroundings) : unseenOnEntry(surroundings)),
    ...lostGoingBack(surroundings).filter(({ effect }) => effect === 'Opens'),
  ];
  if (opens.length === 0) return undefined;
  const unseen = {
    namespaces: [...new Set(opens.map(endOf))],
    policies: [...new Set(opens.map(({ policy }) => policy))].map(asItIs),
  };
  const called = calledOf(opens);
  const all = { ...unseen, ...(called && { called }) };
  return isTooMuch(all) ? unseen : all;
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

/** Whether a policy of before did not protect somebody then; what protects him since does so for the first time. */
function wasCalled(family: Family, { policy }: Pair, { called }: UnseenBefore, surroundings: Surroundings): boolean {
  const byAge = called === undefined || called.includes(markOfCalled(policy, anybody));
  if (byAge) return family === anybody || stoodBefore(family.createdAt, surroundings);
  return called.includes(markOfCalled(policy, family));
}

/** Whether calls from a namespace, or out of ambient to one, got past a policy before the start of this one already. */
export function wasUnseen(pair: Pair, surroundings: Surroundings): boolean {
  const { scope, namespace } = surroundings;
  const before = scope?.unseenBefore(namespace.name);
  if (pair.how !== undefined && surroundings.heldBefore === undefined) return stoodAlready(pair, surroundings);
  if (before?.namespaces.includes(endOf(pair)) !== true) return false;
  if (!before.policies.includes(asItIs(pair.policy))) return false;
  return pair.families.every((family) => wasCalled(family, pair, before, surroundings));
}

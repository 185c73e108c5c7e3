import { findBox } from './boxes-search.ts';
import type { ServicePort } from './classes-port.ts';
import { memoize } from '../base/memoize.ts';
import { matches } from './matches.ts';
import type { Condition, Reading, Request } from './semantics.ts';
import { dimensions } from './space-dimensions.ts';
import { lowering, replaced } from './space-lowering.ts';
import { atoms } from './space-questions.ts';
import { concreteRequest } from './space-request.ts';

/*
 * Sets of requests, exactly. A set is written down as an expression of conditions; whether it is empty is decided over the classes that the
 * values of all its conditions make, and what it has is shown as a concrete request.
 */

/** A set of requests. */
export type RequestSet =
  | { readonly kind: 'Matching'; readonly condition: Condition }
  | { readonly kind: 'Union' | 'Intersection'; readonly sets: readonly RequestSet[] }
  | { readonly kind: 'Complement'; readonly set: RequestSet }
  /** Requests to a port of a Service, or to a pod directly. */
  | { readonly kind: 'Addressed'; readonly to: 'Service' | 'Pod' }
  /**
   * The requests that are in the set when these facts of theirs are replaced: what is decided where a proxy has come in
   * between.
   */
  | { readonly kind: 'SeenAs'; readonly facts: SeenFacts; readonly set: RequestSet };

/** Facts that a proxy in between replaces by its own. `identity: undefined` is plaintext. */
export interface SeenFacts {
  readonly identity?: string | undefined;
  readonly sourceIp?: string;
  readonly remoteIp?: string;
}

/** What requests can occur. */
export interface Space {
  /** The ports of the Services and where they lead. Without, any port of a Service may lead to any port of a pod. */
  readonly servicePorts?: readonly ServicePort[];
  /** Bound on the work of one comparison, in parts of formulas; RequestSpaceTooLarge beyond. */
  readonly work?: number;
}

const usualWork = 20_000_000;

/** Every request. */
export const everything: RequestSet = { kind: 'Intersection', sets: [] };

/** No request. */
export const nothing: RequestSet = { kind: 'Union', sets: [] };

/** The requests that match the condition. */
export function matching(condition: Condition): RequestSet {
  return { kind: 'Matching', condition };
}

/** The requests in some of the sets. */
export function union(...sets: readonly RequestSet[]): RequestSet {
  return { kind: 'Union', sets };
}

/** The same of as many sets as somebody has written rules for. */
export function unionOf(sets: readonly RequestSet[]): RequestSet {
  return { kind: 'Union', sets };
}

/** The requests in all of the sets. */
export function intersect(...sets: readonly RequestSet[]): RequestSet {
  return { kind: 'Intersection', sets };
}

/** The same of as many sets as there are. */
export function intersectionOf(sets: readonly RequestSet[]): RequestSet {
  return { kind: 'Intersection', sets };
}

/** The requests that are not in the set. */
export function complement(set: RequestSet): RequestSet {
  return { kind: 'Complement', set };
}

/** The requests in `a` that are not in `b`. */
export function subtract(a: RequestSet, b: RequestSet): RequestSet {
  return intersect(a, complement(b));
}

/** The requests that are in the set once these facts have been replaced. */
export function seenAs(facts: SeenFacts, set: RequestSet): RequestSet {
  return { kind: 'SeenAs', facts, set };
}

/**
 * The requests that one data plane with these readings lets through, provided that no external authorizer refuses:
 * `verdict`, as a set.
 */
export function allowed(readings: readonly Reading[]): RequestSet {
  const allows = readings.some(({ action }) => action === 'ALLOW') ? matchingAction(readings, 'ALLOW') : everything;
  return subtract(allows, matchingAction(readings, 'DENY'));
}

/** The requests that an external authorizer is asked about. */
export function asked(readings: readonly Reading[]): RequestSet {
  return matchingAction(readings, 'CUSTOM');
}

/** The requests that match some rule: the same set each time, because every step and caller is asked about each policy. */
const matchingSome = memoize((rules: Reading['rules']): RequestSet => ({ kind: 'Union', sets: rules.map(matching) }));

function matchingAction(readings: readonly Reading[], action: Reading['action']): RequestSet {
  const sets = readings.filter((reading) => reading.action === action).map(({ rules }) => matchingSome(rules));
  return { kind: 'Union', sets };
}

/** Whether the request is in the set. */
export function has(set: RequestSet, request: Request): boolean {
  switch (set.kind) {
    case 'Matching':
      return matches(set.condition, request);
    case 'Union':
      return set.sets.some((member) => has(member, request));
    case 'Intersection':
      return set.sets.every((member) => has(member, request));
    case 'Complement':
      return !has(set.set, request);
    case 'Addressed':
      return (set.to === 'Service') === (request.servicePort !== undefined);
    case 'SeenAs':
      return has(set.set, replaced(request, set.facts));
  }
}

/** A concrete request that `a` matches and `b` does not; undefined if there is none. */
export function difference(a: Condition, b: Condition, space: Space = {}): Request | undefined {
  return example(subtract(matching(a), matching(b)), space);
}

/** A request of the set; undefined if it is empty. Throws RequestSpaceTooLarge rather than guess. */
export function example(set: RequestSet, space: Space = {}): Request | undefined {
  return asker([set], space)(set);
}

/** Answers what `example` does. */
export type Asker = (set: RequestSet) => Request | undefined;

/** For many questions about sets that are made of these: what can be told apart at all is worked out once. */
export function asker(sets: readonly RequestSet[], space: Space = {}): Asker {
  const lower = lowering();
  const { list, boxes, formula } = dimensions(
    atoms(sets.map((set) => lower(set))),
    space.servicePorts,
    space.work ?? usualWork,
  );
  return (set) => {
    const found = findBox(boxes, formula(lower(set)));
    return found && concreteRequest(list, found);
  };
}

import { record, records, type Json } from './json.ts';
import { thousandths } from './quantity.ts';

/** Thousandths by resource: `cpu`, `memory`. */
export type Amounts = Readonly<Record<string, number>>;

/** What a pod asks for at least: what a LimitRange or an injector adds is not in its template. */
export interface PodAsks {
  readonly requests: Amounts;
  readonly limits: Amounts;
}

type Part = keyof PodAsks;

function amounts(value: unknown): Amounts {
  return Object.fromEntries(
    Object.entries(record(value)).map(([resource, amount]) => [resource, thousandths(amount) ?? 0]),
  );
}

/** What is limited and says no request requests as much (SetDefaults_Pod in pkg/apis/core/v1/defaults.go). */
function said(resources: unknown, part: Part): Amounts {
  const { requests, limits } = record(resources);
  return part === 'limits' ? amounts(limits) : { ...amounts(limits), ...amounts(requests) };
}

/**
 * Puts each of some amounts together with the one of the same resource that is there. In place, because a template has
 * as many containers and resources as it likes.
 */
function merge(
  how: (a: number, b: number) => number,
  into: Map<string, number>,
  more: Iterable<readonly [string, number]>,
): void {
  for (const [resource, amount] of more) into.set(resource, how(into.get(resource) ?? 0, amount));
}

function add(a: number, b: number): number {
  return a + b;
}

/**
 * All containers at once, or the init container that needs most beside the sidecars before it, whichever is more;
 * unless the pod says it as a whole (AggregateContainerRequests in component-helpers resource/helpers.go).
 */
function ofPod(spec: Json, part: Part): Amounts {
  const running = new Map<string, number>();
  const peak = new Map<string, number>();
  for (const container of records(spec['initContainers'])) {
    const own = Object.entries(said(container['resources'], part));
    // Of what it does not ask for itself the sidecars before it ask as much as they did before.
    merge(
      Math.max,
      peak,
      own.map(([resource, amount]) => [resource, add(running.get(resource) ?? 0, amount)] as const),
    );
    if (container['restartPolicy'] === 'Always') merge(add, running, own);
  }
  for (const { resources } of records(spec['containers'])) merge(add, running, Object.entries(said(resources, part)));
  merge(Math.max, running, peak);
  return { ...Object.fromEntries(running), ...said(spec['resources'], part) };
}

/** What a pod of this spec asks for. */
export function podAsks(spec: Json): PodAsks {
  return { requests: ofPod(spec, 'requests'), limits: ofPod(spec, 'limits') };
}

/** The same of resources as a container states them. */
export function asksOf(resources: unknown): PodAsks {
  return { requests: said(resources, 'requests'), limits: said(resources, 'limits') };
}

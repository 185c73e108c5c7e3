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
  return Object.fromEntries(Object.entries(record(value)).map(([resource, amount]) => [resource, thousandths(amount) ?? 0]));
}

/** What is limited and says no request requests as much (SetDefaults_Pod in pkg/apis/core/v1/defaults.go). */
function said(resources: unknown, part: Part): Amounts {
  const { requests, limits } = record(resources);
  return part === 'limits' ? amounts(limits) : { ...amounts(limits), ...amounts(requests) };
}

function combine(how: (a: number, b: number) => number, a: Amounts, b: Amounts): Amounts {
  return Object.fromEntries([...new Set([...Object.keys(a), ...Object.keys(b)])].map((key) => [key, how(a[key] ?? 0, b[key] ?? 0)]));
}

function sum(a: Amounts, b: Amounts): Amounts {
  return combine((x, y) => x + y, a, b);
}

/**
 * All containers at once, or the init container that needs most beside the sidecars before it, whichever is more; unless the
 * pod says it as a whole (AggregateContainerRequests in component-helpers resource/helpers.go).
 */
function ofPod(spec: Json, part: Part): Amounts {
  let sidecars: Amounts = {};
  let peak: Amounts = {};
  for (const container of records(spec['initContainers'])) {
    const own = sum(sidecars, said(container['resources'], part));
    peak = combine(Math.max, peak, own);
    if (container['restartPolicy'] === 'Always') sidecars = own;
  }
  const running = records(spec['containers']).map(({ resources }) => said(resources, part)).reduce(sum, sidecars);
  return { ...combine(Math.max, running, peak), ...said(spec['resources'], part) };
}

/** What a pod of this spec asks for. */
export function podAsks(spec: Json): PodAsks {
  return { requests: ofPod(spec, 'requests'), limits: ofPod(spec, 'limits') };
}

/** The same of resources as a container states them. */
export function asksOf(resources: unknown): PodAsks {
  return { requests: said(resources, 'requests'), limits: said(resources, 'limits') };
}

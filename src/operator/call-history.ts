import type { ObservedCaller, ObservedWorkload, Sighting } from '../mesh/telemetry.ts';

/** How far back a call counts: in milliseconds, and as it was written. */
export interface Window {
  readonly ms: number;
  readonly text: string;
}

/** A piece of time (milliseconds since the epoch) to be asked about. */
export interface Slice {
  readonly from: number;
  readonly to: number;
}

/** How much time one query reads: all of a window at once would have Prometheus read every sample of a week. */
export const sliceMs = 6 * 3_600_000;

/** Samples may arrive late (remote write, slow scrapes), so what was asked about last is asked about again. */
export const overlapMs = 10 * 60_000;

/** More are no answer but a sign that labels are not what they should be. */
const maxSightings = 100_000;

/** Occurs when the metrics tell of more than could be kept. */
export class TooManySightingsError extends Error {
  override readonly name = 'TooManySightingsError';
}

interface Remembered {
  readonly sighting: Sighting;
  readonly at: number;
}

/** Slices that touch are one; after a long pause only the new one counts. */
function union(covered: Slice | undefined, slice: Slice): Slice {
  if (covered === undefined || slice.to < covered.from || slice.from > covered.to) return slice;
  return { from: Math.min(covered.from, slice.from), to: Math.max(covered.to, slice.to) };
}

function keyOf(sighting: Sighting): string {
  return JSON.stringify(sighting);
}

/**
 * What was seen in the last `windowMs`, asked piece by piece: first the present, then backwards until the whole window is
 * covered, and after that only what is new. It knows which piece is next and when it has enough.
 */
export class CallHistory {
  readonly #windowMs: number;
  readonly #seen = new Map<string, Remembered>();
  readonly #namespaces = new Map<string, ReadonlyMap<string, ObservedWorkload>>();
  #covered: Slice | undefined;
  #reachesBack = false;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** The end of what is known. */
  get until(): number {
    return this.#covered?.to ?? -Infinity;
  }

  /** Whether the whole window was asked about, and its oldest piece had something: a server that keeps less knows of no one from then. */
  covers(now: number): boolean {
    return this.#reachesBack && this.#isAsked(now);
  }

  /** Whether the whole window was asked about and its oldest piece is empty. */
  isTooShort(now: number): boolean {
    return !this.#reachesBack && this.#isAsked(now);
  }

  #isAsked(now: number): boolean {
    return this.#covered !== undefined && this.#covered.from <= now - this.#windowMs;
  }

  /** What to ask about next: news older than `freshMs`, else a piece of the past, else nothing. */
  next(now: number, freshMs: number): Slice | undefined {
    const covered = this.#covered;
    if (covered === undefined || covered.to <= now - this.#windowMs) return { from: now - Math.min(sliceMs, this.#windowMs), to: now };
    if (now - covered.to >= freshMs) return { from: covered.to - overlapMs, to: Math.min(now, covered.to + sliceMs) };
    if (covered.from > now - this.#windowMs) return { from: Math.max(covered.from - sliceMs, now - this.#windowMs), to: covered.from };
    return undefined;
  }

  /** The oldest piece of the window, which proves that the server reaches back so far. */
  oldest(now: number): Slice {
    return { from: now - this.#windowMs, to: now - this.#windowMs + Math.min(sliceMs, this.#windowMs) };
  }

  /** Takes in what was seen in a slice; returns the namespaces of which more or less is known now. Throws {@link TooManySightingsError}. */
  add(sightings: readonly Sighting[], slice: Slice, now: number): ReadonlySet<string> {
    const changed = new Set([...this.#remember(sightings, slice.to), ...this.#forget(now)]);
    if (this.#seen.size > maxSightings) throw new TooManySightingsError(`its metrics tell of more than ${maxSightings} callers and called workloads`);
    if (slice.from <= now - this.#windowMs && sightings.length > 0) this.#reachesBack = true;
    this.#covered = union(this.#covered, slice);
    this.#index(changed);
    return changed;
  }

  /** What is known of the workloads of a namespace. */
  of(namespace: string): ReadonlyMap<string, ObservedWorkload> {
    return this.#namespaces.get(namespace) ?? new Map<string, ObservedWorkload>();
  }

  #remember(sightings: readonly Sighting[], at: number): ReadonlySet<string> {
    const namespaces = new Set<string>();
    for (const sighting of sightings) {
      const key = keyOf(sighting);
      const before = this.#seen.get(key);
      if (before === undefined) namespaces.add(sighting.namespace);
      this.#seen.set(key, { sighting, at: Math.max(at, before?.at ?? -Infinity) });
    }
    return namespaces;
  }

  #forget(now: number): ReadonlySet<string> {
    const namespaces = new Set<string>();
    for (const [key, { sighting, at }] of this.#seen) {
      if (at >= now - this.#windowMs) continue;
      this.#seen.delete(key);
      namespaces.add(sighting.namespace);
    }
    return namespaces;
  }

  #index(changed: ReadonlySet<string>): void {
    const byNamespace = Map.groupBy([...this.#seen.values()].filter(({ sighting }) => changed.has(sighting.namespace)), ({ sighting }) => sighting.namespace);
    for (const namespace of changed) {
      const workloads = Map.groupBy((byNamespace.get(namespace) ?? []).map(({ sighting }) => sighting), ({ workload }) => workload);
      this.#namespaces.set(namespace, new Map([...workloads].map(([workload, sightings]) => [workload, asWorkload(sightings)])));
    }
  }
}

function asWorkload(sightings: readonly Sighting[]): ObservedWorkload {
  const callers: ObservedCaller[] = [];
  const withoutIdentity: string[] = [];
  const reports = new Set<'Inbound' | 'Outbound'>();
  for (const sighting of sightings) {
    switch (sighting.kind) {
      case 'Call': callers.push(sighting.caller); break;
      case 'CallWithoutIdentity': withoutIdentity.push(sighting.from ?? ''); break;
      case 'Reports': reports.add(sighting.side); break;
    }
  }
  return { callers, withoutIdentity, reports };
}

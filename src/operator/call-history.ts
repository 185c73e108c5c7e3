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

/**
 * What the proxies of one namespace may tell: more is no answer, but a sign that labels are not what they should be.
 */
export const maxOfOne = 10_000;

/** What all may tell together, which is what fits into memory: beyond it those who told most are left out first. */
const maxOfAll = 100_000;

/** A part of what was seen in a slice. */
export interface Part {
  readonly sightings: readonly Sighting[];
  /** Namespaces that told more than one answer may hold. */
  readonly tooMuch?: readonly string[];
}

interface Remembered {
  readonly sighting: Sighting;
  readonly at: number;
}

/** One for all, so that what was worked out from it is known again. */
const nothing: ReadonlyMap<string, ObservedWorkload> = new Map();

/** Slices that touch are one; after a long pause only the new one counts. */
function union(covered: Slice | undefined, slice: Slice): Slice {
  if (covered === undefined || slice.to < covered.from || slice.from > covered.to) return slice;
  return { from: Math.min(covered.from, slice.from), to: Math.max(covered.to, slice.to) };
}

function keyOf(sighting: Sighting): string {
  return JSON.stringify(sighting);
}

/**
 * What was seen in the last `windowMs`, asked piece by piece: first the present, then backwards until the whole window
 * is covered, and after that only what is new. It knows which piece is next and when it has enough.
 */
export class CallHistory {
  readonly #windowMs: number;
  /** By who told: nobody's share is used up by somebody else. */
  readonly #told = new Map<string, Map<string, Remembered>>();
  /** Who told too much, and until when. */
  readonly #gaveUp = new Map<string, number>();
  /** Of which something else is known since the index was made. */
  #changed = new Set<string>();
  #strangers: readonly string[] = [];
  /** The last time until which anything was seen at all. */
  #heard = -Infinity;
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

  /**
   * Whether the whole window was asked about, and its oldest piece had something: a server that keeps less knows of no
   * one from then.
   */
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
    if (covered === undefined || covered.to <= now - this.#windowMs)
      return { from: now - Math.min(sliceMs, this.#windowMs), to: now };
    if (now - covered.to >= freshMs) return { from: covered.to - overlapMs, to: Math.min(now, covered.to + sliceMs) };
    if (covered.from > now - this.#windowMs)
      return { from: Math.max(covered.from - sliceMs, now - this.#windowMs), to: covered.from };
    return undefined;
  }

  /** The oldest piece of the window, which proves that the server reaches back so far. */
  oldest(now: number): Slice {
    return { from: now - this.#windowMs, to: now - this.#windowMs + Math.min(sliceMs, this.#windowMs) };
  }

  /** Takes in all that was seen in a slice; see {@link CallHistory.cover}. */
  add(sightings: readonly Sighting[], slice: Slice, now: number): ReadonlySet<string> {
    this.take({ sightings }, slice.to);
    return this.cover(slice, now);
  }

  /** Takes in a part of what was seen until a time: it is true whether the other parts come or not. */
  take({ sightings, tooMuch = [] }: Part, at: number): void {
    if (sightings.length + tooMuch.length > 0) this.#heard = at;
    for (const sighting of sightings) this.#remember(sighting, at);
    for (const namespace of tooMuch) this.#giveUp(namespace, at);
    const largest = [...this.#told].sort(([, a], [, b]) => a.size - b.size);
    for (let all = largest.reduce((sum, [, { size }]) => sum + size, 0); all > maxOfAll;) {
      const [namespace, { size }] = largest.pop() ?? ['', { size: all }];
      this.#giveUp(namespace, at);
      all -= size;
    }
  }

  /** All parts of a slice were taken in; returns the namespaces of which more or less is known now. */
  cover(slice: Slice, now: number): ReadonlySet<string> {
    this.#forget(now);
    if (slice.from <= now - this.#windowMs && this.#heard === slice.to) this.#reachesBack = true;
    this.#covered = union(this.#covered, slice);
    this.#index(this.#changed);
    this.#strangers = this.#whoIsDisbelieved();
    const changed = this.#changed;
    this.#changed = new Set();
    return changed;
  }

  /** Whether a namespace told so much that nothing of it was kept. */
  gaveUp(namespace: string): boolean {
    return this.#gaveUp.has(namespace);
  }

  /** Where all was scraped, if nothing of it can be believed. */
  get strangers(): readonly string[] {
    return this.#strangers;
  }

  /** Of how many namespaces something is known. */
  get size(): number {
    return this.#namespaces.size;
  }

  /** What is known of the workloads of a namespace. */
  of(namespace: string): ReadonlyMap<string, ObservedWorkload> {
    return this.#namespaces.get(namespace) ?? nothing;
  }

  #remember(sighting: Sighting, at: number): void {
    const { by, namespace } = sighting;
    const own = this.#told.get(by) ?? new Map<string, Remembered>();
    this.#told.set(by, own);
    const key = keyOf(sighting);
    const before = own.get(key);
    if (before === undefined) this.#changed.add(namespace);
    own.set(key, { sighting, at: Math.max(at, before?.at ?? -Infinity) });
    if (own.size > maxOfOne) this.#giveUp(by, at);
  }

  /**
   * Nothing that it told is kept, so it counts as unknown as long as any of that would count; what it tells from now on
   * is kept again.
   */
  #giveUp(by: string, at: number): void {
    let until = Math.max(at, this.#gaveUp.get(by) ?? -Infinity);
    for (const { sighting, at: seenAt } of this.#told.get(by)?.values() ?? []) {
      until = Math.max(until, seenAt);
      this.#changed.add(sighting.namespace);
    }
    this.#told.delete(by);
    this.#gaveUp.set(by, until);
    this.#changed.add(by);
  }

  #forget(now: number): void {
    const since = now - this.#windowMs;
    for (const [by, own] of this.#told) {
      for (const [key, { sighting, at }] of own) {
        if (at >= since) continue;
        own.delete(key);
        this.#changed.add(sighting.namespace);
      }
      if (own.size === 0) this.#told.delete(by);
    }
    for (const [by, at] of this.#gaveUp) {
      if (at >= since) continue;
      this.#gaveUp.delete(by);
      this.#changed.add(by);
    }
  }

  *#all(): Generator<Sighting> {
    for (const own of this.#told.values()) for (const { sighting } of own.values()) yield sighting;
  }

  #whoIsDisbelieved(): readonly string[] {
    const all = new Set(this.#gaveUp.keys());
    for (const { kind, by } of this.#all()) {
      if (kind !== 'Disbelieved') return [];
      all.add(by);
    }
    return [...all].sort();
  }

  #index(changed: ReadonlySet<string>): void {
    const byNamespace = Map.groupBy(
      [...this.#all()].filter(({ namespace }) => changed.has(namespace)),
      ({ namespace }) => namespace,
    );
    for (const namespace of changed) {
      const found = byNamespace.get(namespace);
      // Names are anybody's to make up: of one that nothing is known of nothing stays.
      if (found === undefined) {
        this.#namespaces.delete(namespace);
        continue;
      }
      const workloads = Map.groupBy(found, ({ workload }) => workload);
      this.#namespaces.set(
        namespace,
        new Map([...workloads].map(([workload, sightings]) => [workload, asWorkload(sightings)])),
      );
    }
  }
}

function asWorkload(sightings: readonly Sighting[]): ObservedWorkload {
  // Both sides may tell of one caller.
  const callers = new Map<string, ObservedCaller>();
  const [withoutIdentity, disbelieved] = [new Set<string>(), new Set<string>()];
  const reports = new Set<'Inbound' | 'Outbound'>();
  for (const sighting of sightings) {
    switch (sighting.kind) {
      case 'Call':
        callers.set(JSON.stringify(sighting.caller), sighting.caller);
        break;
      case 'CallWithoutIdentity':
        withoutIdentity.add(sighting.from ?? '');
        break;
      case 'Reports':
        reports.add(sighting.side);
        break;
      case 'Disbelieved':
        disbelieved.add(sighting.by);
        break;
    }
  }
  return {
    callers: [...callers.values()],
    withoutIdentity: [...withoutIdentity],
    reports,
    disbelieved: [...disbelieved],
  };
}

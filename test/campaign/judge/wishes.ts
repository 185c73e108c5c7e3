import type { KubeObject } from '../../../src/api/object.ts';
import { at, items, strings, text, type Json } from './json.ts';

const freeze = 'meshmigration.dev/freeze';

/** What people want of a migration for a while: its spec, and whether it is frozen. */
export interface Wish {
  readonly uid: string;
  readonly spec: unknown;
  readonly isFrozen: boolean;
  readonly isDeleted: boolean;
  /** When it was written. */
  readonly since: number;
}

/** One of `spec.waves`, as it is written. */
export interface WantedWave {
  readonly name: string;
  readonly names: readonly string[];
  readonly namespaces: unknown;
  readonly soakMs: number;
  readonly maxFailures: number;
  /** What it says for itself. */
  readonly approval: string;
}

/** What people wanted, one after the other. */
export class Wishes {
  /** The latest first. */
  #all: readonly Wish[] = [];

  /** A MeshMigration has changed, or has gone. */
  note(migration: KubeObject | undefined, now: number): void {
    if (migration === undefined) return;
    const { metadata } = migration;
    const wish: Wish = {
      uid: metadata.uid ?? '',
      spec: migration['spec'],
      isFrozen: metadata.annotations?.[freeze] !== undefined,
      isDeleted: metadata.deletionTimestamp !== undefined,
      since: now,
    };
    const [last] = this.#all;
    if (last === undefined || !isSame(last, wish)) this.#all = [wish, ...this.#all];
  }

  get latest(): Wish | undefined {
    return this.#all[0];
  }

  /** All that were in force at any time from a moment on. */
  from(moment: number): readonly Wish[] {
    const first = this.#all.findIndex(({ since }) => since <= moment);
    return first < 0 ? this.#all : this.#all.slice(0, first + 1);
  }

  /** Since when something holds without a break of what was wanted; undefined if it does not hold now. */
  since(holds: (wish: Wish) => boolean): number | undefined {
    const first = this.#all.findIndex((wish) => !holds(wish));
    const those = first < 0 ? this.#all : this.#all.slice(0, first);
    return those.at(-1)?.since;
  }
}

function isSame(one: Wish, other: Wish): boolean {
  return JSON.stringify({ ...one, since: 0 }) === JSON.stringify({ ...other, since: 0 });
}

function milliseconds(duration: string): number {
  const units: Json = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
  const parts = [...duration.matchAll(/(\d+)(ms|h|m|s)/g)];
  return parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * Number(units[unit]), 0);
}

/** The waves of a spec, in their order. */
export function wavesIn(spec: unknown): readonly WantedWave[] {
  return items(at(spec, 'waves')).map((wave) => ({
    name: text(wave['name']),
    names: strings(at(wave, 'namespaces', 'names')),
    namespaces: wave['namespaces'],
    soakMs: milliseconds(text(wave['soak'])),
    maxFailures: Number(wave['maxFailures'] ?? 0),
    approval: text(wave['approval']),
  }));
}

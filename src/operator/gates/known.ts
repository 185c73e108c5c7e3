import type { Pieces } from '../../gates/pieces.ts';
import type { Times } from '../../prometheus/client.ts';
import type { Want } from './want.ts';

function placeOf({ namespace }: Want, at: number): string {
  return `${namespace} ${at}`;
}

/** By what is known again what was read of a time that begins, or ends, there. */
export function keyOf(want: Want, { observer }: { readonly observer: string }, at: number): string {
  return `${placeOf(want, at)} ${observer}`;
}

/** By what is known again what was before the start. */
export function beforeKeyOf(want: Want): string {
  return placeOf(want, want.before);
}

function placeIn(key: string): string {
  return key.slice(0, key.lastIndexOf(' '));
}

/** What was read so far: no piece of time is asked about again once nothing of it can be late any more. */
export class Known {
  /** Of the time before. */
  readonly before = new Map<string, Pieces>();
  /** Of the time since, and until when that was asked about. */
  readonly since = new Map<string, { readonly until: number; readonly pieces: Pieces }>();

  /** Which alerts were there before, and by which question that is known. */
  readonly alerts = new Map<string, { readonly question: string; readonly found: ReadonlySet<string> }>();

  /** Where nothing was before, though the server keeps what was then. */
  readonly nothing = new Set<string>();

  /** Forgets all but what is known of these. */
  keep(wants: readonly Want[]): void {
    const [befores, sinces] = [
      new Set(wants.map((want) => placeOf(want, want.before))),
      new Set(wants.map((want) => placeOf(want, want.since))),
    ];
    for (const key of this.before.keys()) if (!befores.has(placeIn(key))) this.before.delete(key);
    for (const key of this.alerts.keys()) if (!befores.has(key)) this.alerts.delete(key);
    for (const key of this.nothing) if (!befores.has(key)) this.nothing.delete(key);
    for (const key of this.since.keys()) if (!sinces.has(placeIn(key))) this.since.delete(key);
  }
}

/** What lies within some times. */
export function cut(pieces: Pieces | undefined, times: Times | undefined): Pieces {
  if (pieces === undefined || times === undefined) return new Map();
  return new Map(
    [...pieces].flatMap(([by, blocks]) => {
      const within = blocks.filter(({ at }) => at >= times.from && at <= times.to);
      return within.length === 0 ? [] : [[by, within] as const];
    }),
  );
}

/** Of pieces that were asked about again the last answer counts. */
export function joined(known: Pieces, told: Pieces, from: number): Pieces {
  return new Map(
    [...new Set([...known.keys(), ...told.keys()])].flatMap((by) => {
      const blocks = [...(known.get(by) ?? []).filter(({ at }) => at < from), ...(told.get(by) ?? [])];
      return blocks.length === 0 ? [] : [[by, blocks] as const];
    }),
  );
}

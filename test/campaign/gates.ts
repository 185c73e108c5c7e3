import type { Random } from '../../src/base/random.ts';
import { below, pick } from './draw.ts';

/*
 * What keeps namespaces from being started: waves, windows, approvals. And Services that are to have a waypoint all the same, by which plans differ.
 */

/** What a world has of these, as fields of the spec of its MeshMigration. */
export interface Gates {
  readonly waves?: readonly WaveOf[];
  readonly windows?: readonly WindowOf[];
  readonly approval?: { readonly mode: 'Required'; readonly plans: readonly string[] };
  /** Of `spec.waypoint`. */
  readonly services?: readonly string[];
  /** Whether the migration is frozen when it is made. */
  readonly isFrozen?: boolean;
}

/** One of `spec.waves`. */
export interface WaveOf {
  readonly name: string;
  readonly namespaces: object;
  readonly soak: string;
  readonly maxFailures: number;
  readonly approval?: 'Auto' | 'Required';
  readonly maxConcurrentNamespaces?: number;
}

/** One of `spec.windows`, of the one form that the judge reads. */
export interface WindowOf {
  readonly kind: 'Allow' | 'Deny';
  readonly schedule: string;
  readonly duration: string;
}

/** By this label waves select. */
export const tier = 'tier';

/** The values that it has. */
export const tiers = ['front', 'back'] as const;

/** How often windows begin, in minutes: an hour is a multiple of each, so that a clock that is set by hours tells the same. */
const periods = [10, 12, 15, 20, 30] as const;

/** As long as that everything stays as it is on both sides of a boundary, so that somebody can see it at rest. */
const leastMinutes = 3;

const minuteMs = 60_000;

/** A window that begins at some minute and then again and again. */
export function windowFrom(kind: WindowOf['kind'], minute: number, every: number, lasts: number): WindowOf {
  const first = ((minute % every) + every) % every;
  return { kind, schedule: `${String(first)}-59/${String(every)} * * * *`, duration: `${String(lasts)}m` };
}

/** One that begins, or ends, within some minutes after a moment. */
function windowNear(random: Random, kind: WindowOf['kind'], now: number): WindowOf {
  const every = pick(random, periods);
  const lasts = leastMinutes + below(random, every - 2 * leastMinutes + 1);
  const boundary = Math.floor(now / minuteMs) + 1 + below(random, 3);
  return windowFrom(kind, random() < 0.5 ? boundary : boundary - lasts, every, lasts);
}

/** Windows whose boundaries are near a moment. */
export function windowsNear(random: Random, now: number): readonly WindowOf[] {
  const kinds = pick(random, [['Allow'], ['Allow'], ['Deny'], ['Allow', 'Deny'], ['Allow', 'Allow']] as const);
  return kinds.map((kind) => windowNear(random, kind, now));
}

/** Windows that are closed at a moment and for some minutes more. */
export function windowsClosed(random: Random, now: number): readonly WindowOf[] {
  const minute = Math.floor(now / minuteMs);
  const opensIn = leastMinutes + below(random, 3);
  return random() < 0.5
    ? [windowFrom('Allow', minute + opensIn, 15, 15 - opensIn - leastMinutes)]
    : [windowFrom('Deny', minute, 15, opensIn)];
}

/** A wave that takes some namespaces by their names, or by a label. */
export function waveOf(random: Random, name: string, scope: readonly string[]): WaveOf {
  const byName = { names: [pick(random, scope)] };
  const byLabel = { selector: { matchLabels: { [tier]: pick(random, tiers) } } };
  return {
    name,
    namespaces: random() < 0.6 ? byName : byLabel,
    soak: pick(random, ['0s', '0s', '1m', '2m']),
    maxFailures: pick(random, [0, 0, 1]),
    ...(random() < 0.2 && { approval: pick(random, ['Auto', 'Required'] as const) }),
    ...(random() < 0.2 && { maxConcurrentNamespaces: 1 }),
  };
}

/** Services that are to have a waypoint. */
export function servicesOf(random: Random, scope: readonly string[]): readonly string[] {
  return scope.filter(() => random() < 0.6).map((name) => `${name}/${pick(random, ['web', 'api', '*'])}`);
}

/** The gates of a world in which a migration begins at about a moment; it has at least one. */
export function gatesOf(random: Random, scope: readonly string[], now: number, takesServices: boolean): Gates {
  const names = ['canary', ...(random() < 0.4 ? ['next'] : [])];
  const waves = names.map((name) => waveOf(random, name, scope));
  const windows = windowsNear(random, now);
  const services = servicesOf(random, scope);
  const [hasWaves, hasWindows, isRequired] = [random() < 0.7, random() < 0.6, random() < 0.5];
  return {
    ...((hasWaves || !(hasWindows || isRequired)) && { waves }),
    ...(hasWindows && { windows }),
    ...(isRequired && { approval: { mode: 'Required', plans: [] } }),
    ...(takesServices && random() < 0.5 && services.length > 0 && { services }),
    ...(random() < 0.2 && { isFrozen: true }),
  };
}

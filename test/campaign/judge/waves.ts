import type { KubeObject } from '../../../src/api/object.ts';
import type { Beginnings } from './beginnings.ts';
import { at, hasLabels, items, labels, text } from './json.ts';
import { isSelected } from './scope.ts';
import type { States } from './states.ts';
import { wavesIn, type WantedWave, type Wish } from './wishes.ts';

const arrived: readonly string[] = ['Migrated', 'Finalized'];
const ended: readonly string[] = ['Blocked', 'Failed', 'RolledBack', 'Incomplete', 'Paused'];

/** Timestamps leave out so much. */
const slackMs = 2000;

/** For so long nobody need have seen that a wave is not whole. */
const unseenMs = 5000;

/** What is known of a wave, by its name. */
interface Known {
  /** Since when it is where it shall be. */
  since?: number;
  /** Since when it is so no more. */
  brokenSince?: number;
  /** How many of it had come to an end without arriving. */
  ended: number;
  endedSince?: number;
  isDone: boolean;
  /** When the next one might begin last. */
  passedAt?: number;
  hadMembers: boolean;
}

/** How a wave stands. */
interface Standing {
  readonly total: number;
  readonly ended: number;
  readonly isThere: boolean;
}

/**
 * Which waves may be over, by what the user guide says of them. It goes by the phases that the operator has written,
 * which others judge, and in doubt for what lets the next one begin.
 */
export class Waves {
  readonly #states: States;
  readonly #begun: Beginnings;
  /** Records as the operator wrote them last, by namespace. */
  readonly #written = new Map<string, unknown>();
  #known = new Map<string, Known>();
  #uid = '';

  constructor(states: States, begun: Beginnings) {
    this.#states = states;
    this.#begun = begun;
  }

  /** The operator has written a record. */
  wrote(namespace: string, record: KubeObject | undefined): void {
    this.#written.set(namespace, record?.['status']);
  }

  /** Something that counts may have changed, or time has passed. */
  note(wish: Wish, now: number, calmMs: number): void {
    const waves = wavesIn(wish.spec);
    // Who goes back as a whole goes through all waves anew.
    const goesBack = wish.isDeleted || text(at(wish.spec, 'action')) === 'Rollback';
    if (wish.uid !== this.#uid || (goesBack && Math.min(calmMs, now - wish.since) > unseenMs)) this.#known = new Map();
    this.#uid = wish.uid;
    for (const name of [...this.#known.keys()]) if (!waves.some((wave) => wave.name === name)) this.#known.delete(name);
    for (const [place, wave] of waves.entries()) {
      const known = this.#known.get(wave.name) ?? { ended: 0, isDone: false, hadMembers: false };
      this.#known.set(wave.name, known);
      const standing = this.#standing(wish, waves, place);
      if (!known.isDone) look(known, standing, now, calmMs);
      if (this.#isOver(known, wave, now)) known.isDone = true;
      // Nobody has nothing to soak for; but whoever joins is waited for.
      if (known.isDone || (standing.total === 0 && standing.isThere)) known.passedAt = now;
    }
  }

  /** Why a namespace may not begin by what was wanted then; undefined if it may, or might a moment ago. */
  earlier(wish: Wish, home: KubeObject, now: number, graceMs: number): string | undefined {
    const waves = wavesIn(wish.spec);
    for (const [place, wave] of waves.slice(0, placeOf(waves, home)).entries()) {
      const known = this.#known.get(wave.name);
      const { isThere, total } = this.#standing(wish, waves, place);
      if (known === undefined || now - (known.passedAt ?? -Infinity) <= graceMs) continue;
      if (isThere && (total === 0 || this.#isOver(known, wave, now))) continue;
      return `wave ${wave.name} has not arrived and soaked`;
    }
    return undefined;
  }

  #isOver(known: Known, wave: WantedWave, now: number): boolean {
    return known.since !== undefined && now - known.since >= wave.soakMs - slackMs;
  }

  #standing(wish: Wish, waves: readonly WantedWave[], place: number): Standing {
    const wave = waves[place];
    const members = this.#states.all('Namespace').filter((home) => {
      const isMember = isSelected(wish.spec, home.metadata) || this.#begun.has(home.metadata.name);
      return isMember && placeOf(waves, home) === place;
    });
    const open = members.filter((home) => !this.#hasArrived(wish, home));
    const over = open.filter(({ metadata }) => this.#hasEnded(metadata.name));
    const known = this.#known.get(wave?.name ?? '');
    const mayBeEmpty = wave?.names.length === 0 && known?.hadMembers !== true;
    return {
      total: members.length,
      ended: over.length,
      isThere:
        members.length === 0 ? mayBeEmpty : open.length === over.length && over.length <= (wave?.maxFailures ?? 0),
    };
  }

  /** Who has left the selection on the way is nobody's to wait for. */
  #hasArrived(wish: Wish, { metadata }: KubeObject): boolean {
    if (!isSelected(wish.spec, metadata)) return true;
    const status = this.#written.get(metadata.name);
    return (
      arrived.includes(text(at(status, 'phase'))) && text(at(status, 'itinerary')) !== 'Hbone' && !isStalled(status)
    );
  }

  #hasEnded(name: string): boolean {
    const status = this.#written.get(name);
    return ended.includes(text(at(status, 'phase'))) || isStalled(status);
  }
}

function look(known: Known, { total, ended: count, isThere }: Standing, now: number, calmMs: number): void {
  if (total > 0) known.hadMembers = true;
  if (total === 0 && isThere) return;
  const isSeen = (since: number): boolean => Math.min(calmMs, now - since) > unseenMs;
  if (!isThere) {
    known.brokenSince ??= now;
    if (isSeen(known.brokenSince)) delete known.since;
    return;
  }
  delete known.brokenSince;
  known.since ??= now;
  if (count <= known.ended) {
    known.ended = count;
    delete known.endedSince;
    return;
  }
  known.endedSince ??= now;
  if (!isSeen(known.endedSince)) return;
  // One more that needs a person has it soak anew.
  known.since = Math.max(known.since, known.endedSince);
  known.ended = count;
  delete known.endedSince;
}

function isStalled(status: unknown): boolean {
  return items(at(status, 'conditions')).some(({ type, status: holds }) => type === 'Stalled' && holds === 'True');
}

/** The place of the wave of a namespace: the first that takes it, or behind the last. */
export function placeOf(waves: readonly WantedWave[], home: KubeObject | undefined): number {
  const own = home?.metadata.labels ?? {};
  const found = waves.findIndex(({ names, namespaces }) => {
    const wanted = labels(at(namespaces, 'selector', 'matchLabels'));
    return names.includes(home?.metadata.name ?? '') || (Object.keys(wanted).length > 0 && hasLabels(own, wanted));
  });
  return found < 0 ? waves.length : found;
}

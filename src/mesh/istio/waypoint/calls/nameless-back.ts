import { memoize } from '../../../../base/memoize.ts';
import type { Surroundings } from '../../../adapter.ts';
import type { ConfigView } from '../../../views.ts';
import { isThere } from './asleep.ts';
import type { Family } from './family.ts';
import { losing, type Losing } from './losing.ts';
import {
  callsByHeadless,
  callsInto,
  callsLeftAlone,
  callsToOld,
  callsUntold,
  type Nameless,
} from './nameless-calls.ts';
import { everywhere, ofEach } from './question.ts';
import { goesPast } from '../callers.ts';
import { isExit } from '../exit/route.ts';

/*
 * Which calls lose the identity of their caller by a rollback. Back to sidecars these are calls by headless Services to pods in ambient; back to ambient, calls
 * of sidecars to pods that are in ambient again, and one's own to sidecars from before ambient was enabled. What calls the address of a pod was called in
 * plaintext before the start too; what a template leaves alone, or a Sidecar resource hides, may be so since.
 */

/** A policy that does not know the callers of, or to, another namespace once this one has gone back. */
export interface LostBack {
  /** The namespace at the other end. */
  readonly namespace: string;
  readonly policy: ConfigView;
  /** Who is called. */
  readonly families: readonly Family[];
  readonly effect: Nameless['effect'];
  /**
   * `Called` and `Callers` are in the other data plane; `Old` are called sidecars that take no HBONE. What ends it: they
   * have gone back too, or have been restarted. `Untaken` are called whom sidecars here leave alone, which nobody's
   * going back ends.
   */
  readonly end: 'Called' | 'Callers' | 'Old' | 'Untaken';
  /** Why, where it may have become so since the start: `Untaken` only. */
  readonly how?: string;
  /** Whose calls they are, where it is not all of the namespace. */
  readonly caller?: Losing;
  /** Whether it is known that there are such calls. */
  readonly known: boolean;
}

function lost(all: readonly Nameless[], end: LostBack['end'], other?: string): readonly LostBack[] {
  return all.map(({ namespace, policy, families, effect, known }) => ({
    namespace: other ?? namespace,
    policy,
    families,
    effect,
    end,
    known,
  }));
}

/** Of calls from here to one namespace, on the way back to sidecars. */
export function lostTo(called: string, surroundings: Surroundings): readonly LostBack[] {
  return lost(callsByHeadless([called], surroundings), 'Called');
}

/** All that it may have to do with, itself left out. */
function othersOf(surroundings: Surroundings): readonly string[] {
  return everywhere(surroundings).filter((name) => name !== surroundings.namespace.name);
}

/** Callers with sidecars, of pods here that are in ambient again. */
function callersLost(surroundings: Surroundings): readonly LostBack[] {
  const { namespace, services } = surroundings;
  if (!services.some(({ headless }) => headless)) return [];
  return ofEach(othersOf(surroundings), surroundings, (there) =>
    isThere(there, 'Sidecar') ? lost(callsInto(namespace.name, there), 'Callers', there.namespace.name) : [],
  );
}

/** What is only refused then was let through since the start only, and opens nothing. */
function opening(all: readonly Nameless[], by: readonly Losing[]): readonly LostBack[] {
  const callers = by.length === 0 ? [undefined] : by;
  return all
    .filter(({ effect }) => effect === 'Opens')
    .flatMap(({ namespace, policy, families, effect, known, how }) =>
      callers.map((caller): LostBack => ({
        namespace,
        policy,
        families,
        effect,
        known,
        how,
        end: 'Untaken',
        ...(caller && { caller }),
      })),
    );
}

/** What sidecars here would leave alone, of each caller by himself, and the Services of which they would not be told. */
function untaken(others: readonly string[], surroundings: Surroundings): readonly LostBack[] {
  const all = losing(surroundings);
  const alike = Map.groupBy(
    all.filter(({ left }) => left.length > 0),
    ({ left }) => JSON.stringify(left),
  );
  const leftAlone = [...alike.values()].flatMap((callers) =>
    opening(callsLeftAlone(callers[0]?.left ?? [], others, surroundings), callers),
  );
  const untold = callsUntold(others, surroundings);
  const selected = all.filter(({ isSelected }) => isSelected);
  return [...leftAlone, ...opening(untold, selected)];
}

/** What a rollback of the namespace would lose of it, of calls from and to others. */
export const lostGoingBack: (surroundings: Surroundings) => readonly LostBack[] = memoize(
  (surroundings: Surroundings): readonly LostBack[] => {
    const others = othersOf(surroundings);
    if (goesPast(surroundings))
      return [...lost(callsByHeadless(others, surroundings), 'Called'), ...untaken(others, surroundings)];
    if (!isExit(surroundings.route)) return [];
    return [...callersLost(surroundings), ...lost(callsToOld(others, surroundings), 'Old')];
  },
);

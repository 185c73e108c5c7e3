import type { Surroundings } from '../../adapter.ts';
import { mostHeldBefore } from '../../others.ts';
import { marksOfNow } from './asked-back.ts';
import { goAroundNow, othersAroundNow } from '../waypoint/exit/around-back.ts';
import { waypointLacksNow } from '../waypoint/exit/serving.ts';
import { attachedNow } from '../waypoint/passed-by.ts';

/** All of them that a way back asks about as things are, one after the other: of many there is room for some only, and the others need not be worked out. */
function* marks(surroundings: Surroundings): Generator<string> {
  yield* waypointLacksNow(surroundings);
  yield* attachedNow(surroundings);
  yield* goAroundNow(surroundings).marks;
  yield* marksOfNow(surroundings);
}

function someMarks(surroundings: Surroundings, most: number): readonly string[] {
  const found = new Set<string>();
  for (const mark of marks(surroundings)) {
    found.add(mark);
    if (found.size >= most) break;
  }
  return [...found];
}

/**
 * Marks of what would hold a way back if it began now: asked at the start. Where there is room, also of those whom a
 * policy may only come to name.
 */
export function heldBefore(surroundings: Surroundings): readonly string[] {
  const marks = someMarks(surroundings, mostHeldBefore);
  if (marks.length >= mostHeldBefore) return marks;
  return [...new Set([...marks, ...othersAroundNow(surroundings)])].slice(0, mostHeldBefore);
}

/** Whether that is more than can be remembered, or told. */
export function isTooMuchHeld(surroundings: Surroundings): boolean {
  return !goAroundNow(surroundings).complete || someMarks(surroundings, mostHeldBefore + 1).length > mostHeldBefore;
}

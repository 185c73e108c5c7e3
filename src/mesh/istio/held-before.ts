import type { Surroundings } from '../adapter.ts';
import { marksOfNow } from './findings/asked-back.ts';
import { attachedNow } from './waypoint/passed-by.ts';

/** As much as is remembered, in an annotation of the namespace: what is beyond counts as if it had come since. */
const mostMarks = 500;

/** Marks of what would hold a way back if it began now: asked at the start. */
export function heldBefore(surroundings: Surroundings): readonly string[] {
  return [...new Set([...attachedNow(surroundings), ...marksOfNow(surroundings)])].slice(0, mostMarks);
}

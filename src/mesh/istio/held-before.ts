import type { Surroundings } from '../adapter.ts';
import { mostHeldBefore } from '../others.ts';
import { marksOfNow } from './findings/asked-back.ts';
import { attachedNow } from './waypoint/passed-by.ts';

/** Marks of what would hold a way back if it began now: asked at the start. */
export function heldBefore(surroundings: Surroundings): readonly string[] {
  return [...new Set([...attachedNow(surroundings), ...marksOfNow(surroundings)])].slice(0, mostHeldBefore);
}

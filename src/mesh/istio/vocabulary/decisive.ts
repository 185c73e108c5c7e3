import { dryRunAnnotation, revisionLabel, waypointForLabel } from './labels.ts';

/**
 * What decides about an object beside its spec: which istiod reads it (ObjectInRevision in pkg/config/labels), whether a
 * policy is only tried out, and what a Gateway is a waypoint for.
 */
export const decisiveMarks: readonly string[] = [revisionLabel, dryRunAnnotation, waypointForLabel];

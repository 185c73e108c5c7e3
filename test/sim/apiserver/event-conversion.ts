import type { KubeObject } from '../../../src/api/object.ts';
import { asObject, compact, omit } from './json.ts';

/** The new names of the fields of an event, by the old ones (pkg/apis/events/v1/conversion.go). */
const renamed: readonly (readonly [stored: string, served: string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['reportingComponent', 'reportingController'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
];

function rename(object: KubeObject, apiVersion: string, pairs: readonly (readonly [string, string])[]): KubeObject {
  const rest = omit(object, ...pairs.map(([from]) => from));
  const moved = Object.fromEntries(pairs.map(([from, to]) => [to, object[from]]));
  return { ...rest, ...compact(moved), apiVersion };
}

/** An event as core/v1 stores it, in the form of events.k8s.io/v1. */
export function eventFromStorage(stored: KubeObject): KubeObject {
  return rename(stored, 'events.k8s.io/v1', renamed);
}

/** An event of events.k8s.io/v1 in the form of core/v1, which is the stored one. */
export function eventToStorage(object: KubeObject): KubeObject {
  const stored = rename(
    object,
    'v1',
    renamed.map(([from, to]) => [to, from]),
  );
  return { ...stored, involvedObject: asObject(stored['involvedObject']) };
}

import { shown } from '../../base/shown.ts';
import { record, type Json } from '../../mesh/json.ts';

/** Maps of which every value has to be a text, by where they are. */
const maps: readonly (readonly [field: string, at: (object: Json) => unknown, kinds?: readonly string[]])[] = [
  ['metadata.labels', (object) => record(object['metadata'])['labels']],
  ['metadata.annotations', (object) => record(object['metadata'])['annotations']],
  ['spec.selector', (object) => record(object['spec'])['selector'], ['Service', 'ReplicationController']],
  ['spec.selector.matchLabels', (object) => record(record(object['spec'])['selector'])['matchLabels']],
  ['spec.template.metadata.labels', (object) => template(object)['labels']],
  ['spec.template.metadata.annotations', (object) => template(object)['annotations']],
];

function template(object: Json): Json {
  return record(record(record(object['spec'])['template'])['metadata']);
}

function isScalar(value: unknown): value is number | boolean {
  return typeof value === 'number' || typeof value === 'boolean';
}

/**
 * Why kubectl and the API server would not take an object by its labels: `yes`, `on` and `1.0` are none without quotes,
 * and to leave them out would select other pods. Undefined if they would.
 */
export function labelProblem(kind: string, object: Json): string | undefined {
  for (const [field, at, kinds] of maps) {
    if (kinds?.includes(kind) === false) continue;
    for (const [key, value] of Object.entries(record(at(object))))
      if (value !== null && typeof value !== 'string')
        return `${field}.${shown(key)} is no text${isScalar(value) ? ` (put ${String(value)} into quotes)` : ''}`;
  }
  return undefined;
}

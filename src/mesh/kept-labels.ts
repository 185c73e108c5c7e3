import { originalLabelsAnnotation } from '../api/resources.ts';
import { record, type Json } from './json.ts';
import type { ServiceView } from './views.ts';

/** The labels of before as a Service that was bound or unbound keeps them; undefined if it keeps none, or if somebody has spoilt them. */
export function keptLabels({ annotations }: Pick<ServiceView, 'annotations'>): Json | undefined {
  const raw = annotations[originalLabelsAnnotation];
  if (raw === undefined) return undefined;
  try {
    const json: unknown = JSON.parse(raw);
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? record(json) : undefined;
  } catch {
    return undefined;
  }
}

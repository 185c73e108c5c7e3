import { LabelValue } from '../api/names.ts';
import { originalLabelsAnnotation } from '../api/resources.ts';
import { record, type Json } from './json.ts';
import type { ServiceView } from './views.ts';

/**
 * Whoever may edit the Service may write anything here; what no label can be was none, and must get into no command
 * that is shown.
 */
function isLabel(value: unknown): boolean {
  return value === null || LabelValue.safeParse(value).success;
}

/**
 * The labels of before as a Service that was bound or unbound keeps them; undefined if it keeps none, or if somebody
 * has spoilt them.
 */
export function keptLabels({ annotations }: Pick<ServiceView, 'annotations'>): Json | undefined {
  const raw = annotations[originalLabelsAnnotation];
  if (raw === undefined) return undefined;
  try {
    const json: unknown = JSON.parse(raw);
    if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined;
    return Object.values(json).every(isLabel) ? record(json) : undefined;
  } catch {
    return undefined;
  }
}

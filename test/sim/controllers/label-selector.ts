import { asObject } from '../apiserver/json.ts';
import { matchesLabels, selectorOf } from '../apiserver/label-selector.ts';
import type { LabelSelector } from './pod-types.ts';

/** Whether the labels satisfy the selector; an absent selector selects nothing, an empty one everything. */
export function selects(
  selector: LabelSelector | undefined,
  labels: Readonly<Record<string, string>> | undefined,
): boolean {
  return selector !== undefined && matchesLabels(selectorOf(asObject(selector)), labels);
}

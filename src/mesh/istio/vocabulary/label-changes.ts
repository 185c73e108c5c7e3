import type { LabelTargets } from '../../adapter.ts';

/** Labels with changes made to them. */
export function withLabels(
  labels: Readonly<Record<string, string>>,
  targets: LabelTargets,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries({ ...labels, ...targets }).filter((entry): entry is [string, string] => entry[1] !== null),
  );
}

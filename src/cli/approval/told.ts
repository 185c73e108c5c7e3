import { printableJson, printableYaml } from '../../base/printable.ts';
import type { Host } from '../host.ts';
import { hasColours, painted, type Line } from '../terminal/line.ts';
import { detailLines, type PlanDetail } from './detail.ts';
import { namespaceLines, notesOf, titleOf } from './lines.ts';
import { planOf, type Target } from './target.ts';
import type { PlannedNamespace, PlanView } from './view.ts';

/** How the output is written; `text` is for people. */
export const formats: Readonly<Record<string, 'text' | 'json' | 'yaml'>> = { text: 'text', json: 'json', yaml: 'yaml' };

/** One of them. */
export type Format = (typeof formats)[string];

/** Columns of what does not say how wide it is. */
const usualColumns = 100;

/** As many as there are. */
export function columnsOf({ stdout }: Host): number {
  const { columns = 0 } = stdout;
  return columns > 0 ? columns : usualColumns;
}

/** Writes lines for people. */
export function writeLines(lines: readonly Line[], { stdout, env }: Host): void {
  const colours = hasColours(stdout, env);
  stdout.write(lines.map((line) => `${painted(line, colours)}\n`).join(''));
}

/** Writes the one document of a command. */
export function writeDocument(document: unknown, format: 'json' | 'yaml', { stdout }: Host): void {
  stdout.write(
    format === 'json'
      ? `${printableJson(document)}\n`
      : printableYaml(document, { aliasDuplicateObjects: false, lineWidth: 0 }),
  );
}

/** What would be approved of, for people. */
export function previewLines(
  view: PlanView,
  target: Target,
  members: readonly PlannedNamespace[],
  detail: PlanDetail | undefined,
  columns: number,
): readonly Line[] {
  return [
    titleOf(view),
    [{ text: `${planOf(target)}: ${target.hash}` }],
    ...notesOf(view),
    ...namespaceLines(members, columns, { isCompared: false, isDetailed: detail !== undefined }),
    ...(detail === undefined ? [] : detailLines(detail, columns)),
  ];
}

import type { Line } from '../terminal/line.ts';
import { reasoned } from './tree.ts';
import { rowsOf, type MigrationView, type NamespaceRow, type StatusView } from './view.ts';

function restartsText({ restarts }: NamespaceRow): string {
  return restarts === undefined ? '' : ` ${restarts.done}/${restarts.begun} restarted`;
}

function trouble({ stalled, rejected }: NamespaceRow | MigrationView): string {
  if (stalled !== undefined) return `; ${reasoned(stalled)}`;
  return rejected === undefined ? '' : `; last command not carried out: ${rejected}`;
}

/** One line for each thing that stands somewhere, by what it is. */
function entries({ migrations, namespaces }: StatusView): ReadonlyMap<string, string> {
  const rows = [...migrations.flatMap(rowsOf), ...namespaces];
  return new Map([
    ...rows.map((row): readonly [string, string] => [
      `${row.migration} namespace ${row.namespace}`,
      `${row.phase}${row.step === undefined ? '' : ` ${row.step}`}${restartsText(row)}${trouble(row)}`,
    ]),
    ...migrations.flatMap((view): readonly (readonly [string, string])[] => [
      ...view.waves.map(({ name, state = '' }) => [`${view.name} wave ${name}`, state] as const),
      [view.name, `${view.phase}${trouble(view)}`],
    ]),
  ]);
}

/** What is to be appended to a log: a line for each thing that stands otherwise than before. */
export function changes(before: StatusView, now: StatusView, time: string): readonly Line[] {
  const [old, current] = [entries(before), entries(now)];
  const changed = [...current].filter(([key, text]) => old.get(key) !== text);
  const gone = [...old.keys()].filter((key) => !current.has(key));
  return [
    ...changed.map(([key, text]): Line => [{ text: `${time} ${key}: ${text === '' ? 'not looked at yet' : text}` }]),
    ...gone.map((key): Line => [{ text: `${time} ${key}: gone` }]),
  ];
}

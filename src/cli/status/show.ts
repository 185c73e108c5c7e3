import { timestamp } from '../../base/clock.ts';
import type { Host, Output } from '../host.ts';
import { hasColours, painted, widthOf, type Line } from '../terminal/line.ts';
import { changes } from './changes.ts';
import { tree } from './tree.ts';
import type { StatusView } from './view.ts';

/** Columns and rows of a terminal that does not say how large it is, or that it has none. */
const usual = { columns: 100, rows: 24 } as const;

/** To the first place, without clearing: what is drawn over does not flicker. Then to the end of each line, and of all. */
const [home, lineEnd, screenEnd] = ['\u001B[H', '\u001B[K', '\u001B[J'];

function sizeOf({ columns = 0, rows = 0 }: Output): { readonly columns: number; readonly rows: number } {
  return { columns: columns > 0 ? columns : usual.columns, rows: rows > 0 ? rows : usual.rows };
}

/** Shows one look after the other. */
export type Show = (view: StatusView, trouble: string | undefined) => void;

/** The whole tree, once. */
export function printTree(view: StatusView, { stdout, env }: Host): void {
  const colours = hasColours(stdout, env);
  const lines = tree(view, sizeOf(stdout).columns).map((line) => painted(line, colours));
  stdout.write(`${lines.join('\n')}\n`);
}

function troubleLine(trouble: string | undefined): readonly Line[] {
  return trouble === undefined ? [] : [[{ text: `What is shown may be old: ${trouble}`, tone: 'bad' }]];
}

/** As many lines as the screen has room for; a long one takes several of its rows. */
function fitting(lines: readonly Line[], columns: number, rows: number): readonly Line[] {
  let left = rows - 1;
  const room = lines.findIndex((line) => {
    left -= Math.max(1, Math.ceil(widthOf(line) / columns));
    return left < 0;
  });
  if (room < 0) return lines;
  const kept = lines.slice(0, Math.max(0, room - 1));
  return [
    ...kept,
    [{ text: `… ${lines.length - kept.length} more lines: make the window larger, or name a migration`, tone: 'dim' }],
  ];
}

/** On a terminal: each look in the place of the one before. */
function drawn({ stdout, env }: Host): Show {
  const colours = hasColours(stdout, env);
  let first = true;
  return (view, trouble) => {
    const { columns, rows } = sizeOf(stdout);
    const lines = fitting([...troubleLine(trouble), ...tree(view, columns)], columns, rows);
    const text = lines.map((line) => `${painted(line, colours)}${lineEnd}\n`).join('');
    stdout.write(`${first ? `${home}${screenEnd}` : home}${text}${screenEnd}`);
    first = false;
  };
}

/** Into a log: the tree, and then a line for each change. */
function appended(host: Host): Show {
  const { stdout, clock } = host;
  let before: StatusView | undefined;
  let said: string | undefined;
  return (view, trouble) => {
    const now = timestamp(clock.now());
    if (before === undefined) printTree(view, host);
    const lines = [
      ...(trouble === said ? [] : troubleLine(trouble)),
      ...(before === undefined ? [] : changes(before, view, now)),
    ];
    for (const line of lines) stdout.write(`${painted(line, false)}\n`);
    [before, said] = [view, trouble];
  };
}

/** How looks are shown where the output goes. */
export function showing(host: Host): Show {
  return host.stdout.isTTY === true ? drawn(host) : appended(host);
}

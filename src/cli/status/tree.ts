import { greatest } from '../../base/lists.ts';
import { counted } from '../../base/counted.ts';
import type { Line, Span, Tone } from '../terminal/line.ts';
import { wrapped } from '../terminal/wrapped.ts';
import { rowsOf, type MigrationView, type NamespaceRow, type State, type StatusView, type WaveView } from './view.ts';

const tones: Readonly<Record<State, Tone>> = { Done: 'good', Stalled: 'bad', InProgress: 'busy' };

/** Of the states of waves that are no way on. */
const waveTones: Readonly<Partial<Record<string, Tone>>> = { Done: 'good', Held: 'bad' };

/** A branch of the tree: its own lines, and what hangs on it. */
interface Branch {
  readonly lines: readonly Line[];
  readonly branches: readonly Branch[];
}

function phaseSpan({ phase, state }: { readonly phase: string; readonly state: State }): Span {
  return { text: phase === '' ? 'not looked at yet' : phase, tone: tones[state] };
}

function paragraph(text: string, width: number, tone?: Tone): readonly Line[] {
  return wrapped(text, width).map((line) => [{ text: `  ${line}`, ...(tone !== undefined && { tone }) }]);
}

/** The message of a finding begins with its id, which is the reason. */
export function reasoned({ reason, message }: NonNullable<NamespaceRow['stalled']>): string {
  return message.startsWith(reason) ? message : `${reason}: ${message}`;
}

type Told = Pick<NamespaceRow, 'state' | 'message' | 'stalled' | 'rejected' | 'asked' | 'because'>;

/** Whoever finds it so in the morning need not look for the event that told it. */
function causeText(because: NonNullable<NamespaceRow['because']>): string {
  return 'commandedBy' in because
    ? `taken back by a command of ${because.commandedBy}`
    : `taken back because of ${reasoned(because)}`;
}

/** What there is to say of it besides where it stands; what is done needs no word. */
function wordsOf({ state, message, stalled, rejected, asked, because }: Told, width: number): readonly Line[] {
  return [
    ...(because === undefined ? [] : paragraph(causeText(because), width)),
    ...(asked === undefined ? [] : paragraph(`asked for ${asked}; the operator has not answered yet`, width, 'busy')),
    ...(rejected === undefined ? [] : paragraph(`last command not carried out: ${rejected}`, width, 'bad')),
    ...(stalled === undefined ? [] : paragraph(reasoned(stalled), width)),
    ...(state === 'InProgress' && message !== '' ? paragraph(message, width, 'dim') : []),
  ];
}

function podsText({ pods }: NamespaceRow): string {
  if (pods === undefined) return '';
  const modes = Object.entries(pods).filter(([, count]) => count > 0);
  return modes.length === 0 ? 'no pods' : `pods: ${modes.map(([mode, count]) => `${count} ${mode}`).join(', ')}`;
}

function cellsOf(row: NamespaceRow): readonly string[] {
  const { namespace, phase, step, restarts, itinerary } = row;
  return [
    namespace,
    phase === '' ? 'not looked at yet' : phase,
    step ?? '',
    restarts === undefined ? '' : `${restarts.done} of ${restarts.begun} restarted`,
    podsText(row),
    itinerary === 'L7' ? 'with waypoint' : '',
  ];
}

/** Widths of the columns of all namespaces of a migration. */
function columnsOf(rows: readonly NamespaceRow[]): readonly number[] {
  const cells = rows.map(cellsOf);
  return (cells[0] ?? []).map((_, column) => greatest(cells.map((row) => (row[column] ?? '').length)));
}

function namespaceBranch(row: NamespaceRow, columns: readonly number[], width: number): Branch {
  const spans = cellsOf(row).map((cell, column): Span => {
    const size = columns[column] ?? 0;
    const text = size === 0 ? '' : `${cell.padEnd(size)}  `;
    return { text, ...(column === 1 && { tone: tones[row.state] }) };
  });
  return { lines: [spans, ...wordsOf(row, width)], branches: [] };
}

function waveBranch(wave: WaveView, columns: readonly number[], width: number): Branch {
  const { name, state, total = 0, migrated = 0, unfinished = 0, namespaces } = wave;
  const counts = `  ${migrated} of ${counted(total, 'namespace')} migrated${unfinished > 0 ? `, ${unfinished} unfinished` : ''}`;
  const told: Line =
    state === undefined ? [] : [{ text: `  ${state}`, tone: waveTones[state] ?? 'busy' }, { text: counts }];
  return {
    lines: [[{ text: `wave ${name}`, tone: 'strong' }, ...told]],
    branches: namespaces.map((row) => namespaceBranch(row, columns, width)),
  };
}

function migrationBranch(view: MigrationView, width: number): Branch {
  const { name, from, to, action, totals, waves, namespaces } = view;
  const counts = totals === undefined ? '' : `  ${totals.migrated} of ${counted(totals.total, 'namespace')} migrated`;
  const columns = columnsOf(rowsOf(view));
  const title: Line = [
    { text: `MeshMigration ${name}`, tone: 'strong' },
    { text: `  ${from} to ${to}, ${action}  ` },
    phaseSpan(view),
    { text: counts },
  ];
  return {
    lines: [title, ...wordsOf(view, width)],
    branches: [
      ...waves.map((wave) => waveBranch(wave, columns, width)),
      ...namespaces.map((row) => namespaceBranch(row, columns, width)),
    ],
  };
}

function hung({ lines, branches }: Branch, first: string, rest: string): readonly Line[] {
  const own = lines.map((line, index): Line => [{ text: index === 0 ? first : rest, tone: 'dim' }, ...line]);
  return [...own, ...branchesOf(branches, rest)];
}

function branchesOf(branches: readonly Branch[], indent: string): readonly Line[] {
  return branches.flatMap((branch, index) => {
    const isLast = index === branches.length - 1;
    return hung(branch, `${indent}${isLast ? '└─ ' : '├─ '}`, `${indent}${isLast ? '   ' : '│  '}`);
  });
}

/** The tree of everything, in lines of about `columns` columns; commands are never broken. */
export function tree({ migrations, namespaces }: StatusView, columns: number): readonly Line[] {
  const width = Math.max(40, columns - 12);
  const rows = columnsOf(namespaces);
  const branches = [
    ...migrations.map((migration) => migrationBranch(migration, width)),
    ...namespaces.map((row) => namespaceBranch(row, rows, width)),
  ];
  if (branches.length === 0) return [[{ text: 'There is no MeshMigration.' }]];
  return branches.flatMap((branch) => hung(branch, '', ''));
}

import { greatest } from '../../base/lists.ts';
import { counted, listed } from '../../base/counted.ts';
import type { Line, Tone } from '../terminal/line.ts';
import { wrapped } from '../terminal/wrapped.ts';
import type { PlannedNamespace, PlanView, Standing } from './view.ts';

/** What is said of a standing, and how `diff` marks it; what is no difference has no mark. */
export const standings: Readonly<
  Record<Standing, { readonly says: string; readonly tone: Tone; readonly mark?: '+' | '~' | '?' }>
> = {
  Approved: { says: 'as approved of', tone: 'good' },
  Changed: { says: 'changed since it was approved of', tone: 'busy', mark: '~' },
  Unapproved: { says: 'not approved of', tone: 'busy', mark: '+' },
  Free: { says: 'needs no approval', tone: 'dim' },
  Begun: { says: 'started already', tone: 'dim' },
  Unknown: { says: 'not looked at yet', tone: 'bad', mark: '?' },
};

/** Whether it is not what was approved of, or nobody knows. */
export function differs({ standing }: PlannedNamespace): boolean {
  return standings[standing].mark !== undefined;
}

/** By which way. */
export function wayOf({ itinerary, through, steps }: PlannedNamespace, isDetailed: boolean): string {
  if (itinerary === undefined) return '';
  const by = through === undefined ? '' : ` through ${through}`;
  return `${itinerary}${by}${isDetailed || steps.length === 0 ? '' : `: ${steps.join(', ')}`}`;
}

/** What the plan is, and whose. */
export function titleOf({ migration, from, to, mode, namespaces }: PlanView): Line {
  const isAsked = mode === 'Required' ? 'approval required' : 'no approval required by spec.approval.mode';
  return [
    { text: `MeshMigration ${migration}`, tone: 'strong' },
    { text: `  ${from} to ${to}, ${counted(namespaces.length, 'namespace')}, ${isAsked}` },
  ];
}

function wordsOf(namespace: PlannedNamespace, width: number, isDetailed: boolean): readonly Line[] {
  const { changed, critical } = namespace;
  const ids = [...new Set(critical.map(({ id }) => id))];
  const sentences: readonly (readonly [string, Tone])[] = [
    ...(changed === undefined ? [] : [[`changed: ${changed}`, 'busy'] as const]),
    [wayOf(namespace, isDetailed), 'dim'],
    ...(critical.length === 0
      ? []
      : [[`blocked by ${counted(critical.length, 'critical finding')}: ${listed(ids)}`, 'bad'] as const]),
  ];
  return sentences.flatMap(([text, tone]) =>
    wrapped(text, width).map((line): Line => [{ text: `      ${line}`, tone }]),
  );
}

/** How namespaces are told: with the marks of a comparison, and with what they consist of below. */
interface Manner {
  readonly isCompared: boolean;
  readonly isDetailed: boolean;
}

/** Each namespace with what is planned for it, in short. */
export function namespaceLines(
  namespaces: readonly PlannedNamespace[],
  columns: number,
  { isCompared, isDetailed }: Manner,
): readonly Line[] {
  const longest = greatest([0, ...namespaces.map(({ namespace }) => namespace.length)]);
  const width = Math.max(40, columns - 6);
  return namespaces.flatMap((each): readonly Line[] => {
    const { says, tone, mark = ' ' } = standings[each.standing];
    const by = each.approvedBy === undefined ? '' : ` by ${each.approvedBy}`;
    const title: Line = [
      { text: isCompared ? `${mark} ` : '  ', tone },
      { text: each.namespace.padEnd(longest) },
      { text: `  ${says}${each.standing === 'Approved' ? by : ''}`, tone },
      { text: each.wave === undefined ? '' : `  wave ${each.wave}`, tone: 'dim' },
    ];
    return [title, ...wordsOf(each, width, isDetailed)];
  });
}

/** What is to be known besides. */
export function notesOf({ wavesUnread }: PlanView): readonly Line[] {
  return wavesUnread === true
    ? [
        [
          {
            text: 'Which namespace is in which wave is not told, because you may not list namespaces: all are shown.',
            tone: 'busy',
          },
        ],
      ]
    : [];
}

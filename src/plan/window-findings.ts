import type { Finding } from '../api/common.ts';
import type { MeshMigration, NamespaceMigration } from '../api/resources.ts';
import type { Window } from '../api/windows.ts';
import { timestamp } from '../base/clock.ts';
import { cutText } from '../base/cut-text.ts';
import { inMinutes } from '../base/duration.ts';
import { printable } from '../base/printable.ts';
import { marginMs } from './start-hold.ts';
import { timetableOf, type Readable, type Unreadable } from './timetable.ts';
import { openingOf } from './windows.ts';

/** So far away nobody waits for it. */
const farMs = 14 * 24 * 3_600_000;

interface Wrong {
  readonly severity: Finding['severity'];
  readonly message: string;
  readonly fix: string;
}

const examples: Readonly<Record<Unreadable['field'], string>> = {
  schedule: 'five fields of cron, for example "0 22 * * 1-5" for ten in the evening on working days',
  timeZone: 'the name of a time zone, for example Europe/Berlin or UTC',
};

function cannotBeRead({ place, field, window, why }: Unreadable): Wrong {
  const path = `spec.windows[${place}].${field}`;
  return {
    severity: 'Critical',
    message: `${path} ${JSON.stringify(window[field])} cannot be read: ${cutText(printable(why), 200)}`,
    fix: `Write ${examples[field]} into ${path}.`,
  };
}

/** One that denies and never does protects nobody; one that allows, while others do, is of no use. */
function neverBegins({ place, window: { kind, schedule } }: Readable): Wrong {
  const denies = kind === 'Deny';
  return {
    severity: denies ? 'Critical' : 'Warning',
    message: `spec.windows[${place}].schedule ${JSON.stringify(schedule)} names a day that no year has: it never ${denies ? 'keeps anybody from being started' : 'opens'}`,
    fix: 'Correct the day or the month, or take the window out.',
  };
}

const lengthen = 'Have a window that allows begin elsewhere or last longer, or one that denies last shorter.';

/** Why nothing is started: what is open is too short, or nothing is. */
function whyNot(windows: readonly Window[], now: number, median: number | undefined): string {
  const { state, nextOpen } = openingOf(windows, now);
  return median !== undefined && (state === 'Open' || nextOpen !== undefined)
    ? `none of the next windows is open for as long as namespaces take, ${inMinutes(median)} by the median of those before`
    : 'none of them opens, or each that does is denied';
}

/** That nothing is ever started, or not for as long as nobody waits; or that windows close nothing. */
function asAWhole({ spec: { windows } }: MeshMigration, now: number, median: number | undefined): readonly Wrong[] {
  const { lookedUntil, state, closesAt } = openingOf(windows, now, median);
  if (lookedUntil !== undefined) {
    const until = lookedUntil === Infinity ? 'for good' : `until ${timestamp(lookedUntil)} at least`;
    return [
      {
        severity: lookedUntil - now > farMs ? 'Critical' : 'Warning',
        message: `by spec.windows nothing is started ${until}: ${whyNot(windows, now, median)}`,
        fix: lengthen,
      },
    ];
  }
  if (state !== 'Open' || closesAt !== undefined || !windows.some(({ kind }) => kind === 'Allow')) return [];
  return [
    {
      severity: 'Warning',
      message:
        'spec.windows never closes, as far as is looked: one that allows lasts until it, or another one, begins again',
      fix: 'Have it last shorter, or take the windows out.',
    },
  ];
}

/**
 * MM163: windows in which nothing begins, or that say what they cannot mean. What is critical of it has nobody started:
 * a window that cannot be read may have been meant to deny.
 */
export function windowFindings(
  migration: MeshMigration,
  records: readonly NamespaceMigration[],
  now: number,
): readonly Finding[] {
  const { windows } = migration.spec;
  if (windows.length === 0) return [];
  const { readable, unreadable } = timetableOf(windows);
  const wrong: readonly Wrong[] = [
    ...unreadable.map(cannotBeRead),
    ...readable.filter(({ isEver }) => !isEver).map(neverBegins),
    ...(unreadable.length > 0 ? [] : asAWhole(migration, now, marginMs(migration, records))),
  ];
  return wrong.map((each) => ({ id: 'MM163', object: `MeshMigration ${migration.metadata.name}`, ...each }));
}

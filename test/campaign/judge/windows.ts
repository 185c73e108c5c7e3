import { items, text } from './json.ts';

const minuteMs = 60_000;

/** Windows of the campaign begin every so many minutes, from one of the hour on, by UTC, and last for some. */
const schedule = /^(\d+)-59\/(\d+) \* \* \* \*$/;
const duration = /^(\d+)m$/;

function isIn(window: Readonly<Record<string, unknown>>, ms: number): boolean {
  const [, first, every] = schedule.exec(text(window['schedule'])) ?? [];
  const [, lasts] = duration.exec(text(window['duration'])) ?? [];
  if (first === undefined || every === undefined || lasts === undefined)
    throw new RangeError(`no window of the campaign: ${JSON.stringify(window)}`);
  const since =
    (((ms - Number(first) * minuteMs) % (Number(every) * minuteMs)) + Number(every) * minuteMs) %
    (Number(every) * minuteMs);
  return since < Number(lasts) * minuteMs;
}

/** Whether namespaces may be started at a moment: within one that allows, where there are any, and in none that denies. */
export function areOpen(windows: unknown, ms: number): boolean {
  const all = items(windows);
  const allow = all.filter(({ kind }) => kind === 'Allow');
  const deny = all.filter(({ kind }) => kind === 'Deny');
  if (deny.some((window) => isIn(window, ms))) return false;
  return allow.length === 0 || allow.some((window) => isIn(window, ms));
}

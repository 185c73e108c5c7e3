import type { Surroundings } from '../../adapter.ts';
import type { CallersBefore } from '../../others.ts';
import { certainOf, guardedServices, type Callers } from './callers.ts';
import { getsWaypoint } from './choose.ts';
import { markOfCalled, writtenCaller } from './remembered-callers.ts';

/** As much of an annotation as the callers may take beside all else that is remembered. */
const maxLength = 4096;

/** Of so many Services it is remembered that their callers were known; `Flip` waits where nobody knows those of others any more. */
const mostServices = 200;

/** Whether who calls is known now, or was at a start before. */
function isKnown(callers: Callers): boolean {
  return callers.kind === 'Known' || callers.settled === true;
}

type Who = Pick<CallersBefore, 'named' | 'seen'>;

function fits(who: Who): boolean {
  return JSON.stringify(who).length <= maxLength;
}

/** Their namespaces alone: more than call, and nobody is missing. */
function coarser({ named, seen }: Who): Who {
  const namespaces = (all: readonly string[]): readonly string[] => [
    ...new Set(all.map((each) => each.split('/')[0] ?? '')),
  ];
  return { named: namespaces(named), seen: namespaces(seen) };
}

/**
 * Who calls what refuses sidecars, to be kept from the start on. Safe: E does not rest on it, a caller that nobody waits
 * for is refused. What is too much is not kept, and then `Flip` waits for as long as nobody knows who calls.
 */
export function callersBefore(surroundings: Surroundings): CallersBefore | undefined {
  if (surroundings.spec.policies.bypass !== 'CallersFirst' || !getsWaypoint(surroundings)) return undefined;
  const known = guardedServices(surroundings).filter(({ callers }) => isKnown(callers));
  const all = [...new Set(known.map(({ callers }) => callers))].flatMap(certainOf);
  const written = (seen: boolean): readonly string[] =>
    [
      ...new Set(
        all.filter((each) => (each.seen === true) === seen).flatMap(({ callers }) => callers.map(writtenCaller)),
      ),
    ].sort();
  const who = [{ named: written(false), seen: written(true) }].flatMap((each) => [each, coarser(each)]).find(fits);
  if (who === undefined) return undefined;
  const of = [...new Set(known.map(({ service }) => markOfCalled(service.name)))].sort();
  return { of: of.slice(0, mostServices), ...who };
}

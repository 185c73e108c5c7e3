import type { Surroundings } from '../../adapter.ts';
import type { Awaiting, Refusing } from '../../others.ts';
import { circleFrom } from '../../circle.ts';
import { listed } from '../../../base/counted.ts';
import { memoize } from '../../../base/memoize.ts';
import { concerns, modeOf } from '../vocabulary/pod-mode.ts';
import type { WorkloadView } from '../../views.ts';
import { everywhere, ofEach } from './calls/question.ts';
import { isMissedAlready, unseenAtSidecars, unseenFromAmbient } from './calls/unseen-callers.ts';
import { declaredByAll } from './all-declare.ts';
import { aroundBack } from './exit/around-back.ts';
import { isExit } from './exit/route.ts';
import { callsFrom, goesPast, guardedServices, isGateway, runs } from './callers.ts';
import { askedOf, inNoCircle, nobody, type Waits } from './neighbour.ts';
import {
  calledOpening,
  isGoingBack,
  isLostAt,
  openingBack,
  firstAlike,
  refusedNameless,
  type Words,
} from './opening-back.ts';
import { passedBy, passedByFix, passesBy } from './passed-by.ts';
import { isBehindWaypoint } from './behind-waypoint.ts';
import { isGuarding, refusedHere } from './standing-guards.ts';

/*
 * The way back between namespaces. A pod with a sidecar does not use waypoints: it goes past that of whom it calls, and pods without a
 * sidecar refuse it there (the guard). So whoever is called gets its sidecars back first, and its callers after it.
 */

/**
 * A namespace behind a waypoint that a migration has made, as it sees itself. Who calls it is what any migration
 * declares: it may have been moved by another, on exactly that.
 */
const moved = memoize((there: Surroundings): Surroundings => {
  const callers = declaredByAll(there).filter(({ namespace }) => namespace === there.namespace.name);
  return { ...there, spec: { ...there.spec, callers }, itinerary: 'L7' };
});

/**
 * The namespaces whose guards would refuse this one if it had its sidecars now. Their guards alone say so: records and
 * journals are not there where they cannot be made, were lost, or where a migration has let go.
 */
function guardsRefusing(surroundings: Surroundings): readonly string[] {
  const {
    namespace: { name: home },
    scope,
  } = surroundings;
  if (scope === undefined || !goesPast(surroundings)) return [];
  const refuse = (there: Surroundings, name: string): boolean =>
    isGuarding(name, home, surroundings) &&
    (scope.wayBack(name) !== 'Stays' || isBehindWaypoint(name, surroundings)) &&
    refusedHere(moved(there), [home]).length > 0;
  // Whoever goes back waits for nobody of whom that cannot be told: he would never be back.
  return ofEach(
    everywhere(surroundings).filter((name) => name !== home),
    surroundings,
    (there) => (refuse(there, there.namespace.name) ? [there.namespace.name] : []),
  );
}

/** Those at the other end of calls that would be refused if the namespace went back before them. */
function refusers(surroundings: Surroundings): Waits {
  const { known, guessed } = refusedNameless(surroundings);
  const sure = [...new Set([...guardsRefusing(surroundings), ...known])];
  return { known: sure, guessed: guessed.filter((name) => !sure.includes(name)) };
}

/** The same of another namespace. */
function refusersOf(name: string, surroundings: Surroundings): Waits {
  return name === surroundings.namespace.name
    ? refusers(surroundings)
    : askedOf(surroundings, name, refusers, () => nobody);
}

/**
 * Who would refuse the namespace if it went back, with those that would refuse these in turn, because they have to go
 * back with it.
 */
export function refusing(surroundings: Surroundings): Refusing {
  const {
    namespace: { name: home },
    scope,
  } = surroundings;
  const along = new Set<string>();
  const stay = new Set<string>();
  const asked = [home];
  for (const name of asked) {
    const ofName = (ask: (there: Surroundings) => readonly string[]): readonly string[] =>
      name === home ? ask(surroundings) : askedOf<readonly string[]>(surroundings, name, ask, () => []);
    const { known, guessed } = refusersOf(name, surroundings);
    for (const other of [...known, ...guessed, ...ofName(calledOpening)]) {
      const way = scope?.wayBack(other);
      if (way === 'Stays') stay.add(other);
      if (way !== 'ComesAlong' || along.has(other) || other === home) continue;
      along.add(other);
      asked.push(other);
    }
  }
  return { along: [...along].sort(), stay: [...stay].sort() };
}

/**
 * The first of the namespaces that go back whose calls this one would refuse then, or not know: it has to go with it.
 */
export function refuses(surroundings: Surroundings): string | undefined {
  const {
    namespace: { name: home },
    services,
    scope,
  } = surroundings;
  const going = goesPast(surroundings) ? (scope?.goingBack() ?? []) : [];
  const refused = refusedHere(surroundings, going)[0];
  if (refused !== undefined || !services.some(({ headless }) => headless)) return refused;
  return going.find(
    (name) =>
      name !== home &&
      askedOf(
        surroundings,
        name,
        (there) => isLostAt(home, there),
        () => false,
      ),
  );
}

/** Those that somebody has to wait for. */
function namesOf(surroundings: Surroundings): readonly string[] {
  const passing = openingBack(surroundings).filter(({ words }) => words.forGood !== true);
  return [...new Set(passing.map(({ namespace }) => namespace))];
}

/** Those for which a namespace waits because something would get through, and that come. */
function awaitedIn(name: string, surroundings: Surroundings): readonly string[] {
  const names =
    name === surroundings.namespace.name
      ? namesOf(surroundings)
      : askedOf<readonly string[]>(surroundings, name, namesOf, () => []);
  return names.filter((each) => isGoingBack(each, surroundings));
}

/**
 * Those of the namespaces that would refuse this one for which it does not wait for itself in the end: in a circle
 * nobody waits for that, nor where that cannot be told, because nobody would ever be back. To be refused for a while is
 * less than what might get through if those waited no more that do not see who calls.
 */
function awaitable(surroundings: Surroundings): readonly string[] {
  const coming = (names: readonly string[]): readonly string[] =>
    names.filter((name) => surroundings.scope?.wayBack(name) !== 'Stays');
  const refusing = (name: string): Waits => {
    const { known, guessed } = refusersOf(name, surroundings);
    return { known: coming(known), guessed: coming(guessed) };
  };
  const waitsFor = (name: string): Waits => {
    const { known, guessed } = refusing(name);
    return { known: [...known, ...awaitedIn(name, surroundings)], guessed };
  };
  const { name: home } = surroundings.namespace;
  return [...inNoCircle(home, refusing(home), waitsFor, 'DoesNot')].sort();
}

/** What keeps the ones that are waited for, in brackets; undefined when each goes on by itself. */
function stand(names: readonly string[], { scope }: Surroundings): string | undefined {
  const standing = names.flatMap((name) => {
    const why = scope?.stalledBack(name);
    return why === undefined ? [] : [`${name} does not go on: ${why}`];
  });
  return standing.length === 0 ? undefined : `, but ${listed(standing)}`;
}

/**
 * Before pods get their sidecars back: no namespace that they call has pods that would refuse them. Those that go back,
 * or come along, are waited for; for one that stays somebody has to decide, because whoever goes back all the same is
 * refused there for good.
 */
function awaitsCalled(surroundings: Surroundings): Awaiting | undefined {
  const going = awaitable(surroundings);
  if (going.length > 0) {
    const standing = stand(going, surroundings);
    const who = isExit(surroundings.route)
      ? `calls of sidecars in ${listed(going)} would be refused here: they leave theirs first`
      : `pods of ${listed(going)} would refuse sidecars from here: they get theirs back first`;
    const message = `${who}, then this goes on by itself${standing ?? ''}`;
    return { stuck: standing !== undefined, namespaces: going, message };
  }
  const stay = guardsRefusing(surroundings).filter((name) => surroundings.scope?.wayBack(name) === 'Stays');
  if (stay.length === 0) return undefined;
  return {
    stuck: true,
    yields: true,
    message: `calls from here to ${listed(stay)} would be refused: these stay behind their waypoints, because they are finalized, another migration's, or without a journal (MM007)`,
  };
}

/** Why some of them do not come by themselves, and what a person can do then; undefined if all of them come. */
function whyNoneComes(
  names: readonly string[],
  { stay, otherwise, takenAlong }: Words,
  surroundings: Surroundings,
): string | undefined {
  const {
    namespace: { name: home },
    scope,
  } = surroundings;
  const isComing = (name: string): boolean => takenAlong === true && scope?.wayBack(name) === 'ComesAlong';
  const staying = names.filter((name) => !isGoingBack(name, surroundings) && !isComing(name));
  const along = staying.filter((name) => scope?.wayBack(name) === 'ComesAlong');
  if (staying.length > along.length)
    return `but ${listed(staying.filter((name) => !along.includes(name)))} ${stay}: ${otherwise}`;
  if (along.length > 0) return `but ${listed(along)} do not: roll them back too, or ${otherwise}`;
  // Each of them would open what it decides by: no order is safe.
  const circle = circleFrom(home, (name) => awaitedIn(name, surroundings));
  return circle && `but they wait for each other in a circle, ${circle.join(' for ')}: ${otherwise}`;
}

/**
 * Before pods are in ambient and others have sidecars that decide by what these do not see of callers in ambient:
 * whoever it is about has gone first. What such a policy refuses would get through, and that is worse than to wait, or
 * to be refused for a while; with the policy written by identities it goes on.
 */
function awaitsUnseenOthers(surroundings: Surroundings): Awaiting | undefined {
  const first = firstAlike(openingBack(surroundings));
  if (first === undefined) return undefined;
  const { words, names, what, lasting } = first;
  if (lasting !== undefined) return { stuck: true, message: lasting };
  const why = whyNoneComes(names, words, surroundings);
  const standing = why === undefined ? stand(names, surroundings) : `, ${why}`;
  const refused = why === undefined && goesPast(surroundings) ? refusedHere(surroundings, names) : [];
  const meanwhile =
    refused.length === 0
      ? ''
      : `; from then on until this follows it refuses what ${listed(refused)} call behind its waypoint`;
  const message = `${what}: ${listed(names)} ${words.first}${meanwhile}${standing ?? ''}`;
  return { stuck: standing !== undefined, namespaces: names, message };
}

/** What no sidecar would read: whoever wrote it can write it for them too, and nobody else can. */
function awaitsPassedBy(surroundings: Surroundings): Awaiting | undefined {
  const [first] = passedBy(surroundings);
  return first && { stuck: true, message: `${passesBy(first)}. ${passedByFix}` };
}

/** Before pods get back into their old data plane. */
export function awaitsOthersBack(surroundings: Surroundings): Awaiting | undefined {
  return awaitsPassedBy(surroundings) ?? awaitsUnseenOthers(surroundings) ?? awaitsCalled(surroundings);
}

/**
 * What would keep a rollback of the whole migration from ever ending: something would get through, and whom it is about
 * does not go back with it. Asked at rest, before somebody needs the way back.
 */
export function waitsForEver(surroundings: Surroundings): string | undefined {
  const stays = (name: string): boolean => surroundings.scope?.wayBack(name) === 'Stays';
  const staying = openingBack(surroundings).filter(
    ({ namespace, words }) => words.forGood === true || stays(namespace),
  );
  const first = firstAlike(staying);
  if (first === undefined) return inCircle(surroundings);
  const { words, names, what, lasting } = first;
  return lasting ?? `${what}, and ${listed(names)} ${words.stay}: ${words.otherwise}`;
}

/** Those of which each would go around the waypoint of the next: no order takes all of them back. */
function inCircle(surroundings: Surroundings): string | undefined {
  const around = firstAlike(openingBack(surroundings).filter(({ words }) => words.around === true));
  if (around === undefined) return undefined;
  const circle = circleFrom(surroundings.namespace.name, (name) => goingAround(name, surroundings));
  return (
    circle &&
    `${around.what}, and they wait for each other in a circle, ${circle.join(' for ')}: ${around.words.otherwise}`
  );
}

function goingAround(name: string, surroundings: Surroundings): readonly string[] {
  const ask = (there: Surroundings): readonly string[] => aroundBack(there).map(({ namespace }) => namespace);
  const around =
    name === surroundings.namespace.name
      ? ask(surroundings)
      : askedOf<readonly string[]>(surroundings, name, ask, () => []);
  // What stays waits for nobody, and what is remembered of its callers is its own.
  return around.filter((each) => surroundings.scope?.wayBack(each) !== 'Stays');
}

/**
 * Before Services are unbound: callers that go back have left ambient. Each connection through the waypoint that one of
 * them keeps open would get one
 * 503. Whoever stays in ambient, or does not go on, is not waited for.
 */
export function awaitsLeavers(surroundings: Surroundings): Awaiting | undefined {
  const { scope, mesh } = surroundings;
  const going = (scope?.goingBack() ?? []).filter(
    (name) => name !== surroundings.namespace.name && scope?.stalledBack(name) === undefined,
  );
  const still = going.filter((name) =>
    mesh.pods(name).some((pod) => runs(pod) && concerns(pod) && !isGateway(pod) && modeOf(pod) === 'Ambient'),
  );
  if (still.length === 0) return undefined;
  const services = guardedServices(surroundings);
  const leaving = still.filter((name) => services.some(({ callers }) => callsFrom(name, callers, surroundings)));
  if (leaving.length === 0) return undefined;
  return {
    stuck: false,
    message: `its callers in ${listed(leaving)} go back too: they leave the waypoint first, then this goes on by itself`,
  };
}

/**
 * Before the first workload is brought back: what would get through while those beside it are in the other data plane.
 * The policy can always be written by identities.
 */
export function awaitsUnseenBeside(surroundings: Surroundings, workload: WorkloadView): Awaiting | undefined {
  const { unseen = [], callers = '' } =
    (isExit(surroundings.route)
      ? unseenFromAmbient(surroundings, workload)
      : unseenAtSidecars(surroundings, workload)) ?? {};
  const opens = unseen.filter(({ effect }) => effect === 'Opens');
  if (opens.length === 0 || isMissedAlready(surroundings)) return undefined;
  const policies = listed(opens.map(({ policy }) => `${policy.namespace}/${policy.name}`));
  return {
    stuck: true,
    message:
      `sidecars do not see where callers in ambient come from, which AuthorizationPolicy ${policies} asks about, and what it refuses might get through at ${listed(opens[0]?.pods ?? [])}, called by ${callers}. ` +
      'Name the callers in the policy by principals, namespaces or serviceAccounts, or replace these pods',
  };
}

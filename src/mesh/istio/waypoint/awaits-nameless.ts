import { listed } from '../../../base/counted.ts';
import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import type { Awaiting } from '../../others.ts';
import { callsTo, namelessCalls, type Nameless } from './calls/nameless-calls.ts';
import { everywhere } from './calls/question.ts';
import { halt } from './awaits.ts';
import { askedOf, inNoCircle, nobody, waitsOf, type Waits } from './neighbour.ts';

/*
 * On the way from ambient to sidecars whoever is called by a headless Service goes first, where a migration moves both and neither waits for the other:
 * sidecars call each other so by mutual TLS.
 */

/** Whether it is over once the called have moved, and the migration moves them. */
function goesFirst({ passes, namespace }: Nameless, { scope, namespace: home }: Surroundings): boolean {
  return passes && namespace !== home.name && scope?.moves(namespace) === true;
}

function awaitedOf(calls: readonly Nameless[], surroundings: Surroundings): Waits {
  return waitsOf(calls.filter((each) => goesFirst(each, surroundings)));
}

/** The namespaces for which another one waits: of all that it may call only those are asked that move. */
function waitsFor(there: Surroundings): Waits {
  const moving = everywhere(there).filter((name) => there.scope?.moves(name) === true);
  return awaitedOf(callsTo(moving, there), there);
}

/**
 * Those of some namespaces that do not wait in turn, in the end, for the one that would wait for them. Where that cannot
 * be told it waits.
 */
function notWaiting(names: Waits, surroundings: Surroundings): ReadonlySet<string> {
  const waits = (name: string): Waits => askedOf(surroundings, name, waitsFor, () => nobody);
  return inNoCircle(surroundings.namespace.name, names, waits, 'Waits');
}

interface Split {
  readonly first: readonly Nameless[];
  readonly forGood: readonly Nameless[];
}

const split = memoize((surroundings: Surroundings): Split => {
  const all = namelessCalls(surroundings);
  const waited = notWaiting(awaitedOf(all, surroundings), surroundings);
  const isWaited = (each: Nameless): boolean => goesFirst(each, surroundings) && waited.has(each.namespace);
  return { first: all.filter(isWaited), forGood: all.filter((each) => !isWaited(each)) };
});

/**
 * What no order of the namespaces helps: the called stay, are the namespace itself, or wait for it in turn; or it is so
 * between sidecars too.
 */
export function namelessForGood(surroundings: Surroundings): readonly Nameless[] {
  return split(surroundings).forGood;
}

/** Before pods have sidecars: whom they call by headless Services, and who decides by who calls, has one. */
export function awaitsNameless(surroundings: Surroundings): Awaiting | undefined {
  const { first } = split(surroundings);
  if (first.length === 0) return undefined;
  const names = [...new Set(first.map(({ namespace }) => namespace))];
  const policies = [...new Set(first.map(({ policy }) => `${policy.kind} ${policy.namespace}/${policy.name}`))];
  const halted = halt(names, surroundings);
  return {
    stuck: halted !== undefined,
    namespaces: names,
    message: `sidecars call pods in ambient behind headless Services without an identity, which ${listed(policies)} ask for: ${listed(names)} are in scope and go first, then this goes on by itself${halted ?? ''}`,
  };
}

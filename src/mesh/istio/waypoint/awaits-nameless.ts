import { listed } from '../../../base/counted.ts';
import type { Surroundings } from '../../adapter.ts';
import { circleFrom } from '../../circle.ts';
import type { Awaiting } from '../../others.ts';
import { namelessCalls, type Nameless } from '../nameless-calls.ts';
import { halt } from './awaits.ts';
import { askedOf, inChain, link } from './neighbour.ts';

/*
 * On the way from ambient to sidecars whoever is called by a headless Service goes first, where a migration moves both and neither waits for the other:
 * sidecars call each other so by mutual TLS.
 */

/** Whether it is over once the called have moved, and the migration moves them. */
function goesFirst({ passes, namespace }: Nameless, { scope, namespace: home }: Surroundings): boolean {
  return passes && namespace !== home.name && scope?.moves(namespace) === true;
}

/** The namespaces for which one waits before its labels change. */
function waitsFor(surroundings: Surroundings): readonly string[] {
  return [
    ...new Set(
      namelessCalls(surroundings)
        .filter((each) => goesFirst(each, surroundings))
        .map(({ namespace }) => namespace),
    ),
  ];
}

/** Whether a namespace that waits for `first` waits for itself in the end. Where that cannot be told it waits. */
function leadsBack(first: string, surroundings: Surroundings): boolean {
  const home = surroundings.namespace.name;
  const next = link((name: string) =>
    name === home ? [first] : askedOf<readonly string[]>(surroundings, name, waitsFor, () => []),
  );
  return inChain(() => circleFrom(home, next) !== undefined, false);
}

interface Split {
  readonly first: readonly Nameless[];
  readonly forGood: readonly Nameless[];
}

function split(surroundings: Surroundings): Split {
  const waited = new Set(waitsFor(surroundings).filter((name) => !leadsBack(name, surroundings)));
  const isWaited = (each: Nameless): boolean => goesFirst(each, surroundings) && waited.has(each.namespace);
  const all = namelessCalls(surroundings);
  return { first: all.filter(isWaited), forGood: all.filter((each) => !isWaited(each)) };
}

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
    message: `sidecars call pods in ambient behind headless Services without an identity, which ${listed(policies)} ask for: ${listed(names)} are in scope and go first, then this goes on by itself${halted ?? ''}`,
  };
}

import { listed } from '../../../base/counted.ts';
import type { Surroundings } from '../../adapter.ts';
import type { Awaiting } from '../../others.ts';
import { unseenBy, type Called } from './calls/unseen-callers.ts';
import { awaitedCallers, halt } from './awaits.ts';
import { inNoCircle, neighbour, waitsOf, type Waits } from './neighbour.ts';

/*
 * Sidecars do not see where a caller in ambient comes from, ztunnel does. So whoever is called and decides by that moves first, where a migration
 * moves both and neither waits for the other.
 */

/** Whether the migration takes away the sidecars of another namespace, so that they can be waited for. */
function goesFirst(namespace: string, { route, scope, namespace: home }: Surroundings): boolean {
  return route.from === 'IstioSidecar' && namespace !== home.name && scope?.moves(namespace) === true;
}

function awaitedOf(called: readonly Called[], surroundings: Surroundings): Waits {
  return waitsOf(called.filter(({ namespace }) => goesFirst(namespace, surroundings)));
}

/** The namespaces for which one waits before its labels change: those that it calls, and those that call it. */
function waitsFor(surroundings: Surroundings): Waits {
  const { known, guessed } = awaitedOf(unseenBy(surroundings), surroundings);
  const callers = [...awaitedCallers(surroundings).keys()];
  return { known: [...known, ...callers.filter((name) => surroundings.scope?.moves(name) === true)], guessed };
}

interface Split {
  readonly first: readonly Called[];
  readonly forGood: readonly Called[];
}

function split(surroundings: Surroundings): Split {
  const all = unseenBy(surroundings);
  const home = surroundings.namespace.name;
  // Where the namespace stands in its own way nothing is waited for, and nobody has to be asked about circles.
  const isOwn = all.some(({ namespace, effect }) => namespace === home && effect === 'Opens');
  const names = awaitedOf(all, surroundings);
  // Where it cannot be told it waits.
  const waits = (name: string): Waits => waitsFor(neighbour(surroundings, name));
  const waited = isOwn ? new Set([...names.known, ...names.guessed]) : inNoCircle(home, names, waits, 'Waits');
  return {
    first: all.filter(({ namespace }) => waited.has(namespace)),
    forGood: all.filter(({ namespace }) => !waited.has(namespace)),
  };
}

/** What no order of the namespaces helps: the called stay, are the namespace itself, or wait for it in turn. */
export function unseenForGood(surroundings: Surroundings): readonly Called[] {
  return split(surroundings).forGood;
}

/**
 * Before pods call from ambient: whom they call, and who decides by what sidecars do not see of them, has no sidecar
 * any more.
 */
export function awaitsUnseen(surroundings: Surroundings): Awaiting | undefined {
  const { first } = split(surroundings);
  if (first.length === 0) return undefined;
  const names = [...new Set(first.map(({ namespace }) => namespace))];
  const policies = [...new Set(first.map(({ policy }) => `${policy.namespace}/${policy.name}`))];
  const halted = halt(names, surroundings);
  return {
    stuck: halted !== undefined,
    namespaces: names,
    message: `sidecars that it may call do not see where callers in ambient come from, which AuthorizationPolicy ${listed(policies)} asks about: ${listed(names)} are in scope and go first, then this goes on by itself${halted ?? ''}`,
  };
}

import type { NamespaceCallers } from '../mesh/adapter.ts';

/** One namespace that calls another, or may, and how that is known. */
export interface Call {
  readonly caller: string;
  readonly called: string;
  /** False: nobody says who calls `called`, so everybody may. */
  readonly known: boolean;
  /** How it is known, or why not: `spec.callers`, `its ALLOW policies`. */
  readonly why: string;
}

/** Who calls whom among some namespaces. The one graph by which namespaces wait for each other, on the way there and back. */
export interface CallGraph {
  /** Sorted by name. */
  readonly namespaces: readonly string[];
  /** Others that call the namespace, or may. */
  callersOf(called: string): readonly Call[];
  /** Others that the namespace calls, or may. */
  calledBy(caller: string): readonly Call[];
}

/**
 * The graph over some namespaces, from what an adapter knows (`callersOf`). Each namespace is asked about once, and only when somebody
 * wants to know: a thousand namespaces have a million pairs.
 */
export function callGraph(namespaces: Iterable<string>, callersOf: (namespace: string) => NamespaceCallers): CallGraph {
  const names = [...new Set(namespaces)].sort();
  const answers = new Map<string, NamespaceCallers>();
  const answer = (called: string): NamespaceCallers => {
    const known = answers.get(called) ?? callersOf(called);
    answers.set(called, known);
    return known;
  };
  const call = (caller: string, called: string): Call | undefined => {
    const callers = answer(called);
    if (caller === called) return undefined;
    if (callers.kind === 'Unknown') return { caller, called, known: false, why: callers.why };
    return callers.namespaces.includes(caller) ? { caller, called, known: true, why: callers.from } : undefined;
  };
  return {
    namespaces: names,
    callersOf: (called) => names.flatMap((caller) => call(caller, called) ?? []),
    calledBy: (caller) => names.flatMap((called) => call(caller, called) ?? []),
  };
}

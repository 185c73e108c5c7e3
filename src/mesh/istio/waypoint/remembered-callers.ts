import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import type { CallersBefore } from '../../others.ts';
import type { Caller, KnownCallers } from './callers.ts';
import { markOf } from './calls/mark.ts';

/*
 * Who called at the start is kept in the journal, where nobody in the namespace writes: an answer that becomes Unknown
 * afterwards (an operator that has just started, a Prometheus that is away, a policy that somebody replaces) makes
 * nobody of nobody. Accounts are kept as long as there is room, because a whole namespace is more than call.
 */

/** A caller, in the words of the journal. */
export function writtenCaller({ namespace, serviceAccount, workload }: Caller): string {
  if (serviceAccount === undefined) return namespace;
  return [namespace, serviceAccount, ...(workload === undefined ? [] : [workload])].join('/');
}

function readCaller(written: string): Caller {
  const [namespace = '', serviceAccount, workload] = written.split('/');
  return {
    namespace,
    ...(serviceAccount !== undefined && { serviceAccount }),
    ...(workload !== undefined && { workload }),
  };
}

/** By which a Service is known again; what it is made of meanwhile does not matter, but who calls it. */
export function markOfCalled(name: string): string {
  return markOf('calls', name, '');
}

interface Remembered {
  readonly of: ReadonlySet<string>;
  readonly callers: readonly KnownCallers[];
}

const read = memoize(({ of, named, seen }: CallersBefore): Remembered => {
  const from = 'what was known at its start';
  const all = [
    { kind: 'Known', from, callers: named.map(readCaller) },
    { kind: 'Known', from, callers: seen.map(readCaller), seen: true },
  ] as const;
  return { of: new Set(of), callers: all.filter(({ callers }) => callers.length > 0) };
});

/** Who called in a namespace at its start, whichever of its Services. */
export function rememberedIn(namespace: string, { scope }: Surroundings): readonly KnownCallers[] {
  const before = scope?.callersBefore(namespace);
  return before === undefined ? [] : read(before).callers;
}

/** Whether it was known at the start who calls a Service. */
export function isRemembered(
  { namespace, name }: { readonly namespace: string; readonly name: string },
  { scope }: Surroundings,
): boolean {
  const before = scope?.callersBefore(namespace);
  return before !== undefined && read(before).of.has(markOfCalled(name));
}

const apart = memoize((_known: KnownCallers) => new Map<string, readonly KnownCallers[]>());

function partOf(known: KnownCallers, home: string): readonly KnownCallers[] {
  const isAll = ({ namespace, serviceAccount }: Caller): boolean => namespace === home && serviceAccount === undefined;
  if (!known.callers.some(isAll)) return [known];
  const callers = known.callers.filter((caller) => !isAll(caller));
  const found = apart(known).get(home) ?? (callers.length === 0 ? [] : [{ ...known, callers }]);
  apart(known).set(home, found);
  return found;
}

/**
 * Those who call besides whom metrics have seen in a namespace. Without that as a whole: where all call all there is no
 * order, and metrics tell who does.
 */
export function besides(all: readonly KnownCallers[], home: string): readonly KnownCallers[] {
  return all.flatMap((known) => partOf(known, home));
}

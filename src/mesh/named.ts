import type { Finding } from '../api/common.ts';
import type { Surroundings } from './adapter.ts';

/** `VirtualService shared/*`: all of the kind that stand beside an object. */
export function allBeside(object: string): string {
  return object.replace(/\/[^/]*$/, '/*');
}

/** Whether an entry of `spec.accept` is about an object, by its name or with all others beside it. */
export function isNamed(entry: { readonly object: string }, { object }: { readonly object: string }): boolean {
  return entry.object === object || entry.object === allBeside(object);
}

/** Whether somebody may have answered for a finding of a namespace, by whatever of the spec names it. */
export function isAnsweredIn({
  spec: { accept },
  acknowledged = [],
  namespace: { name },
}: Pick<Surroundings, 'spec' | 'acknowledged' | 'namespace'>): (finding: Pick<Finding, 'id' | 'object'>) => boolean {
  const ids = new Set<string>([...accept.map(({ finding }) => finding), ...acknowledged.map(({ id }) => id)]);
  return (finding) =>
    ids.has(finding.id) &&
    (accept.some((entry) => entry.finding === finding.id && isNamed(entry, finding)) ||
      acknowledged.some(
        ({ id, namespace = name, object = finding.object }) =>
          id === finding.id && namespace === name && object === finding.object,
      ));
}

import type { Acknowledgement } from '../api/acknowledged.ts';
import type { MeshMigrationSpec } from '../api/mesh-migration-spec.ts';

/** `VirtualService shared/*`: all of the kind that stand beside an object. */
export function allBeside(object: string): string {
  return object.replace(/\/[^/]*$/, '/*');
}

/** Whether an entry of `spec.accept` is about an object, by its name or with all others beside it. */
export function isNamed(entry: { readonly object: string }, { object }: { readonly object: string }): boolean {
  return entry.object === object || entry.object === allBeside(object);
}

/**
 * What would block a namespace, and does not because somebody has answered for it. What the namespace has itself is named
 * by its object; what others bring about by what was said of it, because they decide when it is there.
 */
export interface Answered {
  readonly id: string;
  readonly object: string;
  readonly by: 'Own' | 'Others';
}

/** An entry of `spec.accept`, as what was said: with what was looked at, or another object would be accepted by it. */
export function saidByAcceptance({
  finding,
  object,
  digest,
}: MeshMigrationSpec['accept'][number]): Pick<Answered, 'id' | 'object'> {
  return { id: finding, object: digest === undefined ? object : `${object} ${digest}` };
}

/** An entry of `spec.acknowledge`, as what was said: of all objects where it names none. */
export function saidByAcknowledgement({ id, object = '*' }: Acknowledgement): Pick<Answered, 'id' | 'object'> {
  return { id, object };
}

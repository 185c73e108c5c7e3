import { inNoMesh, isOutside } from '../plan/left.ts';
import type { Read } from './context.ts';
import { namespacesOf } from './namespaces.ts';
import { hasOnlyGateways, isInAmbient, onlyGateways, whyNever } from './staying.ts';

/** That it is a cluster which is asked about, and whom of it. */
export interface Live {
  /** For whoever reads the result. */
  readonly server: string;
  /** Undefined: every namespace. */
  readonly asked: ReadonlySet<string> | undefined;
}

/** A namespace that is not judged. */
export interface LeftNamespace {
  readonly name: string;
  readonly why: string;
}

/** Whether somebody asks about a namespace. */
export function isAsked(name: string, live: Live | undefined): boolean {
  return live?.asked?.has(name) ?? true;
}

/**
 * Whether anything is said of a namespace: of a cluster only of those that are asked about, and of none that is in no
 * mesh. Manifests say so little that each counts.
 */
export function judgedIn(read: Read, live: Live | undefined): (name: string) => boolean {
  return (name) => isAsked(name, live) && (live === undefined || isInAmbient(name, read) || !isOutside(name, read));
}

/** Of those that are asked about who is not judged, and why: no word of it would look like a clean result. */
export function unjudged(read: Read, live: Live): readonly LeftNamespace[] {
  return [...namespacesOf(read)].sort().flatMap((name) => {
    if (!isAsked(name, live) || isInAmbient(name, read)) return [];
    const why = whyNever(name, read) ?? (hasOnlyGateways(name, read) ? onlyGateways : undefined);
    if (why !== undefined) return [{ name, why }];
    return isOutside(name, read) ? [{ name, why: inNoMesh }] : [];
  });
}

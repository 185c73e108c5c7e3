import { createHash } from 'node:crypto';
import { group, managedBy, managedByLabel } from '../../../../api/resources.ts';

/** Label: what the object is for. */
export const roleLabel = `${group}/role`;
/** Annotation of a copy: `KIND/NAMESPACE/NAME` of its original. */
export const copyOfAnnotation = `${group}/copy-of`;

/** Object names may have 253 characters, but names end up in label values and statistics, which take 63. */
const maxLength = 63;
const hashLength = 8;

function hash(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\u0000')).digest('hex').slice(0, hashLength);
}

/**
 * A name that says what the object is, the same on every run, with a hash of what it stands for so that two objects never share
 * it however long their names are. `taken`: names that other people's objects of the kind already have.
 */
export function stableName(words: readonly string[], identity: readonly string[], taken: ReadonlySet<string>): string {
  const stem = words.join('-').slice(0, maxLength - hashLength - 1).replace(/[-.]+$/, '');
  for (let attempt = 0; ; attempt++) {
    const name = `${stem}-${hash(attempt === 0 ? identity : [...identity, String(attempt)])}`;
    if (!taken.has(name)) return name;
  }
}

/** Roles of the objects that a migration from a waypoint back to sidecars makes. */
export const exitRoles = ['SidecarCopy', 'SidecarAllow', 'SidecarDeny', 'SidecarGuard'] as const;
/** One of them. */
export type ExitRole = (typeof exitRoles)[number];

/** Whether a migration created the object. */
export function isOurs(labels: Readonly<Record<string, string>> | undefined): boolean {
  return labels?.[managedByLabel] === managedBy;
}

/** Whether a migration from a waypoint back to sidecars created it. In any other migration it is a policy like those of the user: it protects sidecars. */
export function isOfExit(labels: Readonly<Record<string, string>> | undefined): boolean {
  return isOurs(labels) && (exitRoles as readonly (string | undefined)[]).includes(labels?.[roleLabel]);
}

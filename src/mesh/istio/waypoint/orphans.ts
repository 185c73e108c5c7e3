import type { Surroundings } from '../../adapter.ts';
import type { Orphan } from '../../manifest.ts';
import type { ConfigView } from '../../views.ts';
import { isOurs, originalOf, roleOf, targetOf, type ExitRole } from '../policy/translate/names.ts';
import { made } from '../resources.ts';

/*
 * While something of a namespace cannot be carried over, nobody knows of everything that was made whether it is superfluous. Of a copy whose original is not
 * there any more everybody does.
 */

function copiesIn({ mesh, namespace }: Surroundings, role: 'Copy' | ExitRole): readonly ConfigView[] {
  return made.flatMap(({ kind }) => mesh.configs(kind, namespace.name)).filter((config) => isOurs(config, true) && roleOf(config) === role);
}

function isOrphan(copy: ConfigView, { mesh }: Surroundings): boolean {
  const original = originalOf(copy);
  return original !== undefined && !mesh.configs(original.kind, original.namespace).some(({ name }) => name === original.name);
}

function isAllow({ kind, spec }: ConfigView): boolean {
  return kind === 'AuthorizationPolicy' && (spec['action'] ?? 'ALLOW') === 'ALLOW';
}

function targetText(copy: ConfigView): string {
  return Object.values(targetOf(copy) ?? {}).join('/');
}

/**
 * Copies whose original is gone. One goes at once where that can only refuse more: an ALLOW, as long as another one stays for the same target, because without any
 * everybody would be let through. The others go when all can be carried over again.
 */
export function orphans(surroundings: Surroundings, role: 'Copy' | ExitRole): readonly Orphan[] {
  const copies = copiesIn(surroundings, role);
  const gone = copies.filter((copy) => isOrphan(copy, surroundings));
  const stillAllowed = new Set(copies.filter((copy) => isAllow(copy) && !gone.includes(copy)).map(targetText));
  return gone.map((copy) => {
    const { kind = '', namespace = '', name = '' } = originalOf(copy) ?? {};
    return { object: copy, original: `${kind} ${namespace}/${name}`, goes: isAllow(copy) && stillAllowed.has(targetText(copy)) };
  });
}

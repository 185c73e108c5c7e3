import type { Surroundings } from '../../adapter.ts';
import { configByName } from '../../look-up.ts';
import type { Orphan } from '../../manifest.ts';
import type { ConfigView } from '../../views.ts';
import { parsed } from '../policy/parsed.ts';
import { isOurs, originalOf, roleOf, targetOf, type ExitRole } from '../policy/translate/names.ts';
import type { Translation } from '../policy/translate/translate.ts';
import { made } from '../settings/resources.ts';
import { hinderedBy } from './translation.ts';
import { unknownMesh } from './unknown-mesh.ts';

/*
 * While something of a namespace cannot be carried over, nobody knows of everything that was made whether it is superfluous. Of a copy whose original is not
 * there any more, or is not about its target any more, everybody does.
 */

type Made = Pick<Translation, 'manifests' | 'problems'>;

function copiesIn({ mesh, namespace }: Surroundings, role: 'Copy' | ExitRole): readonly ConfigView[] {
  return made
    .flatMap(({ kind }) => mesh.configs(kind, namespace.name))
    .filter((config) => isOurs(config, true) && roleOf(config) === role);
}

/**
 * What the originals ask for, where that is known: of a namespace that is too large to look at nothing is made, and in
 * an unknown mesh only part of it.
 */
function wantedNames(surroundings: Surroundings, { manifests }: Made): ReadonlySet<string> | undefined {
  if (manifests.length === 0 || unknownMesh(surroundings) !== undefined) return undefined;
  return new Set(manifests.map(({ object }) => `${object.kind} ${object.metadata.name}`));
}

/** What became of the original of a copy that nothing asks for any more. */
function fateOf(
  copy: ConfigView,
  { mesh }: Surroundings,
  wanted: ReadonlySet<string> | undefined,
  hindered: ReadonlySet<string>,
): string | undefined {
  const original = originalOf(copy);
  if (original === undefined) return undefined;
  const { kind, namespace, name } = original;
  const title = `${kind} ${namespace}/${name}`;
  if (configByName(mesh.configs(kind, namespace), name) === undefined) return `${title}, which is gone`;
  if (wanted === undefined || wanted.has(`${copy.kind} ${copy.name}`) || hindered.has(title)) return undefined;
  return `${title}, which asks for nothing at ${targetText(copy)} any more`;
}

function isAllow({ kind, spec }: ConfigView): boolean {
  return kind === 'AuthorizationPolicy' && (spec['action'] ?? 'ALLOW') === 'ALLOW';
}

/**
 * Whether it refuses all that no ALLOW lets through: one that somebody edited may be for something else by now, and a
 * dry run refuses nothing.
 */
function closes(copy: ConfigView): boolean {
  const policy = parsed(copy);
  return policy?.kind === 'AuthorizationPolicy' && policy.action === 'ALLOW' && !policy.dryRun && isOurs(copy);
}

function targetText(copy: ConfigView): string {
  const { kind = '', namespace = '', name = '' } = targetOf(copy) ?? {};
  return `${kind} ${namespace}/${name}`;
}

/**
 * Copies that their originals do not ask for any more. One goes at once where that can only refuse more: an ALLOW, as
 * long as another one stays for the same target, because without any everybody would be let through. The others go when
 * all can be carried over again.
 */
export function orphans(surroundings: Surroundings, role: 'Copy' | ExitRole, translation: Made): readonly Orphan[] {
  const copies = copiesIn(surroundings, role);
  const [wanted, hindered] = [wantedNames(surroundings, translation), hinderedBy(translation.problems)];
  const left = copies.flatMap((copy) => {
    const original = fateOf(copy, surroundings, wanted, hindered);
    return original === undefined ? [] : [{ object: copy, original }];
  });
  const leaving = new Set(left.map(({ object }) => object));
  const stillClosed = new Set(copies.filter((copy) => !leaving.has(copy) && closes(copy)).map(targetText));
  return left.map(({ object, original }) => ({
    object,
    original,
    goes: isAllow(object) && stillClosed.has(targetText(object)),
  }));
}

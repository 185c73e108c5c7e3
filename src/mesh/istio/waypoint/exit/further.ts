import type { Surroundings } from '../../../adapter.ts';
import { record, records, type Json } from '../../../json.ts';
import type { Manifest } from '../../../manifest.ts';
import { orderedText } from '../../../seal.ts';
import type { ConfigView } from '../../../views.ts';
import { isOfExit } from '../../policy/translate/names.ts';
import { opens } from '../guards.ts';

/*
 * ALLOW policies add up: the first one at a pod refuses whatever it does not name, and each further one lets something in. At rest nobody blocks what is written
 * there, so what would let somebody in whom the waypoint refuses is not written before the proof says otherwise.
 */

const policy = 'AuthorizationPolicy';

function isAllow({ action = 'ALLOW' }: Json): boolean {
  return action === 'ALLOW';
}

function selectorText({ selector }: Json): string {
  return orderedText(record(selector));
}

/** What stands of ours for the same pods and lets requests in. */
function standingBeside(wanted: Json, { mesh, namespace }: Surroundings): readonly ConfigView[] {
  const pods = selectorText(wanted);
  return mesh
    .configs(policy, namespace.name)
    .filter((config) => isOfExit(config, true) && isAllow(config.spec) && selectorText(config.spec) === pods);
}

/** Whether something would get in by it that nothing of ours at these pods lets in by now. */
function letsInMore(wanted: Json, surroundings: Surroundings): boolean {
  const standing = standingBeside(wanted, surroundings);
  if (standing.length === 0) return false;
  const known = new Set(standing.flatMap(({ spec }) => records(spec['rules']).map(orderedText)));
  return !records(wanted['rules']).every((rule) => known.has(orderedText(rule)));
}

function opensFurther({ resource, object }: Manifest, surroundings: Surroundings): boolean {
  const wanted = record(object['spec']);
  return resource.kind === policy && isAllow(wanted) && letsInMore(wanted, surroundings) && opens(surroundings);
}

/** Whether what stands has to stay as it is: as it is wanted, it would let somebody in. */
export function staysClosed(surroundings: Surroundings, wanted: Manifest | undefined): boolean {
  return wanted !== undefined && opensFurther(wanted, surroundings);
}

/** What is to be made, but for what is not there and would let somebody in. */
export function notFurther(
  surroundings: Surroundings,
  manifests: readonly Manifest[] | string,
): readonly Manifest[] | string {
  if (typeof manifests === 'string') return manifests;
  const there = new Set(surroundings.mesh.configs(policy, surroundings.namespace.name).map(({ name }) => name));
  return manifests.filter(
    (manifest) => there.has(manifest.object.metadata.name) || !opensFurther(manifest, surroundings),
  );
}

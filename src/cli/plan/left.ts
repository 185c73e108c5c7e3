import { injects } from '../../mesh/istio/vocabulary/injection.ts';
import { injectionLabel } from '../../mesh/istio/vocabulary/labels.ts';
import { isOfOtherMesh, modeOf } from '../../mesh/istio/vocabulary/pod-mode.ts';
import { askedOf, otherMeshes } from '../../mesh/other-meshes.ts';
import type { NamespaceView } from '../../mesh/views.ts';
import type { Read } from '../audit/context.ts';
import { hasOnlyGateways, isInAmbient, onlyGateways, whyNever } from '../audit/staying.ts';
import { namespaceIn, type Inventory } from '../audit/inventory.ts';
import { podsIn } from './pods.ts';
import { whyStays, type Wishes } from './wishes.ts';

/** Whether it gets sidecars, or something in it has one. */
function hasSidecars({ name, labels }: NamespaceView, inventory: Inventory): boolean {
  return injects(labels) || podsIn(name, inventory).some((pod) => modeOf(pod) === 'Sidecar');
}

/** Whether another mesh is asked for there, or has something in it: that is told, and not passed by. */
function isOfAnother(namespace: NamespaceView, inventory: Inventory): boolean {
  const pods = podsIn(namespace.name, inventory);
  return otherMeshes.some(
    (mesh) =>
      askedOf(mesh, 'namespace', namespace)?.yes === true ||
      pods.some((pod) => isOfOtherMesh(pod) || askedOf(mesh, 'pod', pod)?.yes === true),
  );
}

/** Of what is in no mesh, where a cluster tells so. */
export const inNoMesh = 'it is in no mesh: neither its labels nor its pods ask for sidecars';

/** Where manifests do, which need not be all. */
const fromElsewhere = `. If it gets its label from elsewhere, put that into its Namespace here (${injectionLabel}: enabled)`;

/** Whether all that is known of a namespace says that it is in no mesh. */
export function isOutside(name: string, { inventory }: Pick<Read, 'inventory'>): boolean {
  const namespace = namespaceIn(name, inventory);
  const isDescribed = inventory.namespaces.includes(namespace);
  return isDescribed && !hasSidecars(namespace, inventory) && !isOfAnother(namespace, inventory);
}

/** Why a namespace is no part of the plan; undefined if it is. */
export function whyLeft(name: string, read: Read, wishes: Wishes, isLive = false): string | undefined {
  const { inventory, options } = read;
  const namespace = namespaceIn(name, inventory);
  const never = whyNever(name, read);
  if (never !== undefined) return never;
  if (isInAmbient(name, read)) return 'it is in ambient already';
  if (hasOnlyGateways(name, read)) return onlyGateways;
  const isDescribed = inventory.namespaces.includes(namespace);
  const stays = whyStays(namespace, isDescribed, wishes, options.rootNamespace);
  // Where somebody wants it to move all the same, the checks say what is missing.
  const isWanted = wishes.migrations.length > 0 && stays === undefined;
  if (!isOutside(name, read) || isWanted) return stays;
  return isLive ? inNoMesh : `${inNoMesh}${fromElsewhere}`;
}

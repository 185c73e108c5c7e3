import { revisionLabel } from '../../vocabulary/labels.ts';
import { attachmentOf, isExtendedBy } from './extensions.ts';
import { critical, type Problem } from './problem.ts';
import { routeReason } from './route-features.ts';
import { routesAt } from './routes-at.ts';
import { coverage, selectingPods, sidecarSelector } from './selection.ts';
import { titleOf, type ConfigObject, type World } from './world.ts';

/**
 * Why nobody can tell who reads an object: an istiod leaves out what has the label of another revision than its own
 * (LabelsInRevision in pkg/config/model.go; tags are other names of one). Undefined if it has no such label, or that of
 * the only revision there is.
 */
export function readByRevision({ labels }: Pick<ConfigObject, 'labels'>, only: string | undefined): string | undefined {
  const revision = labels[revisionLabel];
  if (revision === undefined || revision === only) return undefined;
  return `by its label ${revisionLabel}=${revision} only the istiod of that revision reads it, and whether that is the one of the sidecars, of ztunnel and of the waypoint is not known: it may not be in force today, or not be afterwards`;
}

/** The remedy for an object that has the label. */
export const forAllRevisions = `Remove the label ${revisionLabel} from the object if it is in force and is to stay so, or remove the object.`;

function selectsHere(object: ConfigObject, world: World): boolean {
  const attachment = attachmentOf(object);
  const selector = sidecarSelector(attachment);
  return (
    attachment.targetRefs.length > 0 ||
    world.services.some((service) => coverage(attachment, service, world.workloads) !== 'None') ||
    (selector !== undefined && selectingPods(world.workloads)(selector).length > 0)
  );
}

function problems(
  objects: readonly ConfigObject[],
  world: World,
  concerns: (object: ConfigObject) => boolean,
): readonly Problem[] {
  return objects.flatMap((object) => {
    const why = readByRevision(object, world.revision);
    return why === undefined || !concerns(object)
      ? []
      : [critical(titleOf(object), `metadata.labels[${revisionLabel}]`, why, forAllRevisions)];
  });
}

/**
 * Policies that would be copied, or taken for being in force, and that not every istiod reads: a copy is read by all of
 * them.
 */
export function policiesOfRevisions(world: World): readonly Problem[] {
  const policies = [
    ...[...world.policies, ...world.requestAuthentications].map(({ object }) => object),
    ...(world.peerAuthentications ?? []),
  ];
  return problems(policies, world, (object) => selectsHere(object, world));
}

/** The same for all else that a waypoint is to do. */
export function featuresOfRevisions(world: World): readonly Problem[] {
  return [
    ...problems(world.extensions, world, (object) =>
      world.services.some((service) => isExtendedBy(service, object, world)),
    ),
    ...problems(
      world.routes,
      world,
      (object) =>
        routeReason(object) !== undefined && world.services.some((each) => routesAt(each, world).includes(object)),
    ),
  ];
}

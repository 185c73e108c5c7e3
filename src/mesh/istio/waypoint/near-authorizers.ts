import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import { acceptanceOf, ownerOf, seenOf } from '../settings/accepted.ts';
import type { NearAuthorizer } from '../policy/near-authorizers.ts';
import { entriesOfHost } from '../settings/entries-by-host.ts';
import { meshNearAuthorizers } from '../settings/mesh-config.ts';
import { nameOf } from '../vocabulary/objects.ts';

/** The finding by which it is told, and accepted. */
const id = 'MM080';

/** The authorizers that would be asked in the pod of a waypoint itself, by all that counts for the namespace. */
export const nearAuthorizersOf: (surroundings: Surroundings) => Readonly<Record<string, NearAuthorizer>> = memoize(
  (surroundings: Surroundings) => {
    const { mesh, spec } = surroundings;
    return meshNearAuthorizers(mesh, {
      entriesOf: (host) => [...(entriesOfHost(host, mesh)?.values() ?? [])].flat(),
      isService: (name, namespace) => mesh.services(namespace).some((service) => service.name === name),
      isStranger: (entry) => ownerOf({ object: nameOf(entry) }, surroundings) !== undefined,
      isAccepted(entry) {
        const subject = { id, object: nameOf(entry), binds: true, seen: seenOf(entry, surroundings) };
        return acceptanceOf(subject, spec, true).kind === 'Accepted';
      },
    });
  },
);

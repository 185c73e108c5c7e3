import type { Surroundings } from '../../adapter.ts';
import { spend } from '../../../base/effort.ts';
import { parsed } from '../policy/parsed.ts';
import type { PeerAuthentication } from '../policy/types.ts';

/** A port with a mode of its own is asked about at each step, and takes at least so many steps in the end. */
const stepsOfPort = 100;

/** The PeerAuthentications that may apply to the namespace: its own, and those of the mesh. */
export function peerAuthentications({ mesh, namespace }: Surroundings): readonly PeerAuthentication[] {
  const homes = [...new Set([namespace.name, mesh.rootNamespace])];
  return homes
    .flatMap((home) => mesh.configs('PeerAuthentication', home))
    .flatMap((object) => {
      const policy = parsed(object);
      if (policy?.kind !== 'PeerAuthentication') return [];
      spend(Object.keys(policy.ports).length * stepsOfPort);
      return [policy];
    });
}

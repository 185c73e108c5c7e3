import type { HttpRequest } from '../../src/kube/transport.ts';
import type { World } from '../scenarios/world.ts';
import { keyboardAt, type Keyboard } from '../support/command-line.ts';

/** A command line at which something happens right before its first write. */
export function interrupted(world: World, happens: () => Promise<void>): Keyboard {
  let writes = 0;
  const { admin } = world.cluster;
  const send = async (request: HttpRequest) => {
    if (request.method === 'PATCH' && (writes += 1) === 1) await happens();
    return await admin.send(request);
  };
  return keyboardAt({ ...admin, send }, world.clock);
}

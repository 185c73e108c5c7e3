import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where binaries and clusters are kept, outside any checkout so that all checkouts and CI runs share them. */
export function cacheRoot(environment: NodeJS.ProcessEnv = process.env): string {
  const own = environment['MESH_MIGRATION_CACHE'];
  if (own !== undefined && own !== '') return own;
  const xdg = environment['XDG_CACHE_HOME'];
  const base = xdg !== undefined && xdg !== '' ? xdg : join(homedir(), '.cache');
  return join(base, 'mesh-migration-operator');
}

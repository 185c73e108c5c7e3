import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClientName } from './certificates.ts';

/** Where the API server is and whom to trust. */
export interface ServerAccess {
  readonly server: string;
  readonly certificateAuthority: string;
}

/** How a client proves who it is: a user entry of a kubeconfig. */
export type UserEntry =
  | { readonly token: string }
  /** Read from a file, as in a pod. */
  | { readonly 'auth-provider': { readonly name: 'tokenFile'; readonly config: { readonly tokenFile: string } } }
  | { readonly 'client-certificate-data': string; readonly 'client-key-data': string };

/** Writes a kubeconfig with one context. It is JSON, which every YAML reader reads. */
export function writeKubeconfig(path: string, access: ServerAccess, user: UserEntry): void {
  const name = 'mesh-migration-test';
  const cluster = { server: access.server, 'certificate-authority-data': base64(access.certificateAuthority) };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [{ name, cluster }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  };
  writeFileSync(path, `${JSON.stringify(config, undefined, 2)}\n`, { mode: 0o600 });
}

/** The user entry for one of the client certificates in `directory`. */
export function certificateUser(directory: string, name: ClientName): UserEntry {
  return {
    'client-certificate-data': base64(readFileSync(join(directory, `${name}.crt`))),
    'client-key-data': base64(readFileSync(join(directory, `${name}.key`))),
  };
}

function base64(content: string | Buffer): string {
  return Buffer.from(content).toString('base64');
}

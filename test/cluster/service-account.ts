import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { exchange } from '../../src/kube/exchange.ts';
import type { Transport } from '../../src/kube/transport.ts';
import type { ClusterState } from './cluster-state.ts';
import { certificatesOf } from './control-plane.ts';
import { writeKubeconfig, type ServerAccess } from './kubeconfig.ts';

/** Longer than any test run, so nobody has to renew it. */
const tokenSeconds = 24 * 3600;

/** The API server of the cluster and the authority that vouches for it. */
export function serverAccess(state: ClusterState): ServerAccess {
  const certificateAuthority = readFileSync(join(certificatesOf(state), 'ca.crt'), 'utf8');
  return { server: `https://127.0.0.1:${state.ports.apiServer}`, certificateAuthority };
}

/**
 * Writes a kubeconfig with a token of the ServiceAccount (TokenRequest, as the kubelet gets it for a pod), so that a
 * process outside the cluster has exactly the rights of that account. Returns its path.
 */
export async function writeServiceAccountKubeconfig(
  state: ClusterState,
  admin: Transport,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<string> {
  const body = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: tokenSeconds },
  };
  const answer = await exchange(
    admin,
    {
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(body),
    },
    { clock: systemClock, deadlineMs: 15_000, signal },
  );
  const { token } = (answer.json as { readonly status: { readonly token: string } }).status;
  const path = join(state.directory, `${namespace}-${name}.kubeconfig`);
  writeKubeconfig(path, serverAccess(state), { token });
  return path;
}

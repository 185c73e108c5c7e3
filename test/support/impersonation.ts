import type { Transport } from '../../src/kube/transport.ts';

/** The user under which the operator runs, as deploy/kustomize installs it. */
export const operatorUser = 'system:serviceaccount:mesh-migration-system:mesh-migration-operator';

/** Sends in the name of another user, as `kubectl --as` does; an API server without users takes no notice. */
export function impersonating(transport: Transport, user: string): Transport {
  return {
    server: transport.server,
    send: (request) => transport.send({ ...request, headers: { ...request.headers, 'impersonate-user': user } }),
  };
}

import { createObject } from './create.ts';
import type { ServerState } from './server-state.ts';

const namespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** What kube-apiserver itself puts into an empty cluster. */
export function bootstrap(state: ServerState): void {
  const options = { manager: 'kube-apiserver' };
  const namespace = state.registry.findKind('', 'Namespace');
  const service = state.registry.findKind('', 'Service');
  if (namespace === undefined || service === undefined) return;
  for (const name of namespaces) createObject(state, namespace, undefined, { metadata: { name } }, options);
  createObject(
    state,
    service,
    'default',
    {
      metadata: { name: 'kubernetes', labels: { component: 'apiserver', provider: 'kubernetes' } },
      spec: { ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 6443 }] },
    },
    options,
  );
}

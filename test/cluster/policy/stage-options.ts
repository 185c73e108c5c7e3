import type { Clock } from '../../../src/base/clock.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { kinds as scenarioKinds } from '../../scenarios/manifests.ts';
import { kinds as clusterKinds } from '../resources.ts';

/** Kinds that this folder writes. */
export const kinds = {
  ...scenarioKinds,
  Gateway: { group: 'gateway.networking.k8s.io', version: 'v1', kind: 'Gateway', plural: 'gateways', namespaced: true },
  ConfigMap: { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true },
  Node: clusterKinds.node,
} as const;

/** Where the policies are tried; the root namespace is the cluster's own. */
export const homes = { home: 'policy-home', other: 'policy-other', root: 'istio-system' } as const;

/** What the streams need to know of the cluster. */
export interface StageOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The xDS client. */
  readonly program: string;
  /** istiod's plaintext gRPC. */
  readonly port: number;
}

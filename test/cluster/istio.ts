import { join } from 'node:path';
import type { KubeClient } from '../../src/kube/client.ts';
import type { Transport } from '../../src/kube/transport.ts';
import type { ClusterState } from './cluster-state.ts';
import { runCommand } from './command.ts';
import { restartComponent, startComponent, type ComponentSpec } from './component.ts';
import { kubeconfigOf, nodeAgent } from './control-plane.ts';
import { daemonSetsReady, untilTrue, waypointClassAccepted, webhooksReady } from './readiness.ts';
import { writeServiceAccountKubeconfig } from './service-account.ts';
import { versions } from './tool-set.ts';

/** What every step of the installation needs. */
export interface Installation {
  readonly state: ClusterState;
  readonly admin: Transport;
  readonly client: KubeClient;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

const istioNamespace = 'istio-system';

/** The CRDs, charts and control plane of Istio, with the ambient components if `state.ambient`. */
export async function installIstio(installation: Installation): Promise<void> {
  const { state, log, signal, client } = installation;
  log('installing the Gateway API and Istio');
  await Promise.all([
    kubectl(installation, 'apply', '--server-side', '-f', join(state.tools.shareDir, 'gateway-api', 'crds')),
    helmInstall(installation, 'istio-base', 'base', ['--create-namespace', ...webhookValues(state)]),
  ]);
  await helmInstall(installation, 'istiod', 'istio-control/istio-discovery', istiodValues(state));
  log('starting istiod');
  await startComponent(state.directory, await istiod(installation), signal);
  await untilTrue('the webhooks of istiod are in place', signal, async () => await webhooksReady(client, signal));
  if (state.ambient) await installAmbientComponents(installation);
}

/** Turns an installation with sidecars only into one with ambient as well; existing pods keep what they have. */
export async function upgradeToAmbient(installation: Installation): Promise<void> {
  const { state, log, signal } = installation;
  log('upgrading istiod to ambient');
  await helmInstall(installation, 'istiod', 'istio-control/istio-discovery', istiodValues(state));
  await restartComponent(state.directory, await istiod(installation), signal);
  await restartComponent(state.directory, nodeAgent(state), signal);
  await installAmbientComponents(installation);
}

async function installAmbientComponents(installation: Installation): Promise<void> {
  const { log, signal, client } = installation;
  log('installing the ambient components');
  await Promise.all([
    helmInstall(installation, 'istio-cni', 'istio-cni', [...imageValues, '--set=profile=ambient']),
    helmInstall(installation, 'ztunnel', 'ztunnel', imageValues),
  ]);
  await untilTrue(
    'GatewayClass istio-waypoint is accepted',
    signal,
    async () => await waypointClassAccepted(client, signal),
  );
  await untilTrue(
    'istio-cni-node and ztunnel are ready',
    signal,
    async () => await daemonSetsReady(client, istioNamespace, ['istio-cni-node', 'ztunnel'], signal),
  );
}

/**
 * The charts in a source tree name a development build; operators read the version from the image.
 * No pod pulls it: KWOK plays them.
 */
const imageValues: readonly string[] = ['--set=global.hub=docker.io/istio', `--set=global.tag=${versions.istio}`];

/**
 * istiod runs beside the API server, not behind a Service. The URLs name `localhost` because istiod's certificate has
 * no address in it.
 */
function webhookValues({ ports }: ClusterState): readonly string[] {
  return [`--set=base.validationURL=https://localhost:${ports.istiodWebhook}/validate`];
}

function istiodValues(state: ClusterState): readonly string[] {
  return [
    ...imageValues,
    ...webhookValues(state),
    `--set=istiodRemote.injectionURL=https://localhost:${state.ports.istiodWebhook}/inject`,
    '--set=autoscaleEnabled=false',
    ...(state.ambient ? ['--set=profile=ambient'] : []),
  ];
}

/** Runs outside the cluster under the ServiceAccount and the settings that the chart gives its Deployment. */
async function istiod({ state, admin, signal }: Installation): Promise<ComponentSpec> {
  const { ports, ambient, tools } = state;
  const kubeconfig = await writeServiceAccountKubeconfig(state, admin, istioNamespace, 'istiod', signal);
  return {
    name: 'istiod',
    file: join(tools.binDir, 'pilot-discovery'),
    args: [
      'discovery',
      `--kubeconfig=${kubeconfig}`,
      '--registries=Kubernetes',
      '--shutdownDuration=1s',
      `--httpsAddr=127.0.0.1:${ports.istiodWebhook}`,
      `--httpAddr=127.0.0.1:${ports.istiodHttp}`,
      `--grpcAddr=127.0.0.1:${ports.istiodGrpc}`,
      `--secureGRPCAddr=127.0.0.1:${ports.istiodSecureGrpc}`,
      `--monitoringAddr=127.0.0.1:${ports.istiodMonitoring}`,
      `--ctrlz_port=${ports.istiodControlZ}`,
    ],
    env: {
      POD_NAMESPACE: istioNamespace,
      // The same name after a restart: it then holds the leases of the process before it and need not wait for them.
      POD_NAME: 'istiod-outside',
      REVISION: 'default',
      CLUSTER_ID: 'Kubernetes',
      PILOT_CERT_PROVIDER: 'istiod',
      ISTIOD_CUSTOM_HOST: 'localhost',
      PILOT_ENABLE_AMBIENT: String(ambient),
    },
    healthUrl: `http://127.0.0.1:${ports.istiodHttp}/ready`,
  };
}

async function helmInstall(
  installation: Installation,
  release: string,
  chart: string,
  values: readonly string[],
): Promise<void> {
  const { state, signal } = installation;
  const path = join(state.tools.shareDir, 'istio', 'charts', chart);
  const args = ['upgrade', '--install', release, path, `--namespace=${istioNamespace}`, ...values];
  const home = join(state.directory, 'helm');
  const env = {
    ...process.env,
    HELM_CACHE_HOME: home,
    HELM_CONFIG_HOME: home,
    HELM_DATA_HOME: home,
    KUBECONFIG: kubeconfigOf(state, 'admin'),
  };
  await runCommand(join(state.tools.binDir, 'helm'), args, { env, signal });
}

/** Runs the cluster's own kubectl as admin. */
export async function kubectl(
  { state, signal }: Pick<Installation, 'state' | 'signal'>,
  ...args: string[]
): Promise<string> {
  return await runCommand(
    join(state.tools.binDir, 'kubectl'),
    [`--kubeconfig=${kubeconfigOf(state, 'admin')}`, ...args],
    { signal },
  );
}

import type { Surroundings } from '../../src/mesh/adapter.ts';
import { certificateReaders } from '../../src/mesh/proxy-parts.ts';
import type { Examples } from './examples.ts';
import { captured, cronJob, plainPod, surroundings, workload } from './mesh-fixtures.ts';
import { reading } from './metric-reader-examples.ts';

type Spec = Readonly<Record<string, unknown>>;

const toSidecar = { from: 'IstioAmbient', to: 'IstioSidecar' } as const;

function groups(spec: Spec, namespace = 'shop'): Surroundings {
  return surroundings({}, [
    reading('SecurityGroupPolicy', { securityGroups: { groupIds: ['sg-1'] }, ...spec }, { namespace }),
  ]);
}

/** On OpenShift, by what it says of OVN-Kubernetes. */
function onNetwork(ovnKubernetesConfig: Spec | undefined, type = 'OVNKubernetes'): Surroundings {
  const spec = { defaultNetwork: { type, ...(ovnKubernetesConfig && { ovnKubernetesConfig }) } };
  return surroundings({}, [reading('Network', spec, { name: 'cluster', namespace: '' })]);
}

/** A packet filter as it would be watched. */
function filter(kind: string, spec: Spec, namespace = 'shop'): Surroundings {
  return surroundings({}, [reading(kind, spec, { namespace })]);
}

const from = { ingress: [{ fromEndpoints: [{}] }] };
const ofWeb = { matchLabels: { 'k8s:app': 'web' } };

const forWeb = { podSelector: { matchLabels: { app: 'web' } } };

/** A template whose container has this. */
function told(container: Spec): ReturnType<typeof certificateReaders> {
  return certificateReaders({ containers: [{ name: 'app', ...container }] });
}

function started(container: Spec, more: Partial<Surroundings> = {}, labels: Spec = {}): Surroundings {
  return surroundings({
    workloads: [workload({ ...told(container), templateLabels: { app: 'web', ...labels } })],
    ...more,
  });
}

const byEnv = { env: [{ name: 'TRUSTED_HEADER', value: 'X-Forwarded-Client-Cert' }] };

/** What the rules about platforms and about applications that read headers see and ignore, by their ids. */
export const platformExamples: Readonly<Record<'MM143' | 'MM145' | 'MM155' | 'MM156', Examples>> = {
  MM156: {
    seen: {
      'a network past the host': onNetwork({ gatewayConfig: {} }),
      'one that says nothing of it': onNetwork(undefined),
      'the way from no mesh': { ...onNetwork({}), route: { from: 'None', to: 'IstioAmbient' }, pods: [plainPod()] },
    },
    ignored: {
      'one through the host': onNetwork({ gatewayConfig: { routingViaHost: true } }),
      'another network': onNetwork({}, 'OpenShiftSDN'),
      'pods that are left alone': {
        ...onNetwork({}),
        workloads: [workload({ templateLabels: { app: 'web', 'istio.io/dataplane-mode': 'none' } })],
      },
      'on the way to sidecars': { ...onNetwork({}), route: toSidecar, pods: [plainPod(captured)] },
    },
  },
  MM143: {
    seen: {
      'a policy for its pods': groups(forWeb),
      'one by an expression': groups({
        podSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['web'] }] },
      }),
      'one for all pods': groups({ podSelector: {} }),
      'one by ServiceAccounts': groups({ serviceAccountSelector: { matchLabels: { app: 'web' } } }),
    },
    ignored: {
      'one for other pods': groups({ podSelector: { matchLabels: { app: 'api' } } }),
      'one elsewhere': groups(forWeb, 'blog'),
      'on the way to sidecars': { ...groups(forWeb), route: toSidecar, pods: [plainPod(captured)] },
    },
  },
  MM145: {
    seen: {
      'by its environment': started(byEnv),
      'by an argument': started({ args: ['--peer-header=x-forwarded-client-cert'] }),
      'by its command': started({ command: ['sh', '-c', 'serve --header X-FORWARDED-CLIENT-CERT'] }),
      'a CronJob': surroundings({ otherTemplates: [{ ...cronJob(), ...told(byEnv) }] }),
    },
    ignored: {
      'another header': started({ args: ['--header=x-forwarded-for'] }),
      'a value from elsewhere': started({ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'a', key: 'b' } } }] }),
      'settings of the sidecar itself': started({ name: 'istio-proxy', ...byEnv }),
      'pods without a sidecar': started(byEnv, {}, { 'sidecar.istio.io/inject': 'false' }),
      'on the way to sidecars': started(byEnv, { route: toSidecar, pods: [plainPod(captured)] }),
    },
  },
  MM155: {
    seen: {
      'one of Cilium for its pods': filter('CiliumNetworkPolicy', { endpointSelector: ofWeb, ...from }),
      'one of Cilium for all pods': filter('CiliumNetworkPolicy', { endpointSelector: {}, ...from }),
      'one of Cilium by what nobody can tell': filter('CiliumNetworkPolicy', {
        endpointSelector: { matchLabels: { 'io.cilium.k8s.policy.serviceaccount': 'web' } },
        ...from,
      }),
      'one of the cluster for its namespace': filter(
        'CiliumClusterwideNetworkPolicy',
        { endpointSelector: { matchLabels: { 'k8s:io.kubernetes.pod.namespace': 'shop' } }, ...from },
        '',
      ),
      'one of Calico': filter('NetworkPolicy.crd.projectcalico.org', { selector: "app == 'web'" }),
      'one of Calico for the cluster': filter('GlobalNetworkPolicy.projectcalico.org', { selector: 'all()' }, ''),
      'one of an administrator, for namespaces': filter('AdminNetworkPolicy', { subject: { namespaces: {} } }, ''),
      'one of an administrator, for pods': filter(
        'ClusterNetworkPolicy',
        { subject: { pods: { namespaceSelector: {}, podSelector: { matchLabels: { app: 'web' } } } } },
        '',
      ),
      'on the way to sidecars': {
        ...filter('CiliumNetworkPolicy', { endpointSelector: ofWeb, ...from }),
        route: toSidecar,
        pods: [plainPod(captured)],
      },
    },
    ignored: {
      'one of Cilium for other pods': filter('CiliumNetworkPolicy', {
        endpointSelector: { matchLabels: { 'any:app': 'api' } },
        ...from,
      }),
      'one of Cilium for others by an expression': filter('CiliumNetworkPolicy', {
        endpointSelector: { matchExpressions: [{ key: 'k8s:app', operator: 'NotIn', values: ['web'] }] },
        ...from,
      }),
      'one of Cilium that filters nothing': filter('CiliumNetworkPolicy', { endpointSelector: ofWeb }),
      'one of Cilium for nodes': filter('CiliumClusterwideNetworkPolicy', { nodeSelector: {}, ...from }, ''),
      'one of the cluster for another namespace': filter(
        'CiliumClusterwideNetworkPolicy',
        { endpointSelector: { matchLabels: { 'k8s:io.kubernetes.pod.namespace': 'blog' } }, ...from },
        '',
      ),
      'one elsewhere': filter('NetworkPolicy.crd.projectcalico.org', { selector: 'all()' }, 'blog'),
      'one of an administrator for other namespaces': filter(
        'AdminNetworkPolicy',
        { subject: { namespaces: { matchLabels: { team: 'blog' } } } },
        '',
      ),
      'on the way from no mesh to sidecars': {
        ...filter('CiliumNetworkPolicy', { endpointSelector: ofWeb, ...from }),
        route: { from: 'None', to: 'IstioSidecar' },
      },
    },
  },
};

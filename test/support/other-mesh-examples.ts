import type { Surroundings } from '../../src/mesh/adapter.ts';
import { projectTemplate } from '../../src/mesh/project-template.ts';
import { projectWorkload } from '../../src/mesh/project-workload.ts';
import { projectNamespace, projectPod } from '../../src/mesh/project.ts';
import type { NamespaceView, PodView, TemplateView, WorkloadView } from '../../src/mesh/views.ts';
import type { Examples } from './examples.ts';
import { surroundings } from './mesh-fixtures.ts';

type Strings = Readonly<Record<string, string>>;

interface Made {
  readonly labels?: Strings;
  readonly annotations?: Strings;
  readonly containers?: readonly string[];
  readonly initContainers?: readonly string[];
  readonly hostNetwork?: true;
}

const toSidecar = { from: 'None', to: 'IstioSidecar' } as const;
const fromNone = { from: 'None', to: 'IstioAmbient' } as const;
const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'api', uid: 'api-uid', controller: true };

function specOf({ containers = [], initContainers = [], hostNetwork }: Made): Readonly<Record<string, unknown>> {
  return {
    containers: ['app', ...containers].map((name) => ({ name, image: `${name}:1` })),
    initContainers: initContainers.map((name) => ({ name, image: `${name}:1` })),
    ...(hostNetwork && { hostNetwork }),
  };
}

/** A pod as another mesh has left it; of StatefulSet `api`, which has no template here, unless it is bare. */
export function meshedPod(made: Made, isBare = false): PodView {
  const { labels = {}, annotations = {} } = made;
  return projectPod({
    metadata: { name: 'api-0', namespace: 'shop', labels, annotations, ...(!isBare && { ownerReferences: [owner] }) },
    spec: specOf(made),
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  });
}

function templateOf(made: Made): Readonly<Record<string, unknown>> {
  return { metadata: { labels: made.labels ?? {}, annotations: made.annotations ?? {} }, spec: specOf(made) };
}

function deployed(made: Made): WorkloadView {
  return projectWorkload('Deployment')({
    metadata: { name: 'api', namespace: 'shop' },
    spec: { replicas: 1, template: templateOf(made) },
  });
}

function nightly(made: Made): TemplateView {
  return projectTemplate(
    'batch',
    'CronJob',
  )({
    metadata: { name: 'nightly', namespace: 'shop' },
    spec: { jobTemplate: { spec: { template: templateOf(made) } } },
  });
}

function home(labels: Strings, annotations: Strings = {}): NamespaceView {
  return projectNamespace({ metadata: { name: 'shop', labels, annotations } });
}

function running(made: Made, more: Partial<Surroundings> = {}): Surroundings {
  return surroundings({ route: fromNone, namespace: home({}), pods: [meshedPod(made)], workloads: [], ...more });
}

function written(made: Made, more: Partial<Surroundings> = {}): Surroundings {
  return surroundings({ route: fromNone, namespace: home({}), pods: [], workloads: [deployed(made)], ...more });
}

/** A namespace with one plain Deployment, which says this of itself. */
function inNamespace(labels: Strings, annotations: Strings = {}, made: Made = {}): Surroundings {
  return written(made, { namespace: home(labels, annotations) });
}

/** How each mesh leaves a pod behind. */
const proxies: Readonly<Record<string, Made>> = {
  'Linkerd, with a native sidecar': { initContainers: ['linkerd-init', 'linkerd-proxy'] },
  'Linkerd, as it was before': { containers: ['linkerd-proxy'] },
  'Linkerd with its own CNI': { initContainers: ['linkerd-network-validator', 'linkerd-proxy'] },
  Consul: { containers: ['consul-dataplane'], initContainers: ['consul-connect-inject-init'] },
  'Consul, with several ports': { containers: ['consul-dataplane-api', 'consul-dataplane-admin'] },
  'an old Consul': { containers: ['envoy-sidecar', 'consul-sidecar'], initContainers: ['consul-connect-inject-init'] },
  Kuma: { containers: ['kuma-sidecar'], initContainers: ['kuma-init'] },
  'App Mesh': { containers: ['envoy'], initContainers: ['proxyinit'] },
  'Open Service Mesh': { containers: ['envoy'], initContainers: ['osm-init'] },
  'NGINX Service Mesh': { containers: ['nginx-mesh-sidecar'], initContainers: ['nginx-mesh-init'] },
};

/** What has each put its proxy into pods, said by a template and by a namespace. */
const byTemplate: Readonly<Record<string, Made>> = {
  'linkerd.io/inject: enabled': { annotations: { 'linkerd.io/inject': 'enabled' } },
  'linkerd.io/inject: ingress': { annotations: { 'linkerd.io/inject': 'ingress' } },
  'consul.hashicorp.com/connect-inject': { annotations: { 'consul.hashicorp.com/connect-inject': 'true' } },
  'a label of Kuma': { labels: { 'kuma.io/sidecar-injection': 'enabled' } },
  'an annotation of Kuma': { annotations: { 'kuma.io/sidecar-injection': 'enabled' } },
  'an annotation of App Mesh': { annotations: { 'appmesh.k8s.aws/sidecarInjectorWebhook': 'enabled' } },
  'Open Service Mesh': { annotations: { 'openservicemesh.io/sidecar-injection': 'enabled' } },
};

const byNamespace: Readonly<Record<string, Surroundings>> = {
  'linkerd.io/inject of the namespace': inNamespace({}, { 'linkerd.io/inject': 'enabled' }),
  'the same beside sidecars': surroundings({
    namespace: home({ 'istio-injection': 'enabled' }, { 'linkerd.io/inject': 'enabled' }),
  }),
  'a namespace label of Kuma': inNamespace({ 'kuma.io/sidecar-injection': 'enabled' }),
  'a namespace label of App Mesh': inNamespace({ 'appmesh.k8s.aws/sidecarInjectorWebhook': 'enabled' }),
  'Open Service Mesh for the namespace': inNamespace({}, { 'openservicemesh.io/sidecar-injection': 'enabled' }),
  'mutual TLS of Cilium': inNamespace({ 'io.cilium/mtls-enabled': 'true' }),
  'the same of bare pods': surroundings({
    route: fromNone,
    namespace: home({ 'io.cilium/mtls-enabled': 'true' }),
    pods: [meshedPod({}, true)],
    workloads: [],
  }),
  'an empty namespace': written({}, { namespace: home({}, { 'linkerd.io/inject': 'enabled' }), workloads: [] }),
};

const linkerd: Made = { initContainers: ['linkerd-init', 'linkerd-proxy'] };
const out = { 'istio.io/dataplane-mode': 'none' };
const disabled = { annotations: { 'linkerd.io/inject': 'disabled' } };

function named<T>(title: string, all: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(all).map(([name, each]) => [`${title} ${name}`, each]));
}

function each(
  all: Readonly<Record<string, Made>>,
  make: (made: Made) => Surroundings,
): Readonly<Record<string, Surroundings>> {
  return Object.fromEntries(Object.entries(all).map(([name, made]) => [name, make(made)]));
}

/** What MM142 sees and ignores. */
export const otherMeshExamples: Readonly<Record<string, Examples>> = {
  MM142: {
    seen: {
      ...named('a pod of', each(proxies, running)),
      ...named('a template with the proxy of', each(proxies, written)),
      ...named('a template by', each(byTemplate, written)),
      ...named('by', byNamespace),
      'a pod on the way to sidecars': running(linkerd, { route: toSidecar }),
      'one beside sidecars': running(linkerd, { route: { from: 'IstioSidecar', to: 'IstioAmbient' } }),
      'one that stays while the others leave every mesh': running(linkerd, {
        route: { from: 'IstioAmbient', to: 'None' },
      }),
      'a bare pod': surroundings({ route: fromNone, pods: [meshedPod(linkerd, true)], workloads: [] }),
      'a CronJob': written(
        {},
        { workloads: [], otherTemplates: [nightly(byTemplate['linkerd.io/inject: enabled'] ?? {})] },
      ),
      'a pod of a kind that is not read': running(byTemplate['linkerd.io/inject: enabled'] ?? {}),
      'one that is kept out of ambient only': running({ ...linkerd, labels: out }, { route: toSidecar }),
      'at rest': running(linkerd, { namespace: home({ 'istio.io/dataplane-mode': 'ambient' }), itinerary: 'L4' }),
    },
    ignored: {
      'an ordinary pod': running({}),
      'an Envoy of its owner': running({ containers: ['envoy'] }),
      'names that only begin alike': running({ containers: ['linkerd-proxy-metrics', 'consul', 'kuma-cp'] }),
      'a pod that is left alone': running({ ...linkerd, labels: out }),
      'the same on the way to sidecars': running(
        { ...linkerd, labels: { ...out, 'sidecar.istio.io/inject': 'false' } },
        { route: toSidecar },
      ),
      'on the network of its host': running({ ...linkerd, hostNetwork: true }),
      'one that has ended': running({}, { pods: [{ ...meshedPod(linkerd), finished: true }] }),
      'one on its way out': running({}, { pods: [{ ...meshedPod(linkerd), terminating: true }] }),
      'a template that says no': written(disabled),
      'one that says no to its namespace': inNamespace({}, { 'linkerd.io/inject': 'enabled' }, disabled),
      'a namespace that says no': inNamespace({}, { 'linkerd.io/inject': 'disabled' }),
      'a label where only annotations count': inNamespace({ 'linkerd.io/inject': 'enabled' }),
      'another value': inNamespace({}, { 'linkerd.io/inject': 'true' }),
      'a namespace that the webhook passes over': inNamespace(
        { 'config.linkerd.io/admission-webhooks': 'disabled' },
        { 'linkerd.io/inject': 'enabled' },
      ),
      'a template that is left alone': written({ annotations: { 'linkerd.io/inject': 'enabled' }, labels: out }),
      'mutual TLS of Cilium that is off': inNamespace({ 'io.cilium/mtls-enabled': 'false' }),
      'where nothing but a restart is made': running(linkerd, { itinerary: 'Hbone' }),
    },
  },
};

import { own } from '../base/own.ts';
import { shown } from '../base/shown.ts';

/*
 * Other meshes than Istio, as they show in pods. None of them and neither injector nor node agent of Istio looks for the others (Istio's only for its own
 * `sidecar.istio.io/status`, cni/pkg/util/enablement_selector.go): whoever lets two take one pod has connections that go past the policies of either.
 */

type Place = 'labels' | 'annotations';

/** What has a mesh take pods, and how to say no. */
interface Asking {
  readonly key: string;
  /** Where it counts on a pod, the first before the others; nowhere, and only its namespace is asked. */
  readonly pod: readonly Place[];
  /** The same of a namespace. A pod that says anything beats it. */
  readonly namespace: readonly Place[];
  readonly yes: readonly string[];
  readonly no: string;
  /** A label of the namespace with which nobody is asked. */
  readonly unless?: readonly [key: string, value: string];
}

/** A mesh, by the containers that it puts into pods and what asks for them. */
export interface OtherMesh {
  readonly name: string;
  /**
   * Names of containers, init containers among them: one of these rows stands there whole. With `*` at its end a name
   * is all that begin so.
   */
  readonly containers: readonly (readonly string[])[];
  readonly asking: Asking;
  /** It takes the pods of a namespace as they run, and puts nothing into them. */
  readonly live?: true;
}

const goTrue = ['1', 't', 'T', 'TRUE', 'true', 'True'];

/** Each by what its injector does (linkerd2 pkg/inject, consul-k8s connect-inject, kuma pkg/plugins/runtime/k8s). */
export const otherMeshes: readonly OtherMesh[] = [
  {
    name: 'Linkerd',
    containers: [['linkerd-proxy'], ['linkerd-init'], ['linkerd-network-validator']],
    asking: {
      key: 'linkerd.io/inject',
      pod: ['annotations'],
      namespace: ['annotations'],
      yes: ['enabled', 'ingress'],
      no: 'disabled',
      unless: ['config.linkerd.io/admission-webhooks', 'disabled'],
    },
  },
  {
    name: 'Consul',
    containers: [
      ['consul-dataplane'],
      ['consul-dataplane-*'],
      ['consul-sidecar'],
      ['envoy-sidecar'],
      ['consul-connect-*'],
    ],
    asking: {
      key: 'consul.hashicorp.com/connect-inject',
      pod: ['annotations'],
      namespace: [],
      yes: goTrue,
      no: 'false',
    },
  },
  {
    name: 'Kuma',
    containers: [['kuma-sidecar'], ['kuma-init'], ['kuma-validation'], ['kuma-gateway']],
    asking: {
      key: 'kuma.io/sidecar-injection',
      pod: ['labels', 'annotations'],
      namespace: ['labels', 'annotations'],
      yes: ['enabled', 'true'],
      no: 'disabled',
    },
  },
  {
    name: 'App Mesh',
    containers: [['envoy', 'proxyinit']],
    asking: {
      key: 'appmesh.k8s.aws/sidecarInjectorWebhook',
      pod: ['annotations', 'labels'],
      namespace: ['labels', 'annotations'],
      yes: ['enabled'],
      no: 'disabled',
    },
  },
  {
    name: 'Open Service Mesh',
    containers: [['osm-init']],
    asking: {
      key: 'openservicemesh.io/sidecar-injection',
      pod: ['annotations'],
      namespace: ['annotations'],
      yes: ['enabled', 'yes', 'true'],
      no: 'disabled',
    },
  },
  {
    name: 'NGINX Service Mesh',
    containers: [['nginx-mesh-sidecar'], ['nginx-mesh-init']],
    asking: {
      key: 'injector.nsm.nginx.com/auto-inject',
      pod: ['labels', 'annotations'],
      namespace: ['labels', 'annotations'],
      yes: ['true'],
      no: 'false',
    },
  },
  {
    // Its ztunnel, with the ports and the mark of Istio's (Documentation/security/network/encryption-ztunnel.rst).
    name: 'Cilium',
    containers: [],
    asking: { key: 'io.cilium/mtls-enabled', pod: [], namespace: ['labels'], yes: ['true'], no: 'false' },
    live: true,
  },
];

function isNamed(name: string, pattern: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

const patterns = otherMeshes.flatMap(({ containers }) => containers.flat());

/** Those of some names of containers that may be of another mesh. */
export function ofOtherMeshes(names: readonly string[]): readonly string[] {
  return names.filter((name) => patterns.some((pattern) => isNamed(name, pattern)));
}

/** A mesh, and what shows it. */
export interface Shown {
  readonly mesh: OtherMesh;
  readonly container: string;
}

/** The mesh whose proxy some containers are. */
export function meshIn(names: readonly string[]): Shown | undefined {
  const may = ofOtherMeshes(names);
  if (may.length === 0) return undefined;
  for (const mesh of otherMeshes) {
    for (const row of mesh.containers) {
      const [container] = row.map((pattern) => may.find((name) => isNamed(name, pattern)));
      if (container !== undefined && row.every((pattern) => may.some((name) => isNamed(name, pattern))))
        return { mesh, container };
    }
  }
  return undefined;
}

const keys: ReadonlySet<string> = new Set(otherMeshes.map(({ asking }) => asking.key));

/** As much of a value as tells one from all others. */
const longest = 32;

/** Annotations that ask for another mesh; their values are anybody's. */
export function askingAnnotations(annotations: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(annotations)
      .filter(([key]) => keys.has(key))
      .map(([key, value]) => [key, value.slice(0, longest)]),
  );
}

interface Holder {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** What a pod, or a namespace, says of a mesh: yes, with where it stands, or no; undefined if it says nothing. */
export function askedOf(
  { asking }: OtherMesh,
  of: 'pod' | 'namespace',
  holder: Holder,
): { readonly yes: boolean; readonly sign: string } | undefined {
  const place = asking[of].find((each) => own(holder[each], asking.key) !== undefined);
  if (place === undefined) return undefined;
  const [key, value] = asking.unless ?? [];
  const isNobodyAsked = of === 'namespace' && key !== undefined && own(holder.labels, key) === value;
  const said = own(holder[place], asking.key) ?? '';
  return {
    yes: asking.yes.includes(said) && !isNobodyAsked,
    sign: `${place.slice(0, -1)} ${asking.key}=${shown(said)}`,
  };
}

import { listed } from '../../../base/counted.ts';
import { memoize } from '../../../base/memoize.ts';
import { shown } from '../../../base/shown.ts';
import type { MeshState, Surroundings } from '../../adapter.ts';
import { record, records, strings, text } from '../../json.ts';
import { asPod, type ConfigView, type PodView } from '../../views.ts';
import { optsOutOfInjection } from '../vocabulary/injection.ts';
import { templatesAnnotation } from '../vocabulary/labels.ts';
import { listedIn } from '../settings/inbound-ports.ts';
import { parseMeshConfig, possibleConfigs } from '../settings/mesh-config.ts';
import { nameOf } from '../vocabulary/objects.ts';
import type { Evidence, Rule } from './rule.ts';
import { isCaptured, podsIn } from './templates.ts';

/** Of another network than that of a pod: `networks` of `data.meshNetworks`, which the chart writes. */
const networksIn = memoize((config: ConfigView): readonly string[] =>
  Object.keys(record(parseMeshConfig(text(config.spec['meshNetworks']) ?? '')?.['networks'])),
);

/** The port of a gateway to other networks, which passes connections on by their server name. */
const passThrough = 15443;

/** What shows that the mesh has more than one network; undefined if nothing does. */
function severalNetworks(mesh: MeshState): Evidence | undefined {
  const home = mesh.controlPlaneNamespace;
  const config = mesh.configs('ConfigMap', home).find((each) => networksIn(each).length > 1);
  if (config !== undefined)
    return {
      object: nameOf(config),
      message: `its meshNetworks names ${listed(networksIn(config).map(shown))}`,
    };
  const gateway = mesh
    .services(home)
    .find(
      ({ labels, ports }) =>
        labels['topology.istio.io/network'] !== undefined && ports.some(({ port }) => port === passThrough),
    );
  return (
    gateway && {
      object: nameOf({ ...gateway, kind: 'Service' }),
      message: `it is a gateway for calls from other networks (port ${passThrough}, label topology.istio.io/network)`,
    }
  );
}

/** Hosts of which every cluster has its own, by `serviceSettings` of each mesh configuration. */
function localHosts(mesh: MeshState): readonly string[] {
  const [first = [], ...others] = possibleConfigs(mesh).map(({ config }) =>
    records(record(config)['serviceSettings'])
      .filter(({ settings }) => record(settings)['clusterLocal'] === true)
      .flatMap(({ hosts }) => strings(hosts)),
  );
  const sets = others.map((each) => new Set(each));
  return first.filter((host) => sets.every((each) => each.has(host)));
}

const everything: readonly string[] = ['*', '*.local', '*.cluster.local', '*.svc.cluster.local'];

function ofNetworks({ route, mesh, namespace: { name } }: Surroundings): readonly Evidence[] {
  const several = route.to === 'IstioAmbient' ? severalNetworks(mesh) : undefined;
  if (several === undefined) return [];
  const local = localHosts(mesh);
  if (local.some((host) => everything.includes(host))) return [];
  const isOwn = local.includes(`*.${name}.svc.cluster.local`);
  return [
    {
      ...several,
      ...(isOwn && { severity: 'Warning' as const }),
      message: isOwn
        ? `${several.message}: its own Services are local to their cluster, but calls of ${name} to Services on other networks are not made any more`
        : `${several.message}: sidecars and gateways on other networks do not reach pods in ambient (istio/istio#57878), or go past their waypoint, and without AMBIENT_ENABLE_MULTI_NETWORK pods in ambient call no other network`,
    },
  ];
}

/** The label by which its controller gives pods an identity, and a template for the injector that is called after it. */
function isOfSpire({ labels, annotations }: Pick<PodView, 'labels' | 'annotations'>): boolean {
  return (
    labels['spiffe.io/spire-managed-identity'] === 'true' ||
    listedIn(annotations[templatesAnnotation] ?? '').some((name) => name.startsWith('spire'))
  );
}

function ofIdentities(surroundings: Surroundings): readonly Evidence[] {
  const { route, workloads, otherTemplates } = surroundings;
  if (route.to !== 'IstioAmbient') return [];
  const templates = [...workloads, ...otherTemplates];
  const known = new Set(templates.map(({ kind, name }) => `${kind} ${name}`));
  const message =
    'its pods have their identities from SPIRE, of which ztunnel asks nothing: in ambient they have those of istiod, by another authority, which whoever trusts SPIRE alone refuses, and under other names, where SPIRE gives these by a pattern of its own';
  return [
    ...templates
      .filter((template) => isCaptured(template) && !optsOutOfInjection(asPod(template)) && isOfSpire(asPod(template)))
      .map((template) => ({ object: nameOf(template), message })),
    ...podsIn(surroundings, 'Sidecar')
      .filter((pod) => isOfSpire(pod) && !known.has(`${pod.owner?.kind} ${pod.owner?.name}`))
      .map((pod) => ({ object: nameOf(pod), message })),
  ];
}

/** What Istio's guide for this migration calls a blocker, or ambient does not do: beyond one cluster, and identities of others. */
export const topologyRules: readonly Rule[] = [
  {
    id: 'MM137',
    severity: 'Critical',
    when: 'BeforeFlip',
    back: { notAsked: 'how many networks there are says nothing about what was there before' },
    title: 'The mesh has several networks',
    stays:
      'a namespace that is called from another network, or calls there, stays on sidecars: what these and gateways on other networks call in ambient they do not reach, or reach past its waypoint (istio/istio#57878).',
    fix: 'Leave namespaces out that are called from other networks, or call there. Where nobody does, say in serviceSettings of the mesh configuration that Services are local to their cluster (clusterLocal: true, hosts: ["*.svc.cluster.local"]).',
    find: ofNetworks,
  },
  {
    id: 'MM141',
    severity: 'Critical',
    when: 'BeforeRestart',
    back: 'Asked',
    title: 'Identities from SPIRE',
    stays:
      'a workload that has to have its identity from SPIRE stays on sidecars: ztunnel has all identities from istiod and asks nobody else.',
    fix: 'Keep the workload on sidecars in a namespace that stays. Or let istiod give its identity first: take the label spiffe.io/spire-managed-identity and the template of the injector out, and see that it works.',
    find: ofIdentities,
  },
];

import type { MeshState, Surroundings } from '../../src/mesh/adapter.ts';
import { identityOf, roleLabel, stableName, targetAnnotation } from '../../src/mesh/istio/policy/translate/names.ts';
import type { ConfigView, PodView, ServiceView, WorkloadView } from '../../src/mesh/views.ts';
import {
  captured,
  config,
  installed,
  mesh,
  namespace,
  pod,
  scopeView,
  service,
  sidecarToAmbient,
  surroundings,
  workload,
} from './mesh-fixtures.ts';

const services = ['a', 'b', 'c'];

function nameOf(layer: number): string {
  return layer === 0 ? 'shop' : `below-${layer}`;
}

function guard(home: string, name: string): ConfigView {
  const identity = identityOf('Guard', 'AuthorizationPolicy', undefined, { kind: 'Service', namespace: home, name });
  return config(
    'AuthorizationPolicy',
    {
      selector: { matchLabels: { app: name } },
      action: 'DENY',
      rules: [{ from: [{ source: { notPrincipals: [`cluster.local/ns/${home}/sa/waypoint`] } }] }],
    },
    {
      namespace: home,
      name: stableName(['guard'], identity, new Set()),
      uid: `${home}-${name}`,
      labels: { [roleLabel]: 'Guard' },
      annotations: { [targetAnnotation]: `Service/${home}/${name}` },
    },
  );
}

function allow(home: string, name: string, callers: readonly string[]): ConfigView {
  return config(
    'AuthorizationPolicy',
    {
      selector: { matchLabels: { app: name } },
      action: 'ALLOW',
      rules: [{ from: [{ source: { namespaces: callers } }], to: [{ operation: { methods: ['GET'] } }] }],
    },
    { namespace: home, name: `allow-${name}`, uid: `${home}-allow-${name}` },
  );
}

interface Layer {
  readonly configs: readonly ConfigView[];
  readonly pods: readonly PodView[];
  readonly workloads: readonly WorkloadView[];
  readonly services: readonly ServiceView[];
}

/** A namespace behind a waypoint, which all those above it call. */
function layer(home: string, above: readonly string[]): Layer {
  return {
    configs: [
      config('Gateway', { gatewayClassName: 'istio-waypoint' }, { namespace: home, name: 'waypoint', uid: home }),
      ...services.flatMap((name) => [guard(home, name), allow(home, name, [...above, 'gateways'])]),
    ],
    pods: services.map((name) =>
      pod({ ...captured, namespace: home, name, uid: `${home}-${name}`, labels: { app: name }, containers: ['app'] }),
    ),
    workloads: services.map((name) =>
      workload({ namespace: home, name, uid: `${home}-${name}`, templateLabels: { app: name }, replicas: 1 }),
    ),
    services: services.map((name) =>
      service({ namespace: home, name, uid: `${home}-${name}`, selector: { app: name } }),
    ),
  };
}

/**
 * As many namespaces as are asked for that go back from behind their waypoints; each calls all those after it. It is
 * the first that looks.
 */
export function layeredCallers(
  count: number,
  seen: <T extends object>(object: T) => T = (object) => object,
): Surroundings {
  const names = Array.from({ length: count }, (_, index) => nameOf(index));
  const layers = new Map(
    names.map((name, index) => {
      const { configs, pods, workloads, services: own } = layer(name, names.slice(0, index));
      return [
        name,
        {
          configs: configs.map((each) => seen(each)),
          pods: pods.map((each) => seen(each)),
          workloads: workloads.map((each) => seen(each)),
          services: own.map((each) => seen(each)),
        },
      ];
    }),
  );
  const all = [...layers.values()];
  const whole = mesh([...installed, ...all.flatMap(({ configs }) => configs)]);
  const lists = new Map<string, readonly ConfigView[]>();
  const labels = { 'istio.io/dataplane-mode': 'ambient' };
  const state: MeshState = {
    ...whole,
    inhabitedNamespaces: () => names,
    labelsOf: () => labels,
    configs: (kind, home) => {
      const list = lists.get(`${kind} ${home}`) ?? whole.configs(kind, home);
      lists.set(`${kind} ${home}`, list);
      return list;
    },
    pods: (name) => layers.get(name)?.pods ?? [],
    workloads: (name) => layers.get(name)?.workloads ?? [],
    services: (name) =>
      name === undefined ? all.flatMap((each) => each.services) : (layers.get(name)?.services ?? []),
  };
  const { pods = [], workloads = [], services: own = [] } = layers.get('shop') ?? {};
  return surroundings({
    mesh: state,
    route: sidecarToAmbient,
    itinerary: 'L7',
    namespace: namespace({ labels }),
    pods,
    workloads,
    services: own,
    scope: scopeView({ moves: (name) => layers.has(name), goingBack: () => names, wayBack: () => 'GoesBack' }),
  });
}

import type { Surroundings } from '../../src/mesh/adapter.ts';
import type { ConfigView } from '../../src/mesh/views.ts';
import type { Examples } from './examples.ts';
import {
  captured,
  config,
  cronJob,
  injected,
  installed,
  mesh,
  migrationSpec,
  namespace,
  plainPod,
  pod,
  root,
  surroundings,
  workload,
} from './mesh-fixtures.ts';

type Annotations = Readonly<Record<string, string>>;
type Cases = Readonly<Record<string, Surroundings>>;

const strict = config('PeerAuthentication', { mtls: { mode: 'STRICT' } });
const allow = config('AuthorizationPolicy', { rules: [{ from: [{ source: { namespaces: ['x'] } }] }] });
const deny = config('AuthorizationPolicy', {
  action: 'DENY',
  rules: [{ from: [{ source: { namespaces: ['evil'] } }] }],
});
const include = 'traffic.sidecar.istio.io/includeInboundPorts';
const exclude = 'traffic.sidecar.istio.io/excludeInboundPorts';
const interception = 'sidecar.istio.io/interceptionMode';
const proxyConfig = 'proxy.istio.io/config';

/** By what a pod says its sidecar does not take every connection. */
const restricting: Readonly<Record<string, Annotations>> = {
  'excluded ports': { [exclude]: '9090' },
  'a list of included ones': { [include]: '80' },
  'an empty list of included ones': { [include]: '' },
  'no interception': { [interception]: 'NONE' },
  'no interception in the proxy configuration': { [proxyConfig]: '{"interceptionMode":"NONE"}' },
  'the same in YAML, by its number': { [proxyConfig]: 'interception_mode: 2 # none' },
  'a proxy configuration that cannot be read': { [proxyConfig]: 'interceptionMode: [' },
  'a proxy in the application': { 'inject.istio.io/templates': 'grpc-agent' },
  "templates of somebody's own": { 'inject.istio.io/templates': 'corp' },
};

/** By what it does not say that. */
const harmless: Readonly<Record<string, Annotations>> = {
  nothing: {},
  'all ports': { [include]: '*' },
  'no excluded ones': { [exclude]: '' },
  'what the injector notes for the CNI plugin': { [include]: '*', [exclude]: '15020', [interception]: 'REDIRECT' },
  'a status port of its own': { [exclude]: '15999', 'status.sidecar.istio.io/port': '15999' },
  'another interception': { [proxyConfig]: 'interceptionMode: TPROXY' },
  'a template beside the sidecar': { 'inject.istio.io/templates': 'sidecar,corp' },
};

function meshWide(mesh_: string, values?: Readonly<Record<string, unknown>> | string): readonly ConfigView[] {
  const written = typeof values === 'string' ? values : JSON.stringify({ global: { proxy: values } });
  return [
    ...installed.filter(({ kind }) => kind !== 'ConfigMap'),
    config('ConfigMap', { mesh: mesh_ }, { name: 'istio', namespace: root }),
    ...(values === undefined
      ? []
      : [
          config(
            'ConfigMap',
            { values: written, config: 'x' },
            { name: 'istio-sidecar-injector', uid: 'injector', namespace: root },
          ),
        ]),
  ];
}

/** By what the mesh says it for all that do not say it themselves. */
const restrictingMesh: Readonly<Record<string, readonly ConfigView[]>> = {
  'mesh-wide no interception': meshWide('defaultConfig: {interceptionMode: NONE}'),
  'injector values that include some ports': meshWide('', { includeInboundPorts: '80' }),
  'injector values that include none': meshWide('', { includeInboundPorts: '' }),
  'injector values that exclude a port': meshWide('', { includeInboundPorts: '*', excludeInboundPorts: '9090' }),
  'injector values that cannot be read': meshWide('', '{'),
};

const harmlessMesh: Readonly<Record<string, readonly ConfigView[]>> = {
  'ordinary injector values': meshWide('defaultConfig: {interceptionMode: REDIRECT}', {
    includeInboundPorts: '*',
    excludeInboundPorts: '',
    statusPort: 15020,
  }),
};

function each<T>(of: Readonly<Record<string, T>>, named: string, make: (one: T) => Surroundings): Cases {
  return Object.fromEntries(Object.entries(of).map(([name, one]) => [`${name}${named}`, make(one)]));
}

function running(annotations: Annotations, ...policies: readonly ConfigView[]): Surroundings {
  return surroundings({ pods: [pod({ annotations: { ...injected.annotations, ...annotations } })] }, policies);
}

function sleeping(templateAnnotations: Annotations, ...policies: readonly ConfigView[]): Surroundings {
  return surroundings({ pods: [], workloads: [workload({ replicas: 0, templateAnnotations })] }, policies);
}

/** What MM062 sees and ignores. */
export const inboundExamples: Readonly<Record<'MM062', Examples>> = {
  MM062: {
    seen: {
      ...each(restricting, ' under STRICT', (annotations) => running(annotations, strict)),
      ...each(restricting, ' under an ALLOW', (annotations) => running(annotations, allow)),
      ...each(restricting, ' of a workload without pods', (annotations) => sleeping(annotations, strict)),
      'excluded ports under a DENY': running({ [exclude]: '9090' }, deny),
      'where somebody accepts refusals': {
        ...running({ [exclude]: '9090' }, allow),
        spec: migrationSpec({ policies: { refusals: 'Accept' } }),
      },
      ...each(restrictingMesh, '', (configs) => surroundings({ mesh: mesh([...configs, strict]) })),
      'the next run of a CronJob': surroundings(
        { otherTemplates: [cronJob({ templateAnnotations: { [exclude]: '9090' } })] },
        [strict],
      ),
    },
    ignored: {
      ...each(harmless, ' under STRICT', (annotations) => running(annotations, strict)),
      ...each(harmless, ' of a workload without pods', (annotations) => sleeping(annotations, allow)),
      ...each(harmlessMesh, '', (configs) => surroundings({ mesh: mesh([...configs, strict]) })),
      'nothing that refuses anybody': running({ [exclude]: '9090' }),
      'what a pod says against the mesh': {
        ...running({ [interception]: 'REDIRECT' }),
        mesh: mesh([...meshWide('defaultConfig: {interceptionMode: NONE}'), strict]),
      },
      'no sidecars': { ...running({ [exclude]: '9090' }, strict), route: { from: 'None', to: 'IstioAmbient' } },
    },
  },
};

const exit = {
  route: { from: 'IstioAmbient', to: 'IstioSidecar' },
  namespace: namespace({ labels: { 'istio.io/dataplane-mode': 'ambient' } }),
  pods: [plainPod(captured)],
} as const;

function leaving(templateAnnotations: Annotations, replicas: number): Surroundings {
  return surroundings({ ...exit, workloads: [workload({ replicas, templateAnnotations })] }, [deny]);
}

/** What MM089 sees and ignores of the same. */
export const unseenOnExit: Examples = {
  seen: {
    ...each(restricting, ' in a template', (annotations) => leaving(annotations, 2)),
    ...each(restricting, ' in a template without pods', (annotations) => leaving(annotations, 0)),
    ...each(restrictingMesh, ' on the way to sidecars', (configs) =>
      surroundings({ ...exit, mesh: mesh([...configs, deny]) }),
    ),
    'where tokens are asked for': surroundings(
      { ...exit, workloads: [workload({ templateAnnotations: { [include]: '' } })] },
      [config('RequestAuthentication', { jwtRules: [] })],
    ),
  },
  ignored: {
    ...each(harmless, ' in a template', (annotations) => leaving(annotations, 2)),
    ...each(harmlessMesh, ' on the way to sidecars', (configs) =>
      surroundings({ ...exit, mesh: mesh([...configs, deny]) }),
    ),
  },
};

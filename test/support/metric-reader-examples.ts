import type { KubeObject } from '../../src/api/object.ts';
import type { Surroundings } from '../../src/mesh/adapter.ts';
import { watched } from '../../src/mesh/istio/settings/resources.ts';
import { projectWatched } from '../../src/mesh/project-watched.ts';
import type { ConfigView } from '../../src/mesh/views.ts';
import type { Examples } from './examples.ts';
import { captured, config, plainPod, surroundings, workload } from './mesh-fixtures.ts';

type Spec = Readonly<Record<string, unknown>>;

/** As the API server has it, and as much of it as is looked at. */
export function reading(kind: string, spec: Spec, metadata: Partial<KubeObject['metadata']> = {}): ConfigView {
  const known = watched.find((each) => each.kind === kind);
  if (known === undefined) throw new Error(kind);
  return projectWatched(known)({ metadata: { name: 'it', namespace: 'shop', ...metadata }, spec });
}

const web = { kind: 'Deployment', name: 'web' };

/** An autoscaler of Deployment `web`. */
export function autoscaler(...metrics: readonly Spec[]): ConfigView {
  return reading('HorizontalPodAutoscaler', { scaleTargetRef: web, metrics });
}

/** One of KEDA, by a query. */
export function scaled(query: string, kind = 'ScaledObject'): ConfigView {
  return reading(kind, { scaleTargetRef: { name: 'web' }, triggers: [{ type: 'prometheus', metadata: { query } }] });
}

function use(container: string): Spec {
  return {
    type: 'ContainerResource',
    containerResource: { name: 'cpu', container, target: { averageUtilization: 60 } },
  };
}

function external(name: string, matchLabels: Readonly<Record<string, string>> = {}): Spec {
  return { type: 'External', external: { metric: { name, selector: { matchLabels } } } };
}

/** Has the namespace get a waypoint. */
export const telemetry = config('Telemetry', { metrics: [{ providers: [{ name: 'prometheus' }] }] });

function around(...configs: readonly ConfigView[]): Surroundings {
  return surroundings({}, configs);
}

const rate = (labels: string): string => `sum(rate(istio_requests_total{${labels}}[1m]))`;
const canary = (provider: string | undefined, ...metrics: readonly Spec[]): ConfigView =>
  reading('Canary', { targetRef: web, ...(provider !== undefined && { provider }), analysis: { metrics } });
const route = config(
  'VirtualService',
  { hosts: ['web'], http: [{ timeout: '5s', route: [{ destination: { host: 'web' } }] }] },
  { name: 'web' },
);
const rollout = (istio: Spec): ConfigView =>
  reading('Rollout', { strategy: { canary: { trafficRouting: { istio } } } });
const analysis = (provider: Spec): ConfigView => reading('AnalysisTemplate', { metrics: [{ name: 'm', provider }] });
const byRequests = { metrics: [{ name: 'm', provider: { prometheus: { query: rate('') } } }] };
const ofCluster = (spec: Spec = byRequests, name = 'it'): ConfigView =>
  reading('ClusterAnalysisTemplate', spec, { name, namespace: '' });
const toIt = { templateName: 'it', clusterScope: true };
const releasing = (strategy: Spec): ConfigView => reading('Rollout', { strategy });
const flaggers = (namespace: string): ConfigView =>
  reading('MetricTemplate', { query: rate('reporter="destination"') }, { namespace });

/** The ways to leave sidecars, and one to get them. */
const toNone = { from: 'IstioSidecar', to: 'None' } as const;
const toSidecar = { from: 'IstioAmbient', to: 'IstioSidecar' } as const;

/** What the rules about what reads metrics see and ignore, by their ids. */
export const metricReaderExamples: Readonly<Record<'MM132' | 'MM133', Examples>> = {
  MM132: {
    seen: {
      'the container of the sidecar': around(autoscaler(use('istio-proxy'))),
      'the same of KEDA': around(
        reading('ScaledObject', {
          scaleTargetRef: { name: 'web' },
          triggers: [{ type: 'cpu', metadata: { containerName: 'istio-proxy', value: '60' } }],
        }),
      ),
      'what all containers use, as a Warning': around(
        autoscaler({ type: 'Resource', resource: { name: 'cpu', target: { averageUtilization: 60 } } }),
      ),
      'a metric of HTTP by its name': around(autoscaler(external('istio_requests_per_second'))),
      'one of pods': around(
        autoscaler({ type: 'Pods', pods: { metric: { name: 'istio_request_duration_milliseconds' } } }),
      ),
      'one of Envoy': around(autoscaler(external('envoy_cluster_upstream_rq_active'))),
      'a query in an annotation': around(
        reading(
          'HorizontalPodAutoscaler',
          { scaleTargetRef: web },
          { annotations: { 'metric-config.external.rps.prometheus/query': rate('reporter="destination"') } },
        ),
      ),
      'a query of KEDA': around(scaled(rate('reporter="destination"'))),
      'one for jobs': around(scaled(rate(''), 'ScaledJob')),
      'one of waypoints, where there is none': around(scaled(rate('reporter="waypoint"'))),
      'one that callers report, as a Warning': around(scaled(rate('reporter="source"'))),
      'out of the mesh': surroundings({ route: toNone }, [scaled(rate('reporter=~"waypoint"'))]),
      'connections, out of the mesh': surroundings({ route: toNone }, [
        scaled('rate(istio_tcp_connections_opened_total[1m])'),
      ]),
      'requests beside connections': around(
        scaled(`sum(istio_tcp_sent_bytes_total) / ${rate('reporter="destination"')}`),
      ),
      'a workload that nobody here knows': around(
        reading('HorizontalPodAutoscaler', {
          scaleTargetRef: { kind: 'Rollout', name: 'api' },
          metrics: [use('istio-proxy')],
        }),
      ),
    },
    ignored: {
      'the container of the application': around(autoscaler(use('app'))),
      'a number instead of a share': around(
        autoscaler({ type: 'Resource', resource: { name: 'cpu', target: { averageValue: '500m' } } }),
      ),
      'a metric of the application': around(autoscaler(external('http_requests_total'))),
      'what ztunnel reports too': around(scaled('rate(istio_tcp_connections_opened_total[1m])')),
      'what reads both behind a waypoint': around(scaled(rate('reporter=~"destination|waypoint"')), telemetry),
      'pods without sidecars': surroundings(
        { workloads: [workload({ templateLabels: { app: 'web', 'sidecar.istio.io/inject': 'false' } })] },
        [autoscaler(use('istio-proxy'))],
      ),
      'another namespace': around(
        reading(
          'HorizontalPodAutoscaler',
          { scaleTargetRef: web, metrics: [use('istio-proxy')] },
          { namespace: 'blog' },
        ),
      ),
      'on the way to sidecars': surroundings({ route: toSidecar, pods: [plainPod(captured)] }, [
        autoscaler(use('istio-proxy')),
      ]),
    },
  },
  MM133: {
    seen: {
      'what Flagger asks by itself': around(canary('istio', { name: 'request-success-rate' })),
      'the same of its default provider': around(canary(undefined, { name: 'request-duration' })),
      'a query of its own': around(
        reading('MetricTemplate', { provider: { type: 'prometheus' }, query: rate('reporter="destination"') }),
      ),
      'an analysis of Argo': around(analysis({ prometheus: { query: rate('') } })),
      'the same of another provider': around(analysis({ newRelic: { query: 'envoy_cluster_upstream_rq_total' } })),
      'an analysis of the whole cluster in the background': around(
        ofCluster(),
        releasing({ canary: { analysis: { templates: [toIt] } } }),
      ),
      'the same as a step': around(
        ofCluster(),
        releasing({ canary: { steps: [{ setWeight: 20 }, { analysis: { templates: [toIt] } }] } }),
      ),
      'the same of an experiment': around(
        ofCluster(),
        releasing({ canary: { steps: [{ experiment: { analyses: [{ name: 'a', ...toIt }] } }] } }),
      ),
      'the same before a promotion': around(
        ofCluster(),
        releasing({ blueGreen: { prePromotionAnalysis: { templates: [toIt] } } }),
      ),
      'the same after one': around(
        ofCluster(),
        releasing({ blueGreen: { postPromotionAnalysis: { templates: [toIt] } } }),
      ),
      'one that an analysis of the namespace is put together from': around(
        ofCluster(),
        reading('AnalysisTemplate', { templates: [toIt] }),
      ),
      'one that another one of the cluster is put together from': around(
        ofCluster(),
        ofCluster({ templates: [toIt] }, 'all'),
        releasing({ canary: { analysis: { templates: [{ templateName: 'all', clusterScope: true }] } } }),
      ),
      'a metric of Flagger that stands elsewhere': around(
        flaggers('flagger-system'),
        canary('istio', { name: 'rate', templateRef: { name: 'it', namespace: 'flagger-system' } }),
      ),
      'a Rollout that divides calls': around(route, rollout({ virtualService: { name: 'web' } })),
      'one that does so by several': around(route, rollout({ virtualServices: [{ name: 'a' }, { name: 'web' }] })),
      'a Canary that does': around(route, canary('istio')),
    },
    ignored: {
      'Flagger without Istio': around(route, canary('nginx', { name: 'request-success-rate' })),
      'one with templates of its own': around(
        canary('istio', { name: 'request-success-rate', templateRef: { name: 'rate' } }),
      ),
      'an analysis of the application': around(analysis({ prometheus: { query: 'http_requests_total' } })),
      'an analysis that is the same before and afterwards': around(
        analysis({ prometheus: { query: rate('reporter=~"destination|waypoint"') } }),
        telemetry,
      ),
      'an analysis of the whole cluster that nobody here asks': around(
        ofCluster(),
        ofCluster({ templates: [toIt] }, 'all'),
        releasing({
          canary: { analysis: { templates: [{ templateName: 'it' }, { ...toIt, templateName: 'other' }] } },
        }),
      ),
      'one that reads what is the same before and afterwards': around(
        ofCluster({
          metrics: [{ name: 'm', provider: { prometheus: { query: rate('reporter=~"destination|waypoint"') } } }],
        }),
        releasing({ canary: { analysis: { templates: [toIt] } } }),
        telemetry,
      ),
      'a metric of Flagger that stands elsewhere, and that nobody here asks': around(
        flaggers('flagger-system'),
        canary('istio', { name: 'rate', templateRef: { name: 'other', namespace: 'flagger-system' } }),
      ),
      'a Rollout that divides nothing': around(route, reading('Rollout', { strategy: { canary: { steps: [] } } })),
      'a Rollout for another route': around(route, rollout({ virtualService: { name: 'api' } })),
    },
  },
};

import {
  calledByApi,
  calledByConversion,
  calledByIngress,
  calledByRoute,
  calledByRoutes,
  calledByWebhooks,
} from '../../outside-kinds.ts';
import { nodeSpec } from '../../placement.ts';
import { keepAdminPolicy, keepCalicoPolicy, keepCiliumPolicy } from '../../unread-filters.ts';
import type { WatchedKind } from '../../watched-kind.ts';
import {
  keepAnalysis,
  keepAutoscaler,
  keepCanary,
  keepMetricTemplate,
  keepRollout,
  keepScaled,
} from './metric-readers.ts';
import { keepClusterNetwork } from './cluster-network.ts';
import { keepTemplate } from './rollout-templates.ts';
import { keepMonitor } from './monitors.ts';
import { keepSecurityGroups } from './security-groups.ts';
import { decisiveMarks } from '../vocabulary/decisive.ts';
import { gateways } from '../vocabulary/gateway.ts';

function kind(
  group: string,
  version: string,
  name: string,
  plural: string,
  namespaced = true,
  namespace: WatchedKind['namespace'] = 'All',
): WatchedKind {
  const isMeshs = group.endsWith('istio.io') || group === gateways.group;
  return {
    kind: name,
    resource: { group, version, kind: name, plural, namespaced },
    namespace,
    ...(isMeshs && { marks: decisiveMarks }),
  };
}

/** Kinds by which controllers of others bring clients in. */
function entering(watchedKind: WatchedKind, keep: NonNullable<WatchedKind['keep']>): WatchedKind {
  const optional = 'clients that come by one are not known, and would be refused behind a waypoint (MM128)';
  return { ...watchedKind, isOwn: true, optional, keep };
}

const byMetrics = 'what decides by metrics of sidecars is not known (MM132, MM133)';

/** Kinds of other controllers, which decide about their own namespace. */
function reading(watchedKind: WatchedKind, keep: NonNullable<WatchedKind['keep']>): WatchedKind {
  return { ...watchedKind, isOwn: true, optional: byMetrics, keep };
}

/** What others ask, from other namespaces too. */
function asked(watchedKind: WatchedKind, keep: NonNullable<WatchedKind['keep']>): WatchedKind {
  return { ...watchedKind, optional: byMetrics, keep };
}

/** What has pods scraped, of other namespaces too. */
function scraping(watchedKind: WatchedKind): WatchedKind {
  return { ...watchedKind, optional: 'what scrapes pods is not known (MM134)', keep: keepMonitor };
}

/** Packet filters that nobody reads here but for whose pods they are for. `name`: as views have it. */
function filtering(
  watchedKind: WatchedKind,
  keep: NonNullable<WatchedKind['keep']>,
  name = watchedKind.kind,
): WatchedKind {
  const optional =
    'whether packet filters of Cilium, Calico or administrators would cut calls off is not known (MM155)';
  return { ...watchedKind, kind: name, optional, keep };
}

const apiServer = 'it is not known whom the API server calls, which would be refused behind a waypoint (MM128)';

/** Kinds that the rules look at. One that is not installed counts as having no objects, and is looked for again. */
export const watched: readonly WatchedKind[] = [
  kind('security.istio.io', 'v1', 'AuthorizationPolicy', 'authorizationpolicies'),
  kind('security.istio.io', 'v1', 'PeerAuthentication', 'peerauthentications'),
  kind('security.istio.io', 'v1', 'RequestAuthentication', 'requestauthentications'),
  kind('networking.istio.io', 'v1', 'VirtualService', 'virtualservices'),
  kind('networking.istio.io', 'v1', 'DestinationRule', 'destinationrules'),
  kind('networking.istio.io', 'v1alpha3', 'EnvoyFilter', 'envoyfilters'),
  kind('networking.istio.io', 'v1', 'ServiceEntry', 'serviceentries'),
  kind('networking.istio.io', 'v1', 'Sidecar', 'sidecars'),
  { ...kind('networking.istio.io', 'v1', 'WorkloadEntry', 'workloadentries'), isInstance: true },
  kind('networking.istio.io', 'v1', 'WorkloadGroup', 'workloadgroups'),
  kind('telemetry.istio.io', 'v1', 'Telemetry', 'telemetries'),
  kind('extensions.istio.io', 'v1alpha1', 'WasmPlugin', 'wasmplugins'),
  // Since Istio 1.30.
  kind('extensions.istio.io', 'v1alpha1', 'TrafficExtension', 'trafficextensions'),
  kind('gateway.networking.k8s.io', 'v1', 'GatewayClass', 'gatewayclasses', false),
  { kind: 'Gateway', resource: gateways, namespace: 'All', marks: decisiveMarks },
  kind('gateway.networking.k8s.io', 'v1', 'HTTPRoute', 'httproutes'),
  kind('gateway.networking.k8s.io', 'v1', 'GRPCRoute', 'grpcroutes'),
  kind('admissionregistration.k8s.io', 'v1', 'MutatingWebhookConfiguration', 'mutatingwebhookconfigurations', false),
  kind('', 'v1', 'ConfigMap', 'configmaps', true, 'Root'),
  { ...kind('', 'v1', 'ResourceQuota', 'resourcequotas'), isOwn: true },
  kind('networking.k8s.io', 'v1', 'NetworkPolicy', 'networkpolicies'),
  {
    ...kind('', 'v1', 'Node', 'nodes', false),
    optional: 'nodes without an agent of the mesh are not seen before a pod is there (MM125)',
    keep: ({ spec }) => nodeSpec(spec),
  },
  entering(kind('networking.k8s.io', 'v1', 'Ingress', 'ingresses'), calledByIngress),
  entering(kind('route.openshift.io', 'v1', 'Route', 'routes'), calledByRoute),
  entering(kind('traefik.io', 'v1alpha1', 'IngressRoute', 'ingressroutes'), calledByRoutes),
  entering(kind('projectcontour.io', 'v1', 'HTTPProxy', 'httpproxies'), calledByRoutes),
  {
    ...kind(
      'admissionregistration.k8s.io',
      'v1',
      'ValidatingWebhookConfiguration',
      'validatingwebhookconfigurations',
      false,
    ),
    optional: apiServer,
    keep: calledByWebhooks,
  },
  {
    ...kind('apiregistration.k8s.io', 'v1', 'APIService', 'apiservices', false),
    optional: apiServer,
    keep: calledByApi,
  },
  {
    ...kind('apiextensions.k8s.io', 'v1', 'CustomResourceDefinition', 'customresourcedefinitions', false),
    optional: apiServer,
    keep: calledByConversion,
    page: 25,
  },
  reading(kind('autoscaling', 'v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers'), keepAutoscaler),
  reading(kind('keda.sh', 'v1alpha1', 'ScaledObject', 'scaledobjects'), keepScaled),
  reading(kind('keda.sh', 'v1alpha1', 'ScaledJob', 'scaledjobs'), keepScaled),
  reading(kind('flagger.app', 'v1beta1', 'Canary', 'canaries'), keepCanary),
  asked(kind('flagger.app', 'v1beta1', 'MetricTemplate', 'metrictemplates'), keepMetricTemplate),
  reading(kind('argoproj.io', 'v1alpha1', 'Rollout', 'rollouts'), (object) => ({
    ...keepRollout(object),
    ...keepTemplate(object),
  })),
  reading(kind('argoproj.io', 'v1alpha1', 'AnalysisTemplate', 'analysistemplates'), keepAnalysis),
  asked(kind('argoproj.io', 'v1alpha1', 'ClusterAnalysisTemplate', 'clusteranalysistemplates', false), keepAnalysis),
  scraping(kind('monitoring.coreos.com', 'v1', 'ServiceMonitor', 'servicemonitors')),
  scraping(kind('monitoring.coreos.com', 'v1', 'PodMonitor', 'podmonitors')),
  scraping(kind('operator.victoriametrics.com', 'v1beta1', 'VMServiceScrape', 'vmservicescrapes')),
  scraping(kind('operator.victoriametrics.com', 'v1beta1', 'VMPodScrape', 'vmpodscrapes')),
  {
    ...kind('vpcresources.k8s.aws', 'v1beta1', 'SecurityGroupPolicy', 'securitygrouppolicies'),
    isOwn: true,
    optional: 'security groups for pods are not known (MM143)',
    keep: keepSecurityGroups,
  },
  {
    ...kind('operator.openshift.io', 'v1', 'Network', 'networks', false),
    optional: 'how the network of OpenShift treats probes is not known (MM156)',
    keep: keepClusterNetwork,
  },
  filtering(kind('cilium.io', 'v2', 'CiliumNetworkPolicy', 'ciliumnetworkpolicies'), keepCiliumPolicy),
  filtering(
    kind('cilium.io', 'v2', 'CiliumClusterwideNetworkPolicy', 'ciliumclusterwidenetworkpolicies', false),
    keepCiliumPolicy,
  ),
  ...['crd.projectcalico.org/v1', 'projectcalico.org/v3'].flatMap((groupVersion) => {
    const [group = '', version = ''] = groupVersion.split('/');
    return [
      filtering(kind(group, version, 'NetworkPolicy', 'networkpolicies'), keepCalicoPolicy, `NetworkPolicy.${group}`),
      filtering(
        kind(group, version, 'GlobalNetworkPolicy', 'globalnetworkpolicies', false),
        keepCalicoPolicy,
        `GlobalNetworkPolicy.${group}`,
      ),
    ];
  }),
  filtering(
    kind('policy.networking.k8s.io', 'v1alpha1', 'AdminNetworkPolicy', 'adminnetworkpolicies', false),
    keepAdminPolicy,
  ),
  filtering(
    kind('policy.networking.k8s.io', 'v1alpha1', 'BaselineAdminNetworkPolicy', 'baselineadminnetworkpolicies', false),
    keepAdminPolicy,
  ),
  filtering(
    kind('policy.networking.k8s.io', 'v1alpha2', 'ClusterNetworkPolicy', 'clusternetworkpolicies', false),
    keepAdminPolicy,
  ),
];

/** Kinds of the objects that the operator makes on the way and watches. */
export const made: readonly WatchedKind[] = watched.filter(({ kind: name }) =>
  ['AuthorizationPolicy', 'RequestAuthentication', 'Telemetry', 'WasmPlugin', 'TrafficExtension', 'Gateway'].includes(
    name,
  ),
);

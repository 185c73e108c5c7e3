import { listed } from '../../../base/counted.ts';
import { shown } from '../../../base/shown.ts';
import type { Surroundings } from '../../adapter.ts';
import { asPod, type TemplateView } from '../../views.ts';
import { proxyConfigIn } from '../settings/inbound-ports.ts';
import { proxyConfigAnnotation } from '../vocabulary/labels.ts';
import { rolloutTemplates } from '../settings/rollout-templates.ts';
import { nameOf } from '../vocabulary/objects.ts';
import type { Evidence, Rule } from './rule.ts';
import { losesSidecar, takesOutsidersIn } from './templates.ts';
import { warned } from './warned.ts';

/** What a setting of one sidecar is about: requests and what is reported of them, or only the proxy itself. */
type About = 'Requests' | 'Reports' | 'Proxy';

/** Annotations of pods (annotation/annotations.yaml in istio/api); what others say of some of them is MM062, MM130 and MM134. */
const annotations: Readonly<Record<string, About>> = {
  'sidecar.istio.io/bootstrapOverride': 'Requests',
  'proxy.istio.io/overrides': 'Requests',
  'sidecar.istio.io/statsInclusionPrefixes': 'Reports',
  'sidecar.istio.io/statsInclusionSuffixes': 'Reports',
  'sidecar.istio.io/statsInclusionRegexps': 'Reports',
  'sidecar.istio.io/statsHistogramBuckets': 'Reports',
  'sidecar.istio.io/statsHistogramBins': 'Reports',
  'sidecar.istio.io/statsFlushInterval': 'Reports',
  'sidecar.istio.io/statsEvictionInterval': 'Reports',
  'sidecar.istio.io/statsCompression': 'Reports',
  'sidecar.istio.io/extraStatTags': 'Reports',
  'sidecar.istio.io/proxyCPU': 'Proxy',
  'sidecar.istio.io/proxyCPULimit': 'Proxy',
  'sidecar.istio.io/proxyMemory': 'Proxy',
  'sidecar.istio.io/proxyMemoryLimit': 'Proxy',
  'sidecar.istio.io/proxyImage': 'Proxy',
  'sidecar.istio.io/proxyImageType': 'Proxy',
  'sidecar.istio.io/discoveryAddress': 'Proxy',
  'sidecar.istio.io/logLevel': 'Proxy',
  'sidecar.istio.io/componentLogLevel': 'Proxy',
  'sidecar.istio.io/agentLogLevel': 'Proxy',
  'sidecar.istio.io/nativeSidecar': 'Proxy',
};

/** Fields of ProxyConfig (mesh/v1alpha1/proxy.proto in istio/api) that are more than the proxy's own. */
const fields: Readonly<Record<string, About>> = {
  proxyHeaders: 'Requests',
  gatewayTopology: 'Requests',
  runtimeValues: 'Requests',
  customConfigFile: 'Requests',
  proxyBootstrapTemplatePath: 'Requests',
  privateKeyProvider: 'Requests',
  tracing: 'Reports',
  zipkinAddress: 'Reports',
  tracingServiceName: 'Reports',
  extraStatTags: 'Reports',
  proxyStatsMatcher: 'Reports',
  statsdUdpAddress: 'Reports',
  envoyAccessLogService: 'Reports',
  envoyMetricsService: 'Reports',
  statsCompression: 'Reports',
};

/** MM062 says what that does. */
const elsewhere: readonly string[] = ['interceptionMode'];

const words: Readonly<Record<About, string>> = {
  Requests: 'what happens to requests',
  Reports: 'what is reported of them',
  Proxy: 'the proxy itself',
};

/** What cannot be read may be about anything. */
function ofConfig(template: TemplateView): readonly (readonly [string, About])[] {
  const pod = asPod(template);
  if (pod.annotations[proxyConfigAnnotation] === undefined) return [];
  const said = proxyConfigIn(pod);
  if (said === undefined) return [[proxyConfigAnnotation, 'Requests']];
  const own = Object.keys(said).filter((field) => !elsewhere.includes(field));
  return own.map((field) => [`${proxyConfigAnnotation}: ${shown(field)}`, fields[field] ?? 'Proxy'] as const);
}

function settingsOf(template: TemplateView): readonly (readonly [string, About])[] {
  const { templateAnnotations } = template;
  const own = Object.entries(annotations).filter(([key]) => templateAnnotations[key] !== undefined);
  return [...own, ...ofConfig(template)];
}

function ofTemplate(template: TemplateView): readonly Evidence[] {
  if (!losesSidecar(template)) return [];
  const settings = settingsOf(template);
  if (settings.length === 0) return [];
  const isOwn = settings.every(([, about]) => about === 'Proxy');
  const told = (Object.keys(words) as readonly About[]).flatMap((about) => {
    const keys = settings.filter(([, each]) => each === about).map(([key]) => key);
    return keys.length === 0 ? [] : [`${words[about]} (${listed(keys)})`];
  });
  return [
    {
      object: nameOf(template),
      ...(isOwn && { severity: 'Info' as const }),
      message: `it sets for its sidecar alone ${told.join(', and ')}: ztunnel is one for all pods of a node, and nothing of that holds there`,
      ...(isOwn && { fix: 'Nothing to do; take the annotations out when the migration is finalized.' }),
    },
  ];
}

function find(surroundings: Surroundings): readonly Evidence[] {
  const { route, workloads, otherTemplates } = surroundings;
  if (!takesOutsidersIn(route)) return [];
  return warned(surroundings, 'the settings of sidecars with what they are about', () =>
    [...workloads, ...otherTemplates, ...rolloutTemplates(surroundings)].flatMap(ofTemplate),
  );
}

/** What templates say to their sidecars only. */
export const proxySettingRules: readonly Rule[] = [
  {
    id: 'MM150',
    severity: 'Warning',
    when: 'Start',
    lasts: true,
    title: 'Settings of single sidecars end',
    fix: 'Say it for the waypoint (a Telemetry, or a route, of the namespace), or do without; what the application needs of it has to be its own.',
    find,
  },
];

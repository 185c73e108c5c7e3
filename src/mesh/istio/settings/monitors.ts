import { memoize } from '../../../base/memoize.ts';
import type { KubeObject } from '../../../api/object.ts';
import type { Surroundings } from '../../adapter.ts';
import { list, record, records, stringMap, strings, text, type Json } from '../../json.ts';
import type { ConfigView, SelectorView } from '../../views.ts';

/*
 * Objects by which operators of Prometheus and VictoriaMetrics are told what to scrape, behind Services or of pods. They say
 * of which namespaces, and without that of their own.
 */

/** Of these the ports are those of pods; of the others those of Services. */
const ofPods = ['PodMonitor', 'VMPodScrape'];

/** Kinds that say what is scraped. */
const kinds = ['ServiceMonitor', 'VMServiceScrape', ...ofPods];

/** Name or number. */
export type Port = string | number;

/** What is kept of one. */
export interface Monitor {
  readonly selector: SelectorView;
  readonly ports: readonly Port[];
  /** Namespaces in which it has something scraped, if not its own. */
  readonly namespaces?: readonly string[];
  /** It has something scraped in all. */
  readonly any?: true;
  /** It says more than is kept of it. */
  readonly more?: true;
  /** It asks for what only a sidecar serves. */
  readonly ofSidecar?: true;
  /** It shows a certificate of the mesh to the sidecar. */
  readonly asMesh?: true;
}

const sidecarPorts: readonly unknown[] = ['http-envoy-prom', 15020, 15090, '15020', '15090'];

/** Where Prometheus has the certificates that a sidecar beside it writes (Istio’s guide for Prometheus under STRICT). */
const meshCertificates = /(?:prom|istio)-certs\/|\/etc\/certs\/cert-chain\.pem/;

/** Different ports, labels and namespaces that are kept of one: each port is asked about at each template. */
const most = 100;

/** Characters of the expressions of its selector. */
const longestExpressions = 10_000;

/** No port and no namespace has a longer name. */
const longestName = 63;

function isPort(port: unknown): port is Port {
  return typeof port === 'number' || (typeof port === 'string' && port.length <= longestName);
}

function isOfSidecar({ port, targetPort, portNumber, path }: Json): boolean {
  return [port, targetPort, portNumber].some((each) => sidecarPorts.includes(each)) || path === '/stats/prometheus';
}

/** Where it has something scraped; of who names more namespaces than are kept all may be meant. */
function whereIn(value: unknown): Pick<Monitor, 'any' | 'namespaces'> {
  const { any, matchNames } = record(value);
  const names = [...new Set(strings(matchNames).filter((name) => name.length <= longestName))];
  if (any === true || names.length > most) return { any: true };
  return names.length === 0 ? {} : { namespaces: names };
}

/** A ServiceMonitor or PodMonitor of prometheus-operator, or a VMServiceScrape or VMPodScrape, which say the same. */
export function keepMonitor({ spec: value }: KubeObject): Json {
  const spec = record(value);
  const endpoints = records(spec['endpoints'] ?? spec['podMetricsEndpoints']);
  const named = endpoints.map(({ port, targetPort, portNumber }) => port ?? portNumber ?? targetPort);
  const ports = [...new Set(named.filter(isPort))];
  const asked = record(spec['selector']);
  const matchLabels = stringMap(asked['matchLabels']);
  const expressions = records(asked['matchExpressions']);
  const isWide = Object.keys(matchLabels).length > most || JSON.stringify(expressions).length > longestExpressions;
  const files = endpoints.map(({ tlsConfig }) => text(record(tlsConfig)['certFile']) ?? '');
  return {
    matchLabels: isWide ? {} : matchLabels,
    ...(!isWide && expressions.length > 0 && { matchExpressions: expressions }),
    ports: isWide ? [] : ports.slice(0, most),
    ...whereIn(spec['namespaceSelector']),
    ...((isWide || ports.length > most) && { more: true }),
    ...(endpoints.some((each) => isOfSidecar(each)) && { ofSidecar: true }),
    ...(files.some((file) => meshCertificates.test(file)) && { asMesh: true }),
  };
}

/** What was kept. */
export const monitorIn: (monitor: ConfigView) => Monitor = memoize(({ spec }: ConfigView) => ({
  selector: {
    matchLabels: stringMap(spec['matchLabels']),
    matchExpressions: records(spec['matchExpressions']).map(({ key, operator, values }) => ({
      key: text(key) ?? '',
      operator: text(operator) ?? '',
      values: strings(values),
    })),
  },
  ports: list(spec['ports']).filter(isPort),
  ...(Array.isArray(spec['namespaces']) && { namespaces: strings(spec['namespaces']) }),
  ...(spec['any'] === true && { any: true }),
  ...(spec['more'] === true && { more: true }),
  ...(spec['ofSidecar'] === true && { ofSidecar: true }),
  ...(spec['asMesh'] === true && { asMesh: true }),
}));

/** Whether it names ports of pods, and selects these by their own labels. */
export function isOfPods({ kind }: ConfigView): boolean {
  return ofPods.includes(kind);
}

function reaches(monitor: ConfigView, namespace: string): boolean {
  const { any, namespaces } = monitorIn(monitor);
  return any === true || (namespaces?.includes(namespace) ?? monitor.namespace === namespace);
}

/** What has something scraped in a namespace: of its own, and of others. */
export function monitorsOf({ mesh, namespace: { name } }: Pick<Surroundings, 'mesh' | 'namespace'>): {
  readonly own: readonly ConfigView[];
  readonly others: readonly ConfigView[];
} {
  const all = kinds.flatMap((kind) => mesh.configs(kind)).filter((monitor) => reaches(monitor, name));
  return {
    own: all.filter(({ namespace }) => namespace === name),
    others: all.filter(({ namespace }) => namespace !== name),
  };
}

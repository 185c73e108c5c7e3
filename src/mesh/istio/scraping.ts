import { goBoolean } from '../../base/go-boolean.ts';
import type { KubeObject } from '../../api/object.ts';
import type { MeshState } from '../adapter.ts';
import { list, record, records, stringMap, text, type Json } from '../json.ts';
import { hasLabels } from '../has-labels.ts';
import type { ConfigView, ServiceView, TemplateView } from '../views.ts';
import { configuredSo } from './mesh-settings.ts';

/*
 * Who scrapes which port of a pod. The injector has Prometheus ask its agent on port 15020, which no policy is asked about, and the agent the application on localhost
 * (applyPrometheusMerge in pkg/kube/inject/webhook.go). Without it Prometheus asks the port of the application.
 */

/** A port of the pods of a template that somebody scrapes. */
export interface Scraped {
  readonly template: TemplateView;
  readonly port: number;
  /** What says so. */
  readonly by: string;
  /** Today the agent in the sidecar is asked, and no policy. */
  readonly merged: boolean;
}

/** As Prometheus names annotations, where all others than letters and digits are the same. */
function annotation({ templateAnnotations }: TemplateView, name: string): string | undefined {
  const found = Object.entries(templateAnnotations).find(([key]) => key.replaceAll(/[^a-zA-Z0-9_]/g, '_') === name);
  return found?.[1];
}

/** The annotation of a pod beats the mesh, which merges where it says nothing (enablePrometheusMerge). */
function isMerged(template: TemplateView, mesh: MeshState): boolean {
  const own = goBoolean(annotation(template, 'prometheus_istio_io_merge_metrics') ?? '');
  return own ?? configuredSo(mesh, ({ mergesMetrics }) => !mergesMetrics).length === 0;
}

/** Every port that the template declares where none is said. */
function annotatedPorts(template: TemplateView): readonly number[] {
  const said = annotation(template, 'prometheus_io_port');
  return said === undefined ? template.containerPorts.map(({ port }) => port) : [Number(said)];
}

/** What annotations of a template have scraped. */
export function annotated(template: TemplateView, mesh: MeshState): readonly Scraped[] {
  if (annotation(template, 'prometheus_io_scrape') !== 'true') return [];
  const merged = isMerged(template, mesh);
  return annotatedPorts(template)
    .filter((port) => Number.isInteger(port))
    .map((port) => ({ template, port, by: 'prometheus.io/scrape', merged }));
}

/** What is kept of a ServiceMonitor or PodMonitor. */
interface Monitor {
  readonly matchLabels: Readonly<Record<string, string>>;
  /** Names or numbers. */
  readonly ports: readonly (string | number)[];
  /** It asks for what only a sidecar serves. */
  readonly ofSidecar?: true;
  /** It shows a certificate of the mesh to the sidecar. */
  readonly asMesh?: true;
}

const sidecarPorts: readonly unknown[] = ['http-envoy-prom', 15020, 15090, '15020', '15090'];

/** Where Prometheus has the certificates that a sidecar beside it writes (Istio’s guide for Prometheus under STRICT). */
const meshCertificates = /(?:prom|istio)-certs\/|\/etc\/certs\/cert-chain\.pem/;

/** A ServiceMonitor or PodMonitor of prometheus-operator. */
export function keepMonitor({ spec: value }: KubeObject): Json {
  const spec = record(value);
  const endpoints = records(spec['endpoints'] ?? spec['podMetricsEndpoints']);
  const ports = endpoints.map(({ port, targetPort, portNumber }) => port ?? portNumber ?? targetPort);
  const files = endpoints.map(({ tlsConfig }) => text(record(tlsConfig)['certFile']) ?? '');
  return {
    matchLabels: stringMap(record(spec['selector'])['matchLabels']),
    ports: ports.filter((port) => typeof port === 'string' || typeof port === 'number'),
    ...(endpoints.some((each) => isOfSidecar(each)) && { ofSidecar: true }),
    ...(files.some((file) => meshCertificates.test(file)) && { asMesh: true }),
  } satisfies Monitor;
}

function isOfSidecar({ port, targetPort, portNumber, path }: Json): boolean {
  return [port, targetPort, portNumber].some((each) => sidecarPorts.includes(each)) || path === '/stats/prometheus';
}

/** What was kept. */
export function monitorIn({ spec }: ConfigView): Monitor {
  return {
    matchLabels: stringMap(spec['matchLabels']),
    ports: list(spec['ports']).filter((port) => typeof port === 'string' || typeof port === 'number'),
    ...(spec['ofSidecar'] === true && { ofSidecar: true }),
    ...(spec['asMesh'] === true && { asMesh: true }),
  };
}

function numbersOf(port: string | number, { containerPorts }: TemplateView): readonly number[] {
  if (typeof port === 'number') return [port];
  return containerPorts.filter(({ name }) => name === port).map((each) => each.port);
}

/** What the monitors of a namespace have scraped, of Services or of pods. */
export function monitored(
  monitor: ConfigView,
  by: string,
  templates: readonly TemplateView[],
  services: readonly ServiceView[],
): readonly Scraped[] {
  const { matchLabels, ports } = monitorIn(monitor);
  const selected =
    monitor.kind === 'PodMonitor'
      ? templates
          .filter(({ templateLabels }) => hasLabels(templateLabels, matchLabels))
          .map((template) => ({ template, named: ports }))
      : services
          .filter(({ labels, selector }) => hasLabels(labels, matchLabels) && Object.keys(selector).length > 0)
          .flatMap(({ selector, ports: own }) => {
            const named = own.filter(({ name }) => name !== undefined && ports.includes(name));
            return templates
              .filter(({ templateLabels }) => hasLabels(templateLabels, selector))
              .map((template) => ({ template, named: named.map(({ targetPort }) => targetPort) }));
          });
  return selected.flatMap(({ template, named }) =>
    named.flatMap((each) => numbersOf(each, template)).map((port) => ({ template, port, by, merged: false })),
  );
}

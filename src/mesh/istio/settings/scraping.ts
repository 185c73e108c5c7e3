import { goBoolean } from '../../../base/go-boolean.ts';
import { memoize } from '../../../base/memoize.ts';
import type { KubeObject } from '../../../api/object.ts';
import type { MeshState, Surroundings } from '../../adapter.ts';
import { list, record, records, stringMap, text, type Json } from '../../json.ts';
import { isEmpty } from '../../has-labels.ts';
import type { ConfigView, ServiceView, TemplateView } from '../../views.ts';
import { configuredSo } from './mesh-settings.ts';
import { spend } from '../../../base/effort.ts';
import { selecting, type Selecting } from '../policy/selecting.ts';

/*
 * Who scrapes which port of a pod. The injector has Prometheus ask its agent on port 15020, which no policy is asked about, and the agent the application on localhost
 * (applyPrometheusMerge in pkg/kube/inject/webhook.go). Without it Prometheus asks the port of the application.
 */

/** A port of the pods of a template that somebody scrapes. */
export interface Scraped {
  readonly port: number;
  /** What says so. */
  readonly by: Set<string>;
  /** Today the agent in the sidecar is asked, and no policy. */
  readonly merged: boolean;
}

const asked = ['prometheus_io_scrape', 'prometheus_io_port', 'prometheus_istio_io_merge_metrics'];

/** As Prometheus names annotations, where all others than letters and digits are the same; the first counts. */
const annotationsOf = memoize(
  (annotations: TemplateView['templateAnnotations']): ReadonlyMap<string, string> =>
    new Map(
      Object.entries(annotations)
        .map(([key, value]) => [key.replaceAll(/[^a-zA-Z0-9_]/g, '_'), value] as const)
        .filter(([key]) => asked.includes(key))
        .reverse(),
    ),
);

function annotation({ templateAnnotations }: TemplateView, name: string): string | undefined {
  return annotationsOf(templateAnnotations).get(name);
}

/** Whether a template asks for its pods to be scraped. */
export function isAnnotated(template: TemplateView): boolean {
  return annotation(template, 'prometheus_io_scrape') === 'true';
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

type Port = string | number;

/** What is kept of a ServiceMonitor or PodMonitor. */
interface Monitor {
  readonly matchLabels: Readonly<Record<string, string>>;
  /** Names or numbers. */
  readonly ports: readonly Port[];
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

/** Different ports, and labels, that are kept of one: each port is asked about at each template. */
const most = 100;

/** No port has a longer name. */
const longestName = 63;

function isPort(port: unknown): port is Port {
  return typeof port === 'number' || (typeof port === 'string' && port.length <= longestName);
}

/** A ServiceMonitor or PodMonitor of prometheus-operator. */
export function keepMonitor({ spec: value }: KubeObject): Json {
  const spec = record(value);
  const endpoints = records(spec['endpoints'] ?? spec['podMetricsEndpoints']);
  const named = endpoints.map(({ port, targetPort, portNumber }) => port ?? portNumber ?? targetPort);
  const ports = [...new Set(named.filter(isPort))];
  const matchLabels = stringMap(record(spec['selector'])['matchLabels']);
  const isWide = Object.keys(matchLabels).length > most;
  const files = endpoints.map(({ tlsConfig }) => text(record(tlsConfig)['certFile']) ?? '');
  return {
    matchLabels: isWide ? {} : matchLabels,
    ports: isWide ? [] : ports.slice(0, most),
    ...((isWide || ports.length > most) && { more: true }),
    ...(endpoints.some((each) => isOfSidecar(each)) && { ofSidecar: true }),
    ...(files.some((file) => meshCertificates.test(file)) && { asMesh: true }),
  } satisfies Monitor;
}

function isOfSidecar({ port, targetPort, portNumber, path }: Json): boolean {
  return [port, targetPort, portNumber].some((each) => sidecarPorts.includes(each)) || path === '/stats/prometheus';
}

/** What was kept. */
export const monitorIn: (monitor: ConfigView) => Monitor = memoize(({ spec }: ConfigView) => ({
  matchLabels: stringMap(spec['matchLabels']),
  ports: list(spec['ports']).filter(isPort),
  ...(spec['more'] === true && { more: true }),
  ...(spec['ofSidecar'] === true && { ofSidecar: true }),
  ...(spec['asMesh'] === true && { asMesh: true }),
}));

const portsByName = memoize((containerPorts: TemplateView['containerPorts']) =>
  Map.groupBy(containerPorts, ({ name }) => name),
);

/** The numbers of a port that is named by a Service, or by whoever scrapes, in the pods of a template. */
export function numbersOf(port: Port, { containerPorts }: TemplateView): readonly number[] {
  if (typeof port === 'number') return [port];
  return (portsByName(containerPorts).get(port) ?? []).map((each) => each.port);
}

/** Templates by their places, and ports that are asked for there. */
interface Target {
  readonly places: readonly number[];
  readonly ports: readonly Port[];
}

/** What monitors have scraped, of Services or of pods; `select` finds templates. */
function targetsOf(
  monitors: readonly ConfigView[],
  select: Selecting,
  services: readonly ServiceView[],
): readonly (readonly [ConfigView, readonly Target[]])[] {
  const selectServices = selecting(
    services.map(({ labels }) => labels),
    spend,
  );
  const behind = memoize(({ selector }: ServiceView) => (isEmpty(selector) ? [] : select(selector)));
  return monitors.map((monitor) => {
    const { matchLabels, ports } = monitorIn(monitor);
    if (ports.length === 0) return [monitor, []] as const;
    if (monitor.kind === 'PodMonitor') return [monitor, [{ places: select(matchLabels), ports }]] as const;
    const names = new Set(ports);
    const found = selectServices(matchLabels).flatMap((at): readonly Target[] => {
      const service = services[at];
      spend(1 + (service?.ports.length ?? 0) / 8);
      const own = service?.ports.filter(({ name }) => name !== undefined && names.has(name)) ?? [];
      if (service === undefined || own.length === 0) return [];
      return [{ places: behind(service), ports: own.map(({ targetPort }) => targetPort) }];
    });
    return [monitor, found] as const;
  });
}

/**
 * What annotations and monitors of a namespace have scraped, of each of some templates. Each port of each template that
 * somebody asks for is counted.
 */
export function scrapedOf(
  templates: readonly TemplateView[],
  select: Selecting,
  monitors: readonly ConfigView[],
  { mesh, services }: Pick<Surroundings, 'mesh' | 'services'>,
): readonly (readonly Scraped[])[] {
  const found = templates.map(() => new Map<string, Scraped>());
  function add(place: number, ports: readonly number[], by: string, merged: boolean): void {
    spend(1 + ports.length);
    for (const port of ports) {
      const key = `${port} ${merged}`;
      const known = found[place]?.get(key) ?? { port, merged, by: new Set() };
      known.by.add(by);
      found[place]?.set(key, known);
    }
  }
  for (const [place, template] of templates.entries()) {
    if (!isAnnotated(template)) continue;
    const ports = annotatedPorts(template).filter((port) => Number.isInteger(port));
    add(place, ports, 'prometheus.io/scrape', isMerged(template, mesh));
  }
  for (const [monitor, targets] of targetsOf(monitors, select, services)) {
    const by = `${monitor.kind} ${monitor.namespace}/${monitor.name}`;
    for (const { places, ports } of targets)
      for (const place of places) {
        const template = templates[place];
        if (template === undefined) continue;
        for (const port of ports) add(place, numbersOf(port, template), by, false);
      }
  }
  return found.map((all) => [...all.values()]);
}

import { goBoolean } from '../../../base/go-boolean.ts';
import { memoize } from '../../../base/memoize.ts';
import type { MeshState, Surroundings } from '../../adapter.ts';
import { isEmpty } from '../../has-labels.ts';
import type { ConfigView, ServiceView, TemplateView } from '../../views.ts';
import { configuredSo } from './mesh-settings.ts';
import { spend } from '../../../base/effort.ts';
import { selectingFully } from '../policy/selecting.ts';
import { isOfPods, monitorIn, type Port } from './monitors.ts';

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

/** Finds what a selector selects, by its place. */
type SelectFully = ReturnType<typeof selectingFully>;

/** What monitors have scraped, of Services or of pods; `select` finds templates. */
function targetsOf(
  monitors: readonly ConfigView[],
  select: SelectFully,
  services: readonly ServiceView[],
): readonly (readonly [ConfigView, readonly Target[]])[] {
  const selectServices = selectingFully(
    services.map(({ labels }) => labels),
    spend,
  );
  const behind = memoize(({ selector }: ServiceView) => (isEmpty(selector) ? [] : select({ matchLabels: selector })));
  return monitors.map((monitor) => {
    const { selector, ports } = monitorIn(monitor);
    if (ports.length === 0) return [monitor, []] as const;
    if (isOfPods(monitor)) return [monitor, [{ places: select(selector), ports }]] as const;
    const names = new Set(ports);
    const found = selectServices(selector).flatMap((at): readonly Target[] => {
      const service = services[at];
      spend(1 + (service?.ports.length ?? 0) / 8);
      const own = service?.ports.filter(({ name }) => name !== undefined && names.has(name)) ?? [];
      if (service === undefined || own.length === 0) return [];
      return [{ places: behind(service), ports: own.map(({ targetPort }) => targetPort) }];
    });
    return [monitor, found] as const;
  });
}

/** Whether one selects pods of some templates, or Services of the namespace; `services` as `targetsOf` has them. */
export function selectsAny(monitor: ConfigView, templates: SelectFully, services: SelectFully): boolean {
  const { selector } = monitorIn(monitor);
  return (isOfPods(monitor) ? templates(selector) : services(selector)).length > 0;
}

/**
 * What annotations and monitors have scraped, of each of some templates of a namespace. Each port of each template that
 * somebody asks for is counted.
 */
export function scrapedOf(
  templates: readonly TemplateView[],
  select: SelectFully,
  { monitors, annotations }: { readonly monitors: readonly ConfigView[]; readonly annotations: boolean },
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
    if (!annotations || !isAnnotated(template)) continue;
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

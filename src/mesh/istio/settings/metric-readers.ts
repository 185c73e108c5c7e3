import type { KubeObject } from '../../../api/object.ts';
import { shown } from '../../../base/shown.ts';
import { list, record, records, strings, text, type Json } from '../../json.ts';
import { sidecarContainer } from '../vocabulary/labels.ts';
import { askedByAnalysis, askedByCanary, askedByRollout, askedIn, type Asking } from './asked-templates.ts';

/*
 * Objects of other controllers that decide by what sidecars report, or write what sidecars follow: autoscalers and controllers of releases. Of each is kept which
 * metric of proxies it asks for, and no query.
 */

/**
 * Who reports the series that are asked for: the proxies of the callers (`Source`), a waypoint too (`Waypoint`), or
 * sidecars of the called, with others or without (`Called`).
 */
export type Reporter = 'Source' | 'Waypoint' | 'Called';

/** A metric of proxies that somebody reads. */
export interface Reading {
  readonly metric: string;
  readonly reporter: Reporter;
}

/** What is kept of such an object; all of it is absent from one that has nothing to do with sidecars. */
export interface MetricReader extends Asking {
  /** What it scales or releases, `KIND/NAME`. */
  readonly target?: string;
  readonly reads?: readonly Reading[];
  /** It reads what the container of the sidecar uses. */
  readonly readsSidecar?: true;
  /** It reads what all containers use, against what they ask for together. */
  readonly readsAll?: true;
  /** VirtualServices that it writes. */
  readonly writes?: readonly string[];
  /** It writes more than are kept. */
  readonly writesMore?: true;
}

/** Metrics of HTTP, which ztunnel has none of, and those of Envoy itself. */
const ofProxies = /\b(?:istio_(?:request|response)\w*|envoy_\w+)/;

/** What ztunnel reports too, and nobody outside of the mesh. */
const ofConnections = /\bistio_tcp\w*/;

/** How the names of these begin. */
export const ofTcp = 'istio_tcp';

/** How the names of the latter begin. */
export const ofEnvoy = 'envoy_';

const byReporter = /\breporter\s*=~?\s*["']([^"']*)["']/;

/** More of them say nothing else: of each kind of series, whose ends are not the same. */
const most = 10;

/** VirtualServices that are kept of one object. */
const mostWritten = 1000;
const longestQuery = 20_000;

function reporterIn(asked: string): Reporter {
  if (asked.includes('waypoint')) return 'Waypoint';
  return asked === 'source' ? 'Source' : 'Called';
}

/** A text by itself: a part of another one keeps all of that in memory. */
function alone(part: string): string {
  return Buffer.from(part).toString();
}

function readingIn(query: string): readonly Reading[] {
  const said = query.slice(0, longestQuery);
  const metric = ofProxies.exec(said)?.[0] ?? ofConnections.exec(said)?.[0];
  if (metric === undefined) return [];
  return [{ metric: alone(shown(metric)), reporter: reporterIn(byReporter.exec(said)?.[1] ?? '') }];
}

function readingsIn(queries: readonly unknown[]): Pick<MetricReader, 'reads'> {
  const found = queries.flatMap((query) => readingIn(text(query) ?? ''));
  const different = new Map(found.map((each) => [`${each.metric} ${each.reporter}`, each]));
  const alike = Map.groupBy(
    different.values(),
    ({ metric, reporter }) => [ofEnvoy, ofTcp].find((begin) => metric.startsWith(begin)) ?? reporter,
  );
  return different.size === 0 ? {} : { reads: [...alike.values()].flatMap((each) => each.slice(0, most)) };
}

function targetOf(value: unknown): Pick<MetricReader, 'target'> {
  const { kind, name } = record(value);
  return text(name) === undefined ? {} : { target: `${text(kind) ?? 'Deployment'}/${text(name) ?? ''}` };
}

/** The name of a metric with the labels that are asked for, as a query would say them. */
function queryOf(metric: unknown): string {
  const { name, selector } = record(metric);
  const labels = Object.entries(record(record(selector)['matchLabels']));
  return `${text(name) ?? ''}{${labels.map(([key, value]) => `${key}="${text(value) ?? ''}"`).join(',')}}`;
}

/** Says once more what the object was once. */
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** A HorizontalPodAutoscaler; some adapters are told their queries by annotations. */
export function keepAutoscaler({ metadata: { annotations = {} }, spec: value }: KubeObject): Json {
  const spec = record(value);
  const metrics = records(spec['metrics']);
  const byContainer = metrics.map(({ containerResource }) => record(containerResource)['container']);
  const byAll = metrics.map(({ resource }) => record(record(resource)['target'])['averageUtilization']);
  const others = metrics.flatMap(({ pods, object, external }) => [pods, object, external].map(record));
  return {
    ...targetOf(spec['scaleTargetRef']),
    ...readingsIn([
      ...others.filter(({ metric }) => metric !== undefined).map(({ metric }) => queryOf(metric)),
      ...Object.entries(annotations).flatMap(([key, value]) => (key === lastApplied ? [] : [value])),
    ]),
    ...(byContainer.includes(sidecarContainer) && { readsSidecar: true }),
    ...(byAll.some((target) => target !== undefined) && { readsAll: true }),
  } satisfies MetricReader;
}

/** A ScaledObject or ScaledJob of KEDA. */
export function keepScaled({ spec: value }: KubeObject): Json {
  const spec = record(value);
  const triggers = records(spec['triggers']);
  const ofUse = triggers.filter(({ type }) => type === 'cpu' || type === 'memory');
  const containers = ofUse.map(({ metadata }) => record(metadata)['containerName']);
  return {
    ...targetOf(spec['scaleTargetRef']),
    ...readingsIn(triggers.flatMap(({ metadata }) => Object.values(record(metadata)))),
    ...(containers.includes(sidecarContainer) && { readsSidecar: true }),
    ...(containers.some((name) => name === undefined) && { readsAll: true }),
  } satisfies MetricReader;
}

/** Providers of Flagger that have it write VirtualServices, by the name of the Service. */
const ofIstio: readonly unknown[] = ['istio', undefined];

/** What Flagger asks by itself where a metric of an analysis has no query of its own. */
const builtIn: readonly unknown[] = ['request-success-rate', 'request-duration'];

/** A Canary of Flagger. */
export function keepCanary({ spec: value }: KubeObject): Json {
  const spec = record(value);
  const metrics = records(record(spec['analysis'] ?? spec['canaryAnalysis'])['metrics']);
  const isIstio = ofIstio.includes(spec['provider']);
  const own = metrics.filter(({ name, templateRef }) => builtIn.includes(name) && templateRef === undefined);
  const name = text(record(spec['service'])['name']) ?? text(record(spec['targetRef'])['name']);
  return {
    ...targetOf(spec['targetRef']),
    ...readingsIn([
      ...metrics.map(({ query }) => query),
      ...(isIstio && own.length > 0 ? ['istio_requests_total{reporter="destination"}'] : []),
    ]),
    ...(isIstio && name !== undefined && { writes: [name] }),
    ...askedByCanary(metrics),
  } satisfies MetricReader;
}

/** A MetricTemplate of Flagger. */
export function keepMetricTemplate({ spec }: KubeObject): Json {
  return readingsIn([record(spec)['query']]);
}

function textsIn(value: unknown): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return [value];
  return Object.values(value).flatMap(textsIn);
}

/** An AnalysisTemplate of Argo Rollouts, or one of the whole cluster: a query stands in one of many providers. */
export function keepAnalysis({ spec: value }: KubeObject): Json {
  const spec = record(value);
  return {
    ...readingsIn(textsIn(records(spec['metrics']).map(({ provider }) => provider))),
    ...askedByAnalysis(spec),
  } satisfies MetricReader;
}

/** A Rollout, as far as it has Istio divide calls, or asks templates of the whole cluster. */
export function keepRollout({ spec: value }: KubeObject): Json {
  const spec = record(value);
  const { istio } = record(record(record(spec['strategy'])['canary'])['trafficRouting']);
  const { virtualService, virtualServices } = record(istio);
  const names = [virtualService, ...list(virtualServices)].map((each) => text(record(each)['name']) ?? '');
  const writes = names.filter((name) => name !== '');
  return {
    ...(writes.length > 0 && { writes: writes.slice(0, mostWritten) }),
    ...(writes.length > mostWritten && { writesMore: true }),
    ...askedByRollout(spec),
  } satisfies MetricReader;
}

/** What was kept. */
export function readerIn(spec: Json): MetricReader {
  const { target, readsSidecar, readsAll } = spec;
  return {
    ...(text(target) !== undefined && { target: text(target) ?? '' }),
    reads: records(spec['reads']).map(({ metric, reporter }) => ({
      metric: text(metric) ?? '',
      reporter: reporter === 'Source' || reporter === 'Waypoint' ? reporter : 'Called',
    })),
    ...(readsSidecar === true && { readsSidecar }),
    ...(readsAll === true && { readsAll }),
    writes: strings(spec['writes']),
    ...(spec['writesMore'] === true && { writesMore: true }),
    ...askedIn(spec),
  };
}

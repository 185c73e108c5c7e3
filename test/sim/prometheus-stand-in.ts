import type { SeriesLabels } from '../../src/mesh/telemetry.ts';
import type { PrometheusResponse, PrometheusTransport } from '../../src/prometheus/transport.ts';

/** A question as it arrived. */
export interface Asked {
  readonly expression: string;
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
}

/** What was counted in a piece of time. */
export interface Counted {
  readonly total: number;
  readonly bad?: number;
}

/** An alert as Prometheus tells it. */
export interface StandInAlert {
  readonly labels: SeriesLabels;
  /** Milliseconds since the epoch. */
  readonly activeAt: number;
  readonly state?: 'firing' | 'pending';
}

/**
 * A Prometheus that knows the answers to the operator's questions instead of PromQL: what PromQL makes of them is seen
 * on a real engine (`npm run test:cluster -- promql`).
 */
export class PrometheusStandIn implements PrometheusTransport {
  readonly server = 'http://prometheus.test:9090';
  readonly asked: Asked[] = [];
  /** The series of all of history. */
  series: readonly SeriesLabels[] = [];
  /** What callers, by their namespaces (`web`, or `web/cron` with a service account), count of a namespace in a piece of time that ends then; nothing by default. */
  traffic: (namespace: string, at: number) => Readonly<Record<string, Counted>> = () => ({});
  /** What the called count of what each caller asks of them, and how much of it they refuse; nothing by default. */
  served: (namespace: string, at: number) => Readonly<Record<string, Counted>> = () => ({});
  /** The same of connections alone, as the new data plane counts them. */
  connections: (namespace: string, at: number) => Readonly<Record<string, Counted>> = () => ({});
  /** Which callers the called themselves know of; where there are none they tell nothing. */
  seen: (namespace: string) => readonly string[] = () => [];
  /** The alerts of its rules. */
  alerts: () => readonly StandInAlert[] = () => [];
  /** Which alerts had fired at some time, by their series. */
  fired: readonly SeriesLabels[] = [];
  /** What has to happen before it answers. */
  slow: (expression: string) => Promise<void> = () => Promise.resolve();
  /** Why it does not answer now, if it does not. */
  away: string | undefined;
  /** It keeps nothing from before (milliseconds since the epoch). */
  keepsFrom = -Infinity;
  /** Its clock, if it says the time. */
  clock: (() => number) | undefined;

  async get(path: string): Promise<PrometheusResponse> {
    const response = await this.#answer(path);
    const { clock } = this;
    return clock === undefined ? response : { ...response, headers: { date: new Date(clock()).toUTCString() } };
  }

  #answer(path: string): Promise<PrometheusResponse> {
    if (this.away !== undefined) return Promise.reject(new Error(this.away));
    const form = new URLSearchParams(path.slice(path.indexOf('?') + 1));
    if (path.startsWith('/api/v1/query_range')) return this.#courses(form);
    if (path.startsWith('/api/v1/alerts')) return this.slow('alerts').then(() => this.#alerts());
    const [expression, to] = [form.get('query') ?? '', Number(form.get('time')) * 1000];
    const from = to - 1000 * Number(/\[(\d+)s\]/.exec(expression)?.[1]);
    this.asked.push({ expression, from, to });
    if (expression.includes('process_start_time_seconds')) return Promise.resolve(this.#kept(to));
    if (expression.includes('ALERTS{')) return Promise.resolve(this.#firedIn(expression, to));
    const isOfNamespaces = expression.startsWith('group by (namespace)');
    const isOfCalls = expression.includes('destination_workload!~');
    const found =
      to <= this.keepsFrom
        ? []
        : this.series.filter(
            (labels) =>
              (isOfNamespaces || (labels['destination_workload'] !== undefined) === isOfCalls) &&
              fits(expression, labels),
          );
    const members = [
      ...new Map(
        found.map((labels) => picked(labels, grouping(expression))).map((labels) => [JSON.stringify(labels), labels]),
      ).values(),
    ];
    const result = members.map((metric) => ({ metric, value: [to / 1000, '1'] }));
    return Promise.resolve(success({ resultType: 'vector', result }));
  }

  #alerts(): PrometheusResponse {
    const alerts = this.alerts().map(({ labels, activeAt, state = 'firing' }) => ({
      labels,
      annotations: {},
      state,
      activeAt: new Date(activeAt).toISOString(),
      value: '1e+00',
    }));
    return success({ alerts });
  }

  #kept(at: number): PrometheusResponse {
    return success({
      resultType: 'vector',
      result: at <= this.keepsFrom ? [] : [{ metric: {}, value: [at / 1000, '1'] }],
    });
  }

  #firedIn(expression: string, at: number): PrometheusResponse {
    const found =
      at <= this.keepsFrom ? [] : this.fired.filter((labels) => fits(expression, { ...labels, alertstate: 'firing' }));
    const result = found.map((metric) => ({ metric: { ...metric, alertstate: 'firing' }, value: [at / 1000, '1'] }));
    return success({ resultType: 'vector', result });
  }

  /** What gates ask for: of callers alone, in pieces of time, and of whom the called know. */
  async #courses(form: URLSearchParams): Promise<PrometheusResponse> {
    const expression = form.get('query') ?? '';
    const [from = 0, to = 0, step = 1] = ['start', 'end', 'step'].map((name) => 1000 * Number(form.get(name)));
    this.asked.push({ expression, from, to });
    await this.slow(expression);
    const all = Array.from({ length: Math.floor((to - from) / step) + 1 }, (_each, n) => from + n * step);
    if (all.length > 11_000) return tooFine();
    const times = all.filter((at) => at > this.keepsFrom);
    if (isAboutSeen(expression)) return success({ resultType: 'matrix', result: this.#seenIn(expression, times) });
    const { counted, label, scrapedBy } = this.#told(expression);
    const isBad = /response_code|DENY|none.unknown| - sum by/.test(expression);
    const points = namesIn(expression).flatMap((namespace) =>
      times.flatMap((at) =>
        Object.entries(counted(namespace, at)).map(([by, { total, bad = 0 }]) => ({
          namespace,
          by,
          value: [at / 1000, String(isBad ? bad : total)],
        })),
      ),
    );
    const series = Map.groupBy(points, ({ namespace, by }) => `${namespace} ${by}`);
    const result = [...series.values()].map((all) => ({
      metric: {
        [label]: all[0]?.namespace,
        ...callerOf(all[0]?.by ?? ''),
        namespace: scrapedBy ?? all[0]?.by,
      },
      values: all.map(({ value }) => value),
    }));
    return success({ resultType: 'matrix', result });
  }

  /** Who is asked, what he has counted, and where he was scraped if not where the caller is. */
  #told(expression: string): {
    readonly counted: PrometheusStandIn['traffic'];
    readonly label: string;
    readonly scrapedBy?: string;
  } {
    if (expression.includes('reporter="source"'))
      return { counted: this.traffic, label: 'destination_service_namespace' };
    const label = 'destination_workload_namespace';
    const by = { label, scrapedBy: 'istio-system' };
    if (!expression.includes('source_workload_namespace')) return { ...by, counted: () => ({}) };
    return { ...by, counted: expression.includes('istio_requests_total') ? this.served : this.connections };
  }

  #seenIn(expression: string, times: readonly number[]): unknown {
    return namesIn(expression).flatMap((namespace) =>
      this.seen(namespace).map((by) => ({
        metric: { destination_workload_namespace: namespace, source_workload_namespace: by, namespace },
        values: times.map((at) => [at / 1000, '1']),
      })),
    );
  }
}

/** A namespace, and its service account where that is told. */
function callerOf(by: string): SeriesLabels {
  const [namespace = '', account] = by.split('/');
  const principal =
    account === undefined ? {} : { source_principal: `spiffe://cluster.local/ns/${namespace}/sa/${account}` };
  return { source_workload_namespace: namespace, ...principal };
}

function isAboutSeen(expression: string): boolean {
  return expression.includes('reporter="waypoint"') && expression.includes('source_workload_namespace');
}

function namesIn(expression: string): readonly string[] {
  const [, names = ''] = /destination_(?:service|workload)_namespace=~"([^"]*)"/.exec(expression) ?? [];
  return names.split('|');
}

/** As Prometheus refuses more points than 11,000. */
function tooFine(): PrometheusResponse {
  const error = 'exceeded maximum resolution of 11,000 points per timeseries';
  const body = JSON.stringify({ status: 'error', errorType: 'bad_data', error });
  return { status: 400, headers: {}, body: text(body) };
}

function success(data: unknown): PrometheusResponse {
  return { status: 200, headers: {}, body: text(JSON.stringify({ status: 'success', data })) };
}

/** Whether a series has the labels that a query asks for; what is not there is empty. */
function fits(expression: string, labels: SeriesLabels): boolean {
  const [, asked = ''] = /\{([^}]*)\}/.exec(expression) ?? [];
  return [...asked.matchAll(/(\w+)(=~|!~|!=|=)"([^"]*)"/g)].every(([, label = '', operator = '', value = '']) => {
    const isIt = operator.endsWith('~')
      ? new RegExp(`^(?:${value})$`).test(labels[label] ?? '')
      : (labels[label] ?? '') === value;
    return isIt !== operator.startsWith('!');
  });
}

/** What a query groups by. */
function grouping(expression: string): readonly string[] {
  return /^group by \(([^)]*)\)/.exec(expression)?.[1]?.split(', ') ?? [];
}

function picked(labels: SeriesLabels, names: readonly string[]): SeriesLabels {
  return Object.fromEntries(
    names.flatMap((name) => (labels[name] === undefined || labels[name] === '' ? [] : [[name, labels[name]]])),
  );
}

async function* text(body: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(body));
}

import type { SeriesLabels } from '../../src/mesh/telemetry.ts';
import type { PrometheusResponse, PrometheusTransport } from '../../src/prometheus/transport.ts';

/** A question as it arrived. */
export interface Asked {
  readonly expression: string;
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
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
  /** Why it does not answer now, if it does not. */
  away: string | undefined;
  /** It keeps nothing from before (milliseconds since the epoch). */
  keepsFrom = -Infinity;

  get(path: string): Promise<PrometheusResponse> {
    if (this.away !== undefined) return Promise.reject(new Error(this.away));
    const form = new URLSearchParams(path.slice(path.indexOf('?') + 1));
    const [expression, to] = [form.get('query') ?? '', Number(form.get('time')) * 1000];
    const from = to - 1000 * Number(/\[(\d+)s\]/.exec(expression)?.[1]);
    this.asked.push({ expression, from, to });
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
    return Promise.resolve({
      status: 200,
      headers: {},
      body: text(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } })),
    });
  }
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

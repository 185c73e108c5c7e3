import { Metrics } from '../src/operator/metrics/metrics.ts';

/** What prom-client's own declarations do not say of a metric, and every one has. */
interface Described {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labelNames: readonly string[];
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

function row({ name, help, type, labelNames }: Described): string {
  const labels = labelNames.map((label) => `\`${label}\``).join(', ');
  return `| \`${name}\` | ${type} | ${labels} | ${cell(help)} |`;
}

const introduction = [
  'Each replica answers `/metrics` on port 8080 in the text format of Prometheus. Gauges whose name begins with',
  '`mesh_migration_` are of the leader only, so that nothing counts twice; counters are of the process and begin at 0',
  'with it. No label has the name of a namespace or a workload: a series more for each of a thousand helps nobody, and',
  'what one is about is in its status and its events. Besides these there is what Node.js knows of its process',
  '(`process_*`, `nodejs_*`), as [prom-client](https://github.com/siimon/prom-client) names it.',
];

/** The table of everything that the operator measures of its own, as Markdown. */
export function metricsReference(): string {
  const metrics = new Metrics();
  metrics.readFrom({ isLeader: () => false, queued: () => 0, state: () => ({ migrations: [], records: [] }) });
  const described = metrics.registry.getMetricsAsArray() as unknown as readonly Described[];
  const rows = [...described].sort((one, other) => (one.name < other.name ? -1 : 1)).map(row);
  return [
    '# Metrics',
    '',
    '<!-- Generated from src/operator/metrics by `npm run generate`: do not edit. -->',
    '',
    ...introduction,
    '',
    '| Metric | Type | Labels | What it says |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

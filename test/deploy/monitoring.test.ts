import { describe, expect, it } from '@jest/globals';
import { Metrics } from '../../src/operator/metrics/metrics.ts';
import { dashboardQueries, metricsIn, shippedRules } from '../support/monitoring.ts';

/** What prom-client measures of the process, and is asked for. */
const ofProcess = ['nodejs_eventloop_lag_p99_seconds', 'process_cpu_seconds_total'];

function known(): ReadonlySet<string> {
  const metrics = new Metrics();
  metrics.readFrom({ isLeader: () => false, queued: () => 0, state: () => ({ migrations: [], records: [] }) });
  const names = metrics.registry.getMetricsAsArray().flatMap(({ name }) => [name, `${name}_bucket`]);
  return new Set([...names, ...ofProcess]);
}

const alerts = shippedRules().groups.flatMap(({ rules }) => rules);
const expressions = [
  ...alerts.map(({ alert, expr }) => [alert, expr] as const),
  ...dashboardQueries().map(({ title, expr }) => [title, expr] as const),
];

describe('alerts and dashboard', () => {
  it.each(expressions)('%s asks for metrics that there are', (_title, expr) => {
    const asked = metricsIn(expr);
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter((name) => !known().has(name))).toEqual([]);
  });

  it('each alert has a severity, and says what is the matter and where to look', () => {
    for (const { alert, labels, annotations } of alerts) {
      expect(alert).toMatch(/^MeshMigration[A-Z]/);
      expect(['critical', 'warning']).toContain(labels['severity']);
      expect(Object.keys(annotations)).toEqual(['summary', 'description']);
    }
  });

  it('and a name of its own', () => {
    expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length);
  });
});

it('names of metrics are found in an expression, and labels are none', () => {
  const expr = 'sum by (le, of_what) (rate(a_bucket{b_c="d_e"}[5m])) > on (x) max(f_g)';
  expect(metricsIn(expr)).toEqual(['a_bucket', 'f_g']);
});

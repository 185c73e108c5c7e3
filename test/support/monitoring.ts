import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const folder = join(import.meta.dirname, '..', '..', 'deploy', 'monitoring');

/** An alert of the rules that are shipped. */
export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The rules as Prometheus reads them: what is under `spec`. */
export interface Rules {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Alert[] }[];
}

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[];
}

/** `deploy/monitoring/prometheus-rule.yaml` without the object around it. */
export function shippedRules(): Rules {
  return (parse(readFileSync(join(folder, 'prometheus-rule.yaml'), 'utf8')) as { readonly spec: Rules }).spec;
}

/** Each query of the dashboard, with a value in the place of its variables. */
export function dashboardQueries(): readonly { readonly title: string; readonly expr: string }[] {
  const dashboard = JSON.parse(readFileSync(join(folder, 'dashboard.json'), 'utf8')) as Dashboard;
  return dashboard.panels.flatMap(({ title, targets }) =>
    targets.map(({ expr }) => ({ title, expr: expr.replaceAll('$migration', '.*') })),
  );
}

/** What each expression of PromQL is about: words with an underscore that are neither within braces nor grouped by. */
export function metricsIn(expr: string): readonly string[] {
  const bare = expr
    .replace(/\{[^}]*\}/g, '')
    .replace(/\b(by|without)\s*\([^)]*\)/g, '')
    .replace(/\bhistogram_quantile\b/g, '');
  return [...new Set(bare.match(/\b[a-z]+(_[a-z0-9]+)+\b/g) ?? [])];
}

import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Unreadable } from './manifest.ts';

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** The chart of which a file is a template: the nearest directory above that has a Chart.yaml and it below templates. */
async function chartOf(file: string): Promise<string | undefined> {
  const parts = file.split('/');
  for (let index = parts.length - 2; index >= 0; index -= 1) {
    if (parts[index] !== 'templates') continue;
    const chart = parts.slice(0, index).join('/') || (file.startsWith('/') ? '/' : '.');
    if (await isFile(join(chart, 'Chart.yaml'))) return chart;
  }
  return undefined;
}

/** What of a chart could not be read is one thing: it has to be rendered, whatever its templates look like as YAML. */
export async function summariseCharts(all: readonly Unreadable[]): Promise<readonly Unreadable[]> {
  const charts = new Map<string, string | undefined>();
  for (const { file } of all) {
    const home = dirname(file);
    if (!charts.has(home)) charts.set(home, await chartOf(file));
  }
  const groups = Map.groupBy(all, ({ file }) => charts.get(dirname(file)));
  return [...groups].flatMap(([chart, members]) => {
    if (chart === undefined) return members;
    const files = new Set(members.map(({ file }) => file)).size;
    return [
      {
        file: chart,
        reason: `a Helm chart, of which ${files === 1 ? 'a template' : `${files} templates`} cannot be read before they are rendered: pipe in what helm template prints, or leave the chart out (--exclude)`,
      },
    ];
  });
}

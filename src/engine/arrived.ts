import type { MeshAdapter, Route } from '../mesh/adapter.ts';

/** Whether labels of a namespace lead to where the route goes, and no longer to where it comes from too. */
export function arrivedAlone(
  adapter: Pick<MeshAdapter, 'arrived'>,
  { from, to }: Route,
  labels: Readonly<Record<string, string>>,
): boolean {
  return adapter.arrived({ from, to }, labels) && !adapter.arrived({ from: to, to: from }, labels);
}

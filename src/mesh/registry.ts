import type { DataPlane } from '../api/common.ts';
import type { MeshAdapter, Route } from './adapter.ts';
import { internalErrorId } from './internal-error.ts';

/** The meshes that a process knows. It is given them as a value: another mesh is another row. */
export interface Meshes {
  readonly all: readonly [MeshAdapter, ...MeshAdapter[]];
  /** The mesh that has a data plane; undefined for `None`, which is nobody's. */
  readonly having: (dataPlane: DataPlane) => MeshAdapter | undefined;
  /** The mesh that knows all steps of a way. Throws a RangeError where none does. */
  readonly along: (route: Route) => MeshAdapter;
}

/** What stands there again, having stood there already. */
function repeated(names: readonly string[]): readonly string[] {
  return names.filter((name, index) => names.indexOf(name) < index);
}

/** What no two meshes may have: everything is looked up, and told, by it. */
function refuseShared(what: string, ofMeshes: readonly (readonly string[])[]): void {
  const [first] = repeated(ofMeshes.flat());
  if (first !== undefined) throw new RangeError(`two meshes have the ${what} ${first}`);
}

/** The registry of some meshes. Throws a RangeError where two of them cannot be told apart. */
export function meshesOf(...all: readonly [MeshAdapter, ...MeshAdapter[]]): Meshes {
  refuseShared(
    'name',
    all.map(({ name }) => [name]),
  );
  refuseShared(
    'data plane',
    all.map(({ dataPlanes }) => dataPlanes),
  );
  // Whatever fails says so by the same id.
  refuseShared(
    'finding',
    all.map(({ findingIds }) => findingIds.filter((id) => id !== internalErrorId)),
  );
  const having: Meshes['having'] = (dataPlane) => all.find(({ dataPlanes }) => dataPlanes.includes(dataPlane));
  return {
    all,
    having,
    along: ({ from, to }) => {
      const [mesh, ...others] = new Set([from, to].filter((side) => side !== 'None').map(having));
      if (mesh !== undefined && others.length === 0) return mesh;
      throw new RangeError(`no mesh knows the way from ${from} to ${to}`);
    },
  };
}

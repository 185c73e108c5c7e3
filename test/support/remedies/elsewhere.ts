import { scopeView } from '../mesh-fixtures.ts';
import { eachPodOf, eachServiceElsewhere, inMesh, inTurn, patched, patchMigration, withSidecar } from './deeds.ts';
import type { Deed } from './remedy.ts';

/** The label by which something goes through a waypoint. */
export const useWaypoint = 'istio.io/use-waypoint';

/** Others than who is here call these namespaces, and they call each other as before. */
export function calledByOthers(...namespaces: readonly string[]): Deed {
  return patchMigration({
    callers: namespaces.map((namespace) => ({ namespace, from: [{ namespace: 'elsewhere' }] })),
  });
}

/** Namespace `bank` is on sidecars, and its Services behind no waypoint. */
export const toSidecars = inTurn(
  eachPodOf('bank', (each) => [withSidecar(each)]),
  eachServiceElsewhere((each) => [{ ...each, labels: patched(each.labels, { [useWaypoint]: null }), conditions: {} }]),
  inMesh((before) => ({
    labelsOf: (home) => (home === 'bank' ? { 'istio-injection': 'enabled' } : before.labelsOf?.(home)),
  })),
);

/** A namespace is in the scope of the same migration. */
export function inSameMigration(namespace: string): Deed {
  return (given) => ({ ...given, scope: scopeView({ moves: (name) => name === namespace }) });
}

import { memoize } from '../../base/memoize.ts';
import type { Surroundings } from '../../mesh/adapter.ts';
import { apply } from '../../mesh/istio/findings/rule.ts';
import { nameOf } from '../../mesh/istio/vocabulary/objects.ts';
import { rules } from '../../mesh/istio/rules.ts';
import { mildAlone } from '../sources.ts';
import type { AuditContext } from './context.ts';
import { isInAmbient } from './staying.ts';
import { templatesIn, type Inventory } from './inventory.ts';
import type { AuditFinding } from './report.ts';

/** What ztunnel does not do, and a waypoint may. */
const ofZtunnel: readonly string[] = [
  'MM020',
  'MM021',
  'MM023',
  'MM024',
  'MM030',
  'MM031',
  'MM032',
  'MM041',
  'MM042',
  'MM065',
  'MM077',
];

/** What a waypoint would not do either. */
const ofWaypoint = 'MM080';

const byMigration =
  'Nothing by hand where the operator migrates it: Services for which it matters get a waypoint, which does this (mesh-migration plan shows what is made). Without the operator put a waypoint before them first.';
const perhapsByMigration =
  'Audit it together with the Services and workloads of its namespace. Where a Service with a cluster address stands before the pods, a migration gives it a waypoint, which does this (mesh-migration plan).';

/** What to do where nothing is to be migrated any more. */
export const inAmbient =
  'Its namespace is in ambient already, so that is what ztunnel does there today. Put a waypoint before its Services, and copy what it is to enforce there with targetRefs.';

/** The namespace as the operator would move it: behind a waypoint, if that is needed and possible. */
const asChosen = memoize(({ itinerary: _, ...surroundings }: Surroundings): Surroundings => surroundings);

/** What is critical on the way that the operator would take, by the object: its message and its fix. */
const blocking = memoize((surroundings: Surroundings) => {
  const known = new Map<string, ReadonlyMap<string, AuditFinding>>();
  return (id: string): ReadonlyMap<string, AuditFinding> => {
    const found =
      known.get(id) ??
      new Map(
        rules
          .filter((rule) => rule.id === id)
          .flatMap((rule) => apply(rule, asChosen(surroundings)))
          .filter(({ severity }) => severity === 'Critical')
          // Of several about one object the first is told.
          .toReversed()
          .map((finding) => [finding.object, finding] as const),
      );
    known.set(id, found);
    return found;
  };
});

function isDescribed(namespace: string, inventory: Inventory): boolean {
  return (
    templatesIn(inventory).some((template) => template.namespace === namespace) ||
    inventory.services.some((service) => service.namespace === namespace)
  );
}

/** `shop` of `VirtualService shop/cart`. */
export function homeOf(object: string): string {
  return object.slice(object.indexOf(' ') + 1).split('/', 1)[0] ?? '';
}

/**
 * What ztunnel does not do stands in the way only where no waypoint does it: the rest is a Warning. Where a waypoint
 * would not do it either, it is said why.
 */
export function withWaypoints(
  findings: readonly AuditFinding[],
  { mesh, surroundings, inventory, policies, options }: AuditContext,
): readonly AuditFinding[] {
  const known = new Set(policies.map(({ view }) => nameOf(view)));
  const found = (id: string, object: string): AuditFinding | undefined =>
    surroundings.map((around) => blocking(around)(id).get(object)).find((finding) => finding !== undefined);
  return findings.map((finding): AuditFinding => {
    const { id, object, severity } = finding;
    if (severity !== 'Critical' || !ofZtunnel.includes(id)) return finding;
    const lost = found(ofWaypoint, object);
    if (lost !== undefined)
      return { ...finding, message: `${finding.message}; nor would a waypoint: ${lost.message}`, fix: lost.fix };
    const home = homeOf(object);
    if (isInAmbient(home, { mesh, inventory })) return { ...finding, severity: 'Warning', fix: inAmbient };
    const isAlone = home !== options.rootNamespace && !isDescribed(home, inventory);
    if (isAlone && mildAlone.includes(id)) return { ...finding, severity: 'Warning', fix: perhapsByMigration };
    if (found(id, object) !== undefined || (isAlone && known.has(object))) return finding;
    return { ...finding, severity: 'Warning', fix: byMigration };
  });
}

import { isDeepStrictEqual } from 'node:util';
import type { AuditReport } from '../../src/cli/audit/report.ts';
import type { DemoNamespace } from './namespaces.ts';
import type { Observed } from './observe.ts';
import type { Expectation, NamespaceReport } from './report.ts';

/** What was seen of a namespace. */
export interface Seen {
  readonly report: NamespaceReport;
  readonly before: Observed;
  readonly after: Observed;
}

function total({ counts }: Observed): number {
  return counts.Sidecar + counts.Ambient + counts.None;
}

function migrated({ report, before, after }: Seen): readonly Expectation[] {
  const { name } = report;
  return [
    { what: `${name} is Migrated`, held: report.phase === 'Migrated' },
    {
      what: `${name}: all ${total(before)} pods had sidecars and are ambient now`,
      held:
        before.counts.Sidecar === total(before) &&
        isDeepStrictEqual(after.counts, { Sidecar: 0, Ambient: total(before), None: 0 }),
    },
    {
      what: `${name}: new pods are created ambient`,
      held: after.labels['istio-injection'] === 'disabled' && after.labels['istio.io/dataplane-mode'] === 'ambient',
    },
    {
      what: `${name}: every step was completed`,
      held: report.steps.length > 0 && report.steps.every(({ completedAt }) => completedAt !== undefined),
    },
    {
      what: `${name}: its policies say what they said`,
      held: Object.keys(before.policies).length > 0 && isDeepStrictEqual(after.policies, before.policies),
    },
  ];
}

function direct(seen: Seen): readonly Expectation[] {
  const { name, itinerary, waypoint } = seen.report;
  return [
    ...migrated(seen),
    { what: `${name} needs no waypoint and has none`, held: itinerary === 'L4' && waypoint === undefined },
  ];
}

function throughWaypoint(seen: Seen): readonly Expectation[] {
  const { name, itinerary, waypoint, restarted } = seen.report;
  const policies = waypoint?.policies ?? [];
  const copied = policies.flatMap(({ copyOf }) => copyOf ?? []);
  const originals = ['orders-callers', 'orders-never-deleted'].map((policy) => `AuthorizationPolicy/${name}/${policy}`);
  return [
    ...migrated(seen),
    { what: `${name} took the itinerary L7`, held: itinerary === 'L7' },
    {
      what: `${name}: the waypoint is programmed and 2 pods of it are available`,
      held: waypoint?.programmed === true && waypoint.availablePods === 2,
    },
    {
      what: `${name}: both policies that need HTTP have copies for the waypoint`,
      held: originals.every((original) => copied.includes(original)),
    },
    {
      what: `${name}: istiod has accepted every policy that was made, the copies for the waypoint and the others for ztunnel`,
      held: policies.length > 0 && policies.every(({ accepted }) => accepted),
    },
    {
      what: `${name}: what does not come through the waypoint is refused`,
      held: policies.some(({ role }) => role === 'Guard'),
    },
    {
      what: `${name}: callers of orders are sent through the waypoint`,
      held: waypoint?.services.some((service) => service.name === 'orders' && service.bound) === true,
    },
    {
      what: `${name}: the caller was restarted before the called`,
      held: isDeepStrictEqual(restarted, ['storefront-v1', 'orders-v1']),
    },
  ];
}

function untouched({ report, before, after }: Seen): readonly Expectation[] {
  const { name } = report;
  return [
    {
      what: `${name}: all ${total(before)} pods have their sidecars`,
      held:
        total(before) > 0 && isDeepStrictEqual(after.counts, before.counts) && after.counts.Sidecar === total(after),
    },
    { what: `${name}: labels are as they were`, held: isDeepStrictEqual(after.labels, before.labels) },
    { what: `${name}: pod templates are as they were`, held: isDeepStrictEqual(after.templates, before.templates) },
    { what: `${name}: policies are as they were`, held: isDeepStrictEqual(after.policies, before.policies) },
  ];
}

function blocked(seen: Seen): readonly Expectation[] {
  const { name, phase, findings } = seen.report;
  return [
    { what: `${name} is Blocked`, held: phase === 'Blocked' },
    {
      what: `${name}: the finding names EnvoyFilter ${name}/rate-limit`,
      held: findings.some(
        ({ id, severity, object }) =>
          id === 'MM040' && severity === 'Critical' && object === `EnvoyFilter ${name}/rate-limit`,
      ),
    },
    ...untouched(seen),
  ];
}

function rolledBack(seen: Seen): readonly Expectation[] {
  return [{ what: `${seen.report.name} is RolledBack`, held: seen.report.phase === 'RolledBack' }, ...untouched(seen)];
}

const promises: Readonly<Record<DemoNamespace, (seen: Seen, fail: boolean) => readonly Expectation[]>> = {
  bookinfo: (seen, fail) => (fail ? rolledBack(seen) : direct(seen)),
  'bookinfo-ratings': direct,
  'bookinfo-shop': throughWaypoint,
  'bookinfo-admin': blocked,
};

function foretold({ policies }: AuditReport): Expectation {
  const needing = new Set(policies.filter(({ needsWaypoint }) => needsWaypoint).map(({ namespace }) => namespace));
  return {
    what: 'the audit had said which namespace needs a waypoint',
    held: isDeepStrictEqual([...needing], ['bookinfo-shop']),
  };
}

/** Everything the demo promises, checked. */
export function checkAll(
  fail: boolean,
  audit: AuditReport,
  seen: ReadonlyMap<DemoNamespace, Seen>,
  violations: readonly string[],
): readonly Expectation[] {
  return [
    ...[...seen].flatMap(([name, each]) => promises[name](each, fail)),
    foretold(audit),
    { what: 'no pod was ever Ready outside the mesh', held: violations.length === 0 },
  ];
}

import type { KubeObject } from '../../api/object.ts';
import { pods } from '../../engine/resources.ts';
import type { Surroundings } from '../../mesh/adapter.ts';
import { istioVersionText } from '../../mesh/istio/policy/istio-version.ts';
import { overlayOf, type DescribedObject, type OverlayFile } from '../../mesh/istio/policy/translate/overlay.ts';
import { offersOverlay } from '../../mesh/istio/policy/translate/offers-overlay.ts';
import { why } from '../../mesh/istio/policy/translate/plan-text.ts';
import { modeOf } from '../../mesh/istio/vocabulary/pod-mode.ts';
import { protocolsOf } from '../../mesh/istio/policy/translate/reach.ts';
import { serviceTitle, type ServiceFacts } from '../../mesh/istio/policy/translate/world.ts';
import { podsOwnedBy } from '../../mesh/look-up.ts';
import { writersOf } from '../../mesh/istio/findings/metric-readers.ts';
import { guardedServices, type Callers } from '../../mesh/istio/waypoint/callers.ts';
import { itineraryOf } from '../../mesh/istio/waypoint/choose.ts';
import { boundBefore, chosenWaypoint } from '../../mesh/istio/waypoint/chosen.ts';
import { waypointManifests } from '../../mesh/istio/vocabulary/gateway.ts';
import { proxyRequests } from '../../mesh/istio/waypoint/proxy-requests.ts';
import { restartOrder } from '../../mesh/istio/waypoint/order.ts';
import { translationOf } from '../../mesh/istio/waypoint/translation.ts';
import { keyOf } from '../../mesh/istio/waypoint/waits.ts';
import { managedBy, managedByLabel } from '../../api/resources.ts';
import { readPolicies, type AuditOptions } from '../audit/audit.ts';
import { isAsked } from '../audit/judged.ts';
import { namespacesOf } from '../audit/namespaces.ts';
import { unplaced, type AuditFinding } from '../audit/report.ts';
import type { Manifest, Manifests } from '../manifests/manifest.ts';
import { doubts } from './doubts.ts';
import { findingsAbout } from './findings.ts';
import { namespaceOrder, type Placed } from './namespace-order.ts';
import type { MadePlan, NamespacePlan, PlanReport, ServicePlan, WorkloadPlan } from './report.ts';
import type { Read } from '../audit/context.ts';
import { subjectsOf } from './surroundings.ts';
import { assumed, wishesOf } from './wishes.ts';
import { withheldOf, type Withheld } from './withheld.ts';

/** A plan and the files that carry it out as far as objects can. */
export interface Plan {
  readonly report: PlanReport;
  readonly overlay: readonly OverlayFile[];
  /** Namespaces that the files leave out, because nobody can be sure that they would be for what will be applied. */
  readonly withheld: readonly Withheld[];
}

function callersText(callers: Callers): string {
  if (callers.kind === 'Unknown') return `Nobody knows who calls it: ${callers.why}.`;
  const names = callers.callers.map(({ namespace, serviceAccount }) => `${namespace}/${serviceAccount ?? '*'}`);
  return names.length === 0
    ? `Nobody calls it, by ${callers.from}.`
    : `Called by ${[...new Set(names)].join(', ')}, by ${callers.from}.`;
}

/** What of a Service ends with sidecars where no waypoint stands before it. */
const ending: readonly string[] = ['MM147', 'MM149', 'MM151'];

/** Those of the findings, by their ids, that are about a Service, or about all of its namespace that speak HTTP. */
function endingOf(service: ServiceFacts, findings: readonly AuditFinding[]): readonly string[] {
  const objects = [
    serviceTitle(service),
    ...(protocolsOf(service).includes('http') ? [`Namespace ${service.namespace}`] : []),
  ];
  return ending.filter((id) => findings.some((finding) => finding.id === id && objects.includes(finding.object)));
}

/** Why a Service gets no waypoint, and what ends all the same. */
function without(reasons: readonly string[], ends: readonly string[]): readonly string[] {
  return [
    ...(reasons.length === 0 ? ['Nothing here needs one.'] : [...reasons, 'No waypoint can stand before it.']),
    ...(ends.length === 0 ? [] : [`What sidecars did for it all the same is below: ${ends.join(', ')}.`]),
  ];
}

function servicesOf(surroundings: Surroundings, findings: readonly AuditFinding[]): readonly ServicePlan[] {
  const guarded = guardedServices(surroundings);
  const before = boundBefore(surroundings);
  const { needs } = translationOf(surroundings);
  return needs.map(({ service: facts, servable, reasons }) => {
    const { name } = facts;
    const already = before.includes(name);
    const waypoint = itineraryOf(surroundings) === 'L7' && servable && (already || reasons.length > 0);
    const sentences = [
      ...(already ? ['It goes through the waypoint already.'] : []),
      ...reasons.map(({ sentence }) => sentence),
    ];
    const callers = guarded.find(({ service }) => service.name === name)?.callers;
    return {
      name,
      waypoint,
      ...(already && { already }),
      reasons: waypoint ? sentences : without(sentences, endingOf(facts, findings)),
      ...(waypoint && callers !== undefined && { callers: callersText(callers) }),
    };
  });
}

/**
 * What the operator would apply, with the namespace and the mark that it adds; nothing where a waypoint is used that is
 * there.
 */
function waypointObjects(surroundings: Surroundings): readonly DescribedObject[] {
  const namespace = surroundings.namespace.name;
  if (chosenWaypoint(surroundings).adopted) return [];
  return waypointManifests(surroundings).map(
    ({ resource: { group, version, kind }, object: { metadata, ...rest } }) => {
      const labels = { ...metadata.labels, [managedByLabel]: managedBy };
      const sentence =
        kind === 'Gateway'
          ? 'the waypoint, which has to be Programmed and available before a Service is bound to it'
          : 'how many pods the waypoint has, and how they are spread; before the Gateway, which names it';
      return {
        sentence: `${kind} ${namespace}/${metadata.name}: ${sentence}.`,
        object: {
          apiVersion: group === '' ? version : `${group}/${version}`,
          kind,
          metadata: { ...metadata, name: metadata.name, namespace, labels },
          ...rest,
        },
      };
    },
  );
}

/** Everything that is made in the namespace. */
function objectsOf(surroundings: Surroundings): readonly (DescribedObject & Pick<MadePlan, 'role'>)[] {
  if (itineraryOf(surroundings) !== 'L7') return [];
  return [
    ...waypointObjects(surroundings).map((made) => ({ ...made, role: 'Waypoint' as const })),
    ...translationOf(surroundings).manifests.map((made) => ({
      role: made.role,
      object: made.object,
      sentence: why(made),
    })),
  ];
}

/** Those that have a sidecar: what has none is not restarted. */
function workloadsOf(surroundings: Surroundings): readonly WorkloadPlan[] {
  const order = restartOrder(surroundings);
  const reasons = order.reasons();
  const restarted = order.workloads.filter((workload) =>
    podsOwnedBy(workload, surroundings.pods).some((pod) => modeOf(pod) === 'Sidecar'),
  );
  return restarted.map(({ kind, name }) => {
    const after = reasons.get(keyOf({ kind, name }));
    return { kind, name, ...(after !== undefined && { after }) };
  });
}

function namespacePlan(
  { surroundings, sentence }: Placed,
  read: Read,
  planned: ReadonlySet<string>,
  isLive: boolean,
): NamespacePlan {
  const {
    namespace: { name, labels },
    route,
  } = surroundings;
  const chosen = itineraryOf(surroundings);
  const waypoint = chosenWaypoint(surroundings);
  const { kept, offers } = chosen === 'L7' ? translationOf(surroundings) : { kept: [], offers: [] };
  const written = writersOf(surroundings);
  const found = findingsAbout(surroundings, read, planned);
  const findings = isLive ? found.map(unplaced) : found;
  return {
    name,
    itinerary: chosen,
    ...(chosen === 'L7' && { waypoint: waypoint.name }),
    order: sentence,
    services: servicesOf(surroundings, findings),
    makes: objectsOf(surroundings).map(({ role, object: { kind, metadata }, sentence: text }) => ({
      role,
      kind,
      name: metadata.name,
      why: text,
    })),
    workloads: workloadsOf(surroundings),
    steps: read.mesh
      .itinerary(route, labels, chosen, waypoint.adopted ? waypoint.name : undefined)
      .forward.map((step) => ({
        name: step.name,
        why: step.why,
      })),
    kept,
    // What another controller writes it would write no more.
    offers: offers.filter(({ replaces }) => !written.has(replaces)),
    findings,
  };
}

/** What manifests do not say, and what time it is: in milliseconds since the epoch. */
export interface PlanOptions extends AuditOptions {
  readonly now: number;
}

function podsAmong(manifests: readonly Manifest[]): readonly KubeObject[] {
  return manifests.filter(({ group, kind }) => group === pods.group && kind === pods.kind).map(({ object }) => object);
}

/** How the namespaces of some manifests get from sidecars to ambient, as the operator would move them. */
export function plan({ manifests, unreadable }: Manifests, options: PlanOptions): Plan {
  const read = readPolicies(manifests, options);
  const wishes = wishesOf(manifests);
  const moved = new Map<string, { readonly waypoint: string; readonly services: readonly string[] }>();
  const { live } = options;
  const takenToMove = assumed(wishes, live !== undefined);
  const { planned, left } = subjectsOf(read, wishes, moved, options.now, live !== undefined);
  const namespaces: NamespacePlan[] = [];
  const moving: Surroundings[] = [];
  const placed = namespaceOrder(planned, namespacesOf(read));
  const names = new Set(planned.map(({ namespace: { name } }) => name));
  // One after the other, as they move: who comes later finds those before it without sidecars.
  for (const { surroundings: before, ...rest } of placed) {
    // Another picture: what was said of the first one was said before the others moved.
    const surroundings = { ...before };
    // Who is not asked about moves all the same: he is what the others find.
    if (isAsked(surroundings.namespace.name, live)) {
      namespaces.push(namespacePlan({ ...rest, surroundings }, read, names, live !== undefined));
      moving.push(surroundings);
    }
    moved.set(surroundings.namespace.name, {
      waypoint: chosenWaypoint(surroundings).name,
      services: itineraryOf(surroundings) === 'L7' ? translationOf(surroundings).bound.map(({ name }) => name) : [],
    });
  }
  const proxies = proxyRequests(moving, podsAmong(manifests));
  const withheld = withheldOf(placed, doubts(read.inventory, read.options.rootNamespace));
  const isWritten = (name: string): boolean => withheld.every(({ namespace }) => namespace !== name);
  const written = placed.filter(
    ({ surroundings: { namespace } }) => isWritten(namespace.name) && isAsked(namespace.name, live),
  );
  // Where waypoints are to be used that the manifests need not have, one that is applied could go over one that is
  // there.
  return {
    report: {
      ...(live !== undefined && { cluster: live.server }),
      istioVersion: istioVersionText(options.istioVersion),
      namespaces,
      left: left.filter(({ name }) => isAsked(name, live)),
      ...(takenToMove !== undefined && { assumed: takenToMove }),
      ...(proxies !== undefined && { proxies }),
      unreadable: [...unreadable, ...wishes.unreadable],
    },
    overlay: [
      ...overlayOf(
        written.flatMap(({ surroundings }) =>
          objectsOf(surroundings).filter(
            ({ role }) => role !== 'Waypoint' || surroundings.spec.waypoint.adopt === undefined,
          ),
        ),
      ),
      ...offersOverlay(namespaces.filter(({ name }) => isWritten(name)).flatMap(({ offers }) => offers)),
    ],
    withheld,
  };
}

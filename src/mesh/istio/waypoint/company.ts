import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import { records, text, type Json } from '../../json.ts';
import type { ConfigView } from '../../views.ts';
import { nameOf, targetRefs } from '../vocabulary/objects.ts';
import {
  useWaypointCanaryLabel,
  useWaypointCanaryNamespaceLabel,
  useWaypointLabel,
  useWaypointNamespaceLabel,
} from '../vocabulary/labels.ts';
import type { WaypointName } from '../policy/attachment.ts';
import { ofEach, question, type There } from './calls/question.ts';
import { boundWaypoint, namedCanary, namedWaypoint } from './bound.ts';
import { clusterServices } from './cluster-services.ts';

/*
 * Who else has to do with a waypoint of the user: what names it, and who goes through it from elsewhere.
 */

/**
 * Kinds that name what they are for in `targetRefs`, beside what names its parents
 * (pilot/pkg/model/policyattachment.go).
 */
const attaching = [
  'AuthorizationPolicy',
  'RequestAuthentication',
  'WasmPlugin',
  'TrafficExtension',
  'EnvoyFilter',
  'Telemetry',
  'HTTPRoute',
  'GRPCRoute',
];

/** A reference without a kind is one to a Gateway where routes name their parents. */
function namedBy(ref: Json, home: string): string | undefined {
  const isGateway =
    (text(ref['kind']) ?? 'Gateway') === 'Gateway' &&
    (text(ref['group']) ?? 'gateway.networking.k8s.io') === 'gateway.networking.k8s.io';
  return isGateway ? `${text(ref['namespace']) ?? home}/${text(ref['name']) ?? ''}` : undefined;
}

/** Objects by the Gateways that they name; gone through once for as long as the list stays the same. */
const byGateway = memoize((configs: readonly ConfigView[]): ReadonlyMap<string, ReadonlySet<ConfigView>> => {
  const found = new Map<string, Set<ConfigView>>();
  for (const config of configs)
    for (const ref of [...targetRefs(config), ...records(config.spec['parentRefs'])]) {
      const gateway = namedBy(ref, config.namespace);
      if (gateway !== undefined) found.set(gateway, (found.get(gateway) ?? new Set()).add(config));
    }
  return found;
});

/** Objects that name the Gateway of a waypoint. */
export function attachedTo({ namespace, name }: ConfigView, { mesh }: Surroundings): readonly ConfigView[] {
  return attaching.flatMap((kind) => [...(byGateway(mesh.configs(kind)).get(`${namespace}/${name}`) ?? [])]);
}

interface Holder {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What names a waypoint, and what of it is bound there, in the words of a finding and by waypoint. */
type Guests = ReadonlyMap<string, ReadonlySet<string>>;

/** Labels of a namespace that name a waypoint. */
const waypointLabels = [
  useWaypointLabel,
  useWaypointNamespaceLabel,
  useWaypointCanaryLabel,
  useWaypointCanaryNamespaceLabel,
];

/** What labels can stand on. */
function holdersIn(there: There): readonly Holder[] {
  const namespace = there.name;
  const labels = Object.fromEntries(
    waypointLabels.flatMap((key) => {
      const value = there.label(key);
      return value === undefined ? [] : [[key, value]];
    }),
  );
  return [
    ...there.services().map((service) => ({ ...service, kind: 'Service' })),
    { kind: 'Namespace', namespace: '', name: namespace, labels },
    ...[...there.workloads(), ...there.otherTemplates()].map(({ kind, name, templateLabels }) => ({
      kind,
      namespace,
      name,
      labels: templateLabels,
    })),
    ...there.pods().map((pod) => ({ kind: 'Pod', namespace, name: pod.name, labels: pod.labels })),
  ];
}

/** In proportion to what is there, so that nobody has to give it up. */
const guestsIn = question<Guests>({
  ask: (there) => {
    const found = new Map<string, Set<string>>();
    function add(waypoint: WaypointName | 'none' | undefined, holder: Holder): void {
      if (waypoint === undefined || waypoint === 'none') return;
      const key = `${waypoint.namespace}/${waypoint.name}`;
      found.set(key, (found.get(key) ?? new Set()).add(nameOf(holder)));
    }
    for (const service of there.services()) add(boundWaypoint(service), { ...service, kind: 'Service' });
    for (const holder of holdersIn(there)) {
      add(namedWaypoint(holder.labels, there.name), holder);
      add(namedCanary(holder.labels, there.name), holder);
    }
    return found;
  },
  otherwise: () => new Map(),
});

/**
 * What of other namespaces goes through a waypoint, or names it. Those that have nothing in them have nobody to go
 * through it.
 */
export function guestsOf({ namespace, name }: ConfigView, surroundings: Surroundings): readonly string[] {
  const { mesh } = surroundings;
  const others = new Set([...clusterServices(mesh).keys(), ...mesh.inhabitedNamespaces()]);
  others.delete(namespace);
  return ofEach([...others].sort(), surroundings, (there) => [
    ...(guestsIn(there, undefined).get(`${namespace}/${name}`) ?? []),
  ]);
}

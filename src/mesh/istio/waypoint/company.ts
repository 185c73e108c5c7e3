import type { Surroundings } from '../../adapter.ts';
import { records, text, type Json } from '../../json.ts';
import type { ConfigView } from '../../views.ts';
import { nameOf, targetRefs } from '../findings/rule.ts';
import { boundWaypoint, isWaypoint, namedCanary, namedWaypoint } from './bound.ts';

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
function names(ref: Json, home: string, gateway: ConfigView): boolean {
  const isGateway =
    (text(ref['kind']) ?? 'Gateway') === 'Gateway' &&
    (text(ref['group']) ?? 'gateway.networking.k8s.io') === 'gateway.networking.k8s.io';
  return isGateway && ref['name'] === gateway.name && (text(ref['namespace']) ?? home) === gateway.namespace;
}

/** Objects that name the Gateway of a waypoint. */
export function attachedTo(gateway: ConfigView, { mesh }: Surroundings): readonly ConfigView[] {
  return attaching
    .flatMap((kind) => mesh.configs(kind))
    .filter((config) =>
      [...targetRefs(config), ...records(config.spec['parentRefs'])].some((ref) =>
        names(ref, config.namespace, gateway),
      ),
    );
}

interface Holder {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What labels can stand on in another namespace. */
function holdersIn(namespace: string, { mesh }: Surroundings): readonly Holder[] {
  return [
    { kind: 'Namespace', namespace: '', name: namespace, labels: mesh.labelsOf?.(namespace) ?? {} },
    ...[...mesh.workloads(namespace), ...mesh.otherTemplates(namespace)].map(({ kind, name, templateLabels }) => ({
      kind,
      namespace,
      name,
      labels: templateLabels,
    })),
    ...mesh.pods(namespace).map(({ name, labels }) => ({ kind: 'Pod', namespace, name, labels })),
  ];
}

/**
 * What of other namespaces goes through a waypoint, or names it. Those that have nothing in them have nobody to go
 * through it.
 */
export function guestsOf({ namespace, name }: ConfigView, surroundings: Surroundings): readonly string[] {
  const { mesh } = surroundings;
  const services = mesh.services().filter((service) => service.namespace !== namespace);
  const others = [...new Set([...services.map((service) => service.namespace), ...mesh.inhabitedNamespaces()])]
    .filter((other) => other !== namespace)
    .sort();
  const bound = services
    .filter((service) => isWaypoint(boundWaypoint(service), { namespace, name }))
    .map((service) => nameOf({ ...service, kind: 'Service' }));
  const holders = [
    ...services.map((service): Holder => ({ ...service, kind: 'Service' })),
    ...others.flatMap((other) => holdersIn(other, surroundings)),
  ];
  const naming = holders.filter((holder) => {
    const home = holder.kind === 'Namespace' ? holder.name : holder.namespace;
    return [namedWaypoint(holder.labels, home), namedCanary(holder.labels, home)].some(
      (named) => named !== 'none' && isWaypoint(named, { namespace, name }),
    );
  });
  return [...new Set([...bound, ...naming.map(nameOf)])];
}

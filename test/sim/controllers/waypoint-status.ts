import type { Condition } from './pod-types.ts';
import { withCondition } from './pods.ts';
import type { Gateway, GatewayStatus, Listener, ListenerStatus } from './gateway-types.ts';
import type { Service } from './service-types.ts';

/** What istiod knows about the Service of a Gateway. */
export interface GatewayFacts {
  /** `NAME.NAMESPACE.svc.cluster.local`. */
  readonly hostname: string;
  /** Undefined when there is none. */
  readonly service: Service | undefined;
  /** Whether pods are behind it; Ready or not is the same to istiod. */
  readonly hasInstances: boolean;
  /** Why the parameters cannot be used. */
  readonly parametersError: string | undefined;
  readonly now: number;
}

interface Problem {
  readonly reason: string;
  readonly message: string;
}

const protocols: readonly string[] = ['HTTP', 'HTTPS', 'TLS', 'TCP', 'HBONE'];

function routes(...kinds: readonly string[]): ListenerStatus['supportedKinds'] {
  return kinds.map((kind) => ({ group: 'gateway.networking.k8s.io', kind }));
}

const supported: Readonly<Record<string, ListenerStatus['supportedKinds']>> = {
  HTTP: routes('HTTPRoute', 'GRPCRoute'),
  HTTPS: routes('HTTPRoute', 'GRPCRoute'),
  TCP: routes('TCPRoute'),
  TLS: routes('TLSRoute'),
};

/**
 * The status that istiod gives the Gateway of a waypoint (reportGatewayStatus in gateway/conversion.go). Addresses come
 * with the first pod that has an IP, before it is ready, and are never withdrawn.
 */
export function gatewayStatus(gateway: Gateway, facts: GatewayFacts): GatewayStatus {
  const {
    status,
    spec,
    metadata: { generation = 1 },
  } = gateway;
  const resolved = resolve(gateway, facts);
  const wanted: readonly Condition[] = [
    condition(
      'Accepted',
      acceptedProblem(spec.listeners, facts),
      spec.listeners.every(isKnown)
        ? { reason: 'Accepted', message: 'Resource accepted' }
        : { reason: 'ListenersNotValid', message: "One or more of the Gateway's listeners are invalid" },
    ),
    condition('Programmed', programmedProblem(resolved), {
      reason: 'Programmed',
      message:
        resolved.internal.length === 0
          ? 'Resource programmed'
          : `Resource programmed, assigned to service(s) ${sentence(resolved.internal)}`,
    }),
    condition('ResolvedRefs', undefined, { reason: 'ResolvedRefs', message: 'All references resolved' }),
  ];
  const addresses = resolved.internal.length > 0 ? addressesOf(facts) : status?.addresses;
  return {
    ...(addresses && { addresses }),
    conditions: merge(status?.conditions, wanted, generation, facts.now),
    listeners: spec.listeners.map((listener) =>
      listenerStatus(
        listener,
        status?.listeners?.find(({ name }) => name === listener.name),
        generation,
        facts.now,
      ),
    ),
  };
}

function condition(type: string, problem: Problem | undefined, fine: Problem): Condition {
  return { type, status: problem === undefined ? 'True' : 'False', ...(problem ?? fine) };
}

function merge(
  current: readonly Condition[] | undefined,
  wanted: readonly Condition[],
  observedGeneration: number,
  now: number,
): readonly Condition[] {
  return (
    wanted.reduce<readonly Condition[] | undefined>(
      (all, next) => withCondition(all, { ...next, observedGeneration }, now),
      current,
    ) ?? []
  );
}

function isKnown({ protocol }: Listener): boolean {
  return protocols.includes(protocol);
}

/**
 * A listener of another shape than a waypoint's is refused itself, but does not make the Gateway invalid; one of an
 * unknown protocol does.
 */
function acceptedProblem(listeners: readonly Listener[], { parametersError }: GatewayFacts): Problem | undefined {
  if (parametersError !== undefined) return { reason: 'InvalidParameters', message: parametersError };
  if (listeners.some(isKnown)) return undefined;
  return { reason: 'ListenersNotValid', message: "None of the Gateway's listeners are valid" };
}

interface Resolved {
  /** `hostname:port` of each listener that has instances. */
  readonly internal: readonly string[];
  readonly warnings: readonly string[];
  readonly usable: boolean;
}

/** ResolveGatewayInstances in gatewaycommon/context.go. */
function resolve({ spec }: Gateway, { hostname, service, hasInstances }: GatewayFacts): Resolved {
  if (service === undefined) return { internal: [], warnings: [`hostname "${hostname}" not found`], usable: false };
  const ports = [...new Set(spec.listeners.map(({ port }) => port))];
  if (!hasInstances)
    return { internal: [], warnings: ports.map(() => `no instances found for hostname "${hostname}"`), usable: true };
  const missing = ports.filter((wanted) => !(service.spec.ports ?? []).some(({ port }) => port === wanted));
  return {
    internal: ports
      .filter((port) => !missing.includes(port))
      .map((port) => `${hostname}:${port}`)
      .sort(),
    warnings: missing.map((port) => `port ${port} not found for hostname "${hostname}"`),
    usable: missing.length === 0,
  };
}

/** SetProgrammedCondition in gatewaycommon/conversion.go. */
function programmedProblem({ internal, warnings, usable }: Resolved): Problem | undefined {
  if (warnings.length === 0) return undefined;
  const what = warnings.toSorted().join('; ');
  return {
    reason: usable ? 'AddressNotAssigned' : 'AddressNotUsable',
    message:
      internal.length === 0
        ? `Failed to assign to any requested addresses: ${what}`
        : `Assigned to service(s) ${sentence(internal)}, but failed to assign to all requested addresses: ${what}`,
  };
}

function addressesOf({ service, hostname }: GatewayFacts): NonNullable<GatewayStatus['addresses']> {
  return [
    ...(service?.spec.clusterIPs ?? []).map((value) => ({ type: 'IPAddress' as const, value })),
    { type: 'Hostname', value: hostname },
  ];
}

function listenerStatus(
  listener: Listener,
  before: ListenerStatus | undefined,
  generation: number,
  now: number,
): ListenerStatus {
  const fine = 'No errors found';
  const unexpected = listener.port !== 15008 || listener.protocol !== 'HBONE';
  const refused = unexpected
    ? { reason: 'UnsupportedProtocol', message: 'Expected a single listener on port 15008 with protocol "HBONE"' }
    : undefined;
  const wanted: readonly Condition[] = [
    condition('Accepted', refused, { reason: 'Accepted', message: fine }),
    { type: 'Conflicted', status: 'False', reason: 'NoConflicts', message: fine },
    condition('Programmed', undefined, { reason: 'Programmed', message: fine }),
    condition('ResolvedRefs', undefined, { reason: 'ResolvedRefs', message: fine }),
  ];
  return {
    name: listener.name,
    attachedRoutes: 0,
    supportedKinds: supported[listener.protocol] ?? [],
    conditions: merge(before?.conditions, wanted, generation, now),
  };
}

/** HumanReadableJoin in gatewaycommon/conversion.go. */
function sentence(words: readonly string[]): string {
  const [first = '', second = ''] = words;
  if (words.length < 2) return first;
  return words.length === 2 ? `${first} and ${second}` : `${words.slice(0, -1).join(', ')}, and ${words.at(-1) ?? ''}`;
}

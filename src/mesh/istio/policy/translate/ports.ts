import { own } from '../../../../base/own.ts';
import type { ServicePortView } from '../../../views.ts';
import { spend } from '../../../../base/effort.ts';
import { podsBehind } from './selection.ts';
import type { ServiceFacts, WorkloadFacts } from './world.ts';

/** Between the ports that policies of sidecars name and those that policies of waypoints name. */
export interface PortMap {
  /** Service ports by the container port they lead to, in the order of the Service. */
  readonly servicePorts: ReadonlyMap<number, readonly number[]>;
  /** Ports whose named target is another number in other pods of the Service, or in none that is known. */
  readonly unresolved: readonly ServicePortView[];
}

/**
 * A sidecar and ztunnel compare `ports` with the port the container listens on, a waypoint with the port of the
 * Service: its listener is the Service's address (buildWaypointInternal in
 * pilot/pkg/networking/core/listener_waypoint.go).
 */
export function portMap(service: ServiceFacts, workloads: readonly WorkloadFacts[]): PortMap {
  spend(1 + service.ports.length);
  const servicePorts = new Map<number, number[]>();
  const unresolved: ServicePortView[] = [];
  for (const port of service.ports.filter(({ protocol }) => protocol !== 'UDP')) {
    const targets = targetsOf(port, podsBehind(service, workloads));
    const [target] = targets;
    if (target === undefined || targets.length > 1) unresolved.push(port);
    else if (servicePorts.has(target)) servicePorts.get(target)?.push(port.port);
    else servicePorts.set(target, [port.port]);
  }
  return { servicePorts, unresolved };
}

/**
 * The container ports that a port of a Service leads to: one, unless its name means different numbers in different
 * pods.
 */
function targetsOf({ targetPort }: ServicePortView, pods: readonly WorkloadFacts[]): readonly number[] {
  if (typeof targetPort === 'number') return [targetPort];
  const numbers = pods.map(({ ports }) => own(ports, targetPort)).filter((number) => number !== undefined);
  return [...new Set(numbers)];
}

/** What Envoy takes the bytes of a port for (ConvertProtocol in pkg/config/kube/conversion.go); `Sniffed`: it looks. */
export type Traffic = 'http' | 'tcp' | 'Sniffed';

const httpNames: ReadonlySet<string> = new Set(['http', 'http2', 'grpc', 'grpc-web']);
const tcpNames: ReadonlySet<string> = new Set(['tcp', 'tls', 'https', 'mongo', 'redis', 'mysql', 'hbone']);
/** Values of `appProtocol` that Kubernetes defines. */
const appProtocols: Readonly<Record<string, Traffic>> = {
  'kubernetes.io/h2c': 'http',
  'kubernetes.io/ws': 'http',
  'kubernetes.io/wss': 'tcp',
};
/** Ports whose server speaks first: istiod never sniffs them. */
const neverSniffed: readonly number[] = [25, 53, 3306, 27017];

/** Of which many requests of one connection are under way at once (IsHTTP2 in pkg/config/protocol/instance.go). */
const http2Names: ReadonlySet<string> = new Set(['http2', 'grpc', 'grpc-web', 'kubernetes.io/h2c']);

/** What the name of a port, or `appProtocol`, begins with. */
function wordOf({ name = '', appProtocol }: ServicePortView): string {
  const word = (appProtocol ?? name).toLowerCase();
  return word.startsWith('grpc-web') ? 'grpc-web' : (word.split('-')[0] ?? '');
}

/** Whether a port of a Service is said to be HTTP/2, gRPC or gRPC-Web. */
export function isHttp2(port: ServicePortView): boolean {
  return port.protocol === 'TCP' && http2Names.has(wordOf(port));
}

/** How a port of a Service is treated, by sidecars and waypoints alike. */
export function trafficOf(written: ServicePortView): Traffic {
  const { port, appProtocol } = written;
  const named = appProtocol === undefined ? undefined : own(appProtocols, appProtocol);
  if (named !== undefined) return named;
  const first = wordOf(written);
  if (httpNames.has(first)) return 'http';
  if (tcpNames.has(first)) return 'tcp';
  return neverSniffed.includes(port) ? 'tcp' : 'Sniffed';
}

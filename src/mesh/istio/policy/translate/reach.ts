import { RequestSpaceTooLarge } from '../../../../requests/boxes.ts';
import type { PolicyOptions } from '../options.ts';
import type { Clause, Condition, Reading, Request } from '../../../../requests/semantics.ts';
import type { Protocol } from '../protocol.ts';
import { asSidecar } from '../sidecar.ts';
import { example, intersect, matching, type RequestSet, type Space } from '../../../../requests/space.ts';
import type { AuthorizationPolicy } from '../types.ts';
import { portMap, trafficOf } from './ports.ts';
import type { ServiceFacts, WorkloadFacts } from './world.ts';

/**
 * What a policy is to Envoy, which is not always what it says: a dry-run CUSTOM policy denies. Undefined: it decides
 * nothing.
 */
export function sidecarAction(policy: AuthorizationPolicy, options: PolicyOptions): Reading['action'] | undefined {
  return asSidecar(policy, 'http', options)?.action;
}

/** How Envoy reads the ports of a Service: a sniffed port can be either. */
export function protocolsOf(service: ServiceFacts): readonly Protocol[] {
  const traffic = service.ports.filter(({ protocol }) => protocol !== 'UDP').map(trafficOf);
  return (['http', 'tcp'] as const).filter((protocol) =>
    traffic.some((kind) => kind === protocol || kind === 'Sniffed'),
  );
}

/** Requests of a protocol: only with HTTP facts, or only without. */
export function ofProtocol(protocol: Protocol): RequestSet {
  const http: Clause = [{ anyOf: [{ of: 'method', match: { kind: 'Present' } }], negated: protocol === 'tcp' }];
  return matching([http]);
}

/** A request of the set, `TooLarge` if the set has too many classes to be looked through; undefined if it is empty. */
export function someRequest(set: RequestSet, space: Space = {}): Request | 'TooLarge' | undefined {
  try {
    return example(set, space);
  } catch (failure) {
    if (failure instanceof RequestSpaceTooLarge) return 'TooLarge';
    throw failure;
  }
}

/** Requests that come through a Service, or to one of the container ports that it leads to. */
export function throughService(
  service: ServiceFacts,
  workloads: readonly WorkloadFacts[],
): { readonly set: RequestSet; readonly space: Space } {
  const pairs = [...portMap(service, workloads).servicePorts].flatMap(([workload, ports]) =>
    ports.map((port) => ({ workload, service: port })),
  );
  const condition: Condition = pairs.map((pair) => [
    { anyOf: [{ of: 'port', side: 'Workload', port: pair.workload }], negated: false },
    { anyOf: [{ of: 'port', side: 'Service', port: pair.service }], negated: false },
  ]);
  return { set: intersect(matching(condition)), space: { servicePorts: pairs } };
}

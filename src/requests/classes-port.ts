import { classify, type Classes } from './classes.ts';
import { spend } from '../base/effort.ts';
import type { Matcher } from './semantics.ts';

/** A port of a Service, and the port of the pod that it leads to. */
export interface ServicePort {
  readonly service: number;
  readonly workload: number;
}

/** What a request addresses: a port of a Service, or of a pod directly (then without `service`). */
export interface AddressedPort {
  readonly workload: number;
  readonly service?: number;
}

/** A question about a port, or about whether a Service or a pod is addressed. */
export type PortMatcher = Extract<Matcher, { of: 'port' }> | { readonly of: 'address'; readonly to: 'Service' | 'Pod' };

/** Ports to name first if no policy speaks of them. */
const usual = [8080, 9090, 7070, 5000];

/**
 * Classes of addressed ports. With the ports of the Services given, only these pairs and pods addressed directly occur;
 * without, any port of a Service may lead to any port of a pod.
 */
export function portClasses(
  matchers: readonly PortMatcher[],
  servicePorts: readonly ServicePort[] | undefined,
): Classes<AddressedPort> {
  const candidates =
    servicePorts === undefined ? anyPairs(matchers) : [...servicePorts, ...direct(matchers, servicePorts)];
  const numbers = Map.groupBy(matchers.keys(), (number) => keyOf(matchers[number]));
  return classify(candidates, matchers.length, (port) =>
    keysOf(port)
      .flatMap((key) => numbers.get(key) ?? [])
      .sort((a, b) => a - b),
  );
}

function keyOf(matcher: PortMatcher | undefined): string {
  if (matcher === undefined) return '';
  return matcher.of === 'address' ? matcher.to : `${matcher.side} ${matcher.port}`;
}

/** The questions that hold for it. */
function keysOf({ workload, service }: AddressedPort): readonly string[] {
  return [service === undefined ? 'Pod' : 'Service', `Workload ${workload}`, `Service ${service ?? workload}`];
}

/** A port that nothing asks about on a side is like the other one there, which comes first. */
function anyPairs(matchers: readonly PortMatcher[]): readonly AddressedPort[] {
  const numbers = withOther(mentioned(matchers));
  const [other] = numbers;
  const on = (side: 'Workload' | 'Service'): readonly number[] => {
    const asked = new Set(mentioned(matchers.filter((matcher) => matcher.of === 'port' && matcher.side === side)));
    return numbers.filter((port) => port === other || asked.has(port));
  };
  const [workloads, services] = [new Set(on('Workload')), on('Service')];
  spend(workloads.size * services.length);
  return numbers.flatMap((workload) => [
    ...(workloads.has(workload) ? services.map((service) => ({ workload, service })) : []),
    { workload },
  ]);
}

function direct(matchers: readonly PortMatcher[], servicePorts: readonly ServicePort[]): readonly AddressedPort[] {
  // Those that are there come first: of ports that are all alike one of them is named.
  const real = servicePorts.map(({ workload }) => workload);
  return [...new Set([...real, ...withOther([...mentioned(matchers), ...real])])].map((workload) => ({ workload }));
}

function mentioned(matchers: readonly PortMatcher[]): readonly number[] {
  return matchers.flatMap((matcher) => (matcher.of === 'port' ? [matcher.port] : []));
}

/** The ports, and one that is none of them. */
function withOther(ports: readonly number[]): readonly number[] {
  const known = new Set(ports);
  const other = [...usual, ...Array.from({ length: known.size + 1 }, (_, index) => 20_000 + index)].find(
    (port) => !known.has(port),
  );
  return [...(other === undefined ? [] : [other]), ...known];
}

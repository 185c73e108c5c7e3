import { record, records, text, type Json } from '../../../json.ts';
import { isByProxies, isNew, unknown, type Feature } from './feature.ts';

function policies(spec: Json): readonly Json[] {
  const own = [
    record(spec['trafficPolicy']),
    ...records(spec['subsets']).map(({ trafficPolicy }) => record(trafficPolicy)),
  ];
  return own.flatMap((policy) => [policy, ...records(policy['portLevelSettings'])]);
}

function anyPolicy(field: string): (spec: Json) => boolean {
  return (spec) => policies(spec).some((policy) => policy[field] !== undefined);
}

function hashes(spec: Json): readonly Json[] {
  return policies(spec).flatMap(({ loadBalancer }) => {
    const hash = record(loadBalancer)['consistentHash'];
    return hash === undefined ? [] : [record(hash)];
  });
}

function tlsModes(spec: Json): readonly (string | undefined)[] {
  return policies(spec).map(({ tls }) => text(record(tls)['mode']));
}

/** What of a DestinationRule a waypoint does, and how. */
export const destinationRuleFeatures: readonly Feature[] = [
  {
    ...unknown,
    field: 'spec',
    uses: (spec) => isNew('DestinationRule', [spec]),
  },
  {
    ...unknown,
    field: 'spec.trafficPolicy',
    uses: (spec) => isNew('trafficPolicy', policies(spec)),
  },
  {
    field: 'spec.workloadSelector',
    state: 'Lost',
    sentence: 'it is for certain callers; a waypoint stands for all of them',
    uses: (spec) => spec['workloadSelector'] !== undefined,
  },
  {
    field: 'spec.trafficPolicy.tunnel',
    state: 'Lost',
    sentence: 'a waypoint does not tunnel',
    uses: anyPolicy('tunnel'),
  },
  {
    field: 'spec.trafficPolicy.loadBalancer.consistentHash',
    state: 'Kept',
    since: 31,
    sentence: 'a waypoint hashes for Services without a VirtualService only since Istio 1.31',
    uses: (spec) => hashes(spec).length > 0,
  },
  {
    field: 'spec.trafficPolicy.loadBalancer.consistentHash.httpHeaderName',
    state: 'Changes',
    sentence:
      'it hashes a header that proxies write themselves, in which a waypoint may see something else than the sidecar of the caller: a caller may come to another pod each time',
    uses: (spec) => hashes(spec).some(({ httpHeaderName }) => isByProxies([text(httpHeaderName) ?? ''])),
  },
  {
    field: 'spec.trafficPolicy.connectionPool',
    state: 'Changes',
    sentence: 'its limits were per calling proxy and are per replica of the waypoint',
    uses: anyPolicy('connectionPool'),
  },
  {
    field: 'spec.trafficPolicy.outlierDetection',
    state: 'Changes',
    sentence: 'each replica of the waypoint counts failures of all callers together',
    uses: anyPolicy('outlierDetection'),
  },
  {
    field: 'spec.trafficPolicy.tls',
    state: 'Changes',
    sentence: 'ambient always uses mutual TLS between pods, whatever ISTIO_MUTUAL or DISABLE says',
    idle: true,
    uses: (spec) => tlsModes(spec).some((mode) => mode === 'ISTIO_MUTUAL' || mode === 'DISABLE'),
  },
  {
    field: 'spec.trafficPolicy.tls',
    state: 'Kept',
    sentence: 'the waypoint originates TLS inside the mesh connection',
    uses: (spec) => tlsModes(spec).some((mode) => mode === 'SIMPLE' || mode === 'MUTUAL'),
  },
  {
    field: 'spec.trafficPolicy.loadBalancer',
    state: 'Kept',
    sentence: 'the waypoint balances load by it',
    uses: anyPolicy('loadBalancer'),
  },
  {
    field: 'spec.trafficPolicy.proxyProtocol',
    state: 'Kept',
    sentence: 'the waypoint sends the PROXY protocol header',
    uses: anyPolicy('proxyProtocol'),
  },
  {
    field: 'spec.trafficPolicy.retryBudget',
    state: 'Kept',
    sentence: 'the waypoint has the retry budget',
    uses: anyPolicy('retryBudget'),
  },
  {
    field: 'spec.subsets',
    state: 'Kept',
    sentence: 'the waypoint has the subsets',
    // Who leads calls to one of them is a route.
    idle: true,
    uses: (spec) => records(spec['subsets']).length > 0,
  },
];

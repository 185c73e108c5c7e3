import { bounded, spend, type Costed } from '../../../base/effort.ts';
import { memoize } from '../../../base/memoize.ts';
import { Recent } from '../../../base/recent.ts';
import { digestOf, sha256 } from '../../../base/sha256.ts';
import type { Surroundings } from '../../adapter.ts';
import { records, strings, text } from '../../json.ts';
import type { ConfigView } from '../../views.ts';
import { policyOptionsOf } from '../settings/policy-options.ts';
import { describe } from '../../../requests/describe.ts';
import type { PolicyOptions } from '../policy/options.ts';
import type { Protocol } from '../policy/protocol.ts';
import type { AuthorizationPolicy, Policy } from '../policy/types.ts';
import type { Clause, Literal, Request } from '../../../requests/semantics.ts';
import { allowed, asked, intersect, matching, subtract, union, type RequestSet } from '../../../requests/space.ts';
import { trafficOf } from '../policy/translate/ports.ts';
import { ofProtocol, someRequest } from '../policy/translate/reach.ts';
import { asWaypoints } from '../policy/waypoint.ts';

/* Which request of the pods of a namespace the policies of a host outside the mesh refuse, if they refuse any. */

/** Whom the pods of the namespace call as. */
const ownIdentities = memoize(
  ({ pods, workloads, otherTemplates, namespace, mesh }: Surroundings): readonly string[] => {
    const { trustDomain } = policyOptionsOf(mesh);
    return [...new Set([...pods, ...workloads, ...otherTemplates].map(({ serviceAccount }) => serviceAccount))]
      .map((account) => `${trustDomain}/ns/${namespace.name}/sa/${account}`)
      .sort();
  },
);

function oneOf(anyOf: Literal['anyOf']): Literal {
  return { anyOf, negated: false };
}

function requestsOf(identities: readonly string[]): RequestSet {
  return matching([
    [
      oneOf(
        identities.map((value) => ({ of: 'identity', part: 'Principal', match: { kind: 'Exact', value } }) as const),
      ),
    ],
  ]);
}

/** What of a host a request is made up from: nobody makes one to another host, or to another port. */
interface Address {
  readonly hosts: readonly string[];
  readonly ports: Readonly<Record<Protocol, readonly number[]>>;
}

/** More of them make no better example. */
const most = 5;

/** Of a host with a wildcard none is made up: what it stands for nobody knows. */
const addressOf = memoize(({ spec }: ConfigView): Address => {
  const ports = records(spec['ports']).flatMap(({ number, protocol }) => {
    const appProtocol = text(protocol);
    if (typeof number !== 'number') return [];
    const traffic = trafficOf({
      port: number,
      targetPort: number,
      protocol: 'TCP',
      ...(appProtocol && { appProtocol }),
    });
    return [{ number, traffic }];
  });
  function of(protocol: Protocol): readonly number[] {
    const found = ports.filter(({ traffic }) => traffic === protocol || traffic === 'Sniffed');
    return found.slice(0, most).map(({ number }) => number);
  }
  return {
    hosts: strings(spec['hosts'])
      .filter((host) => !host.startsWith('*'))
      .slice(0, most),
    ports: { http: of('http'), tcp: of('tcp') },
  };
});

/** Requests that somebody could make there; undefined if no port is for them. */
function toAddress({ hosts, ports }: Address, protocol: Protocol): RequestSet | undefined {
  if (ports[protocol].length === 0) return undefined;
  const clause: Clause = [
    oneOf(ports[protocol].map((port) => ({ of: 'port', side: 'Service', port }) as const)),
    ...(protocol === 'http' && hosts.length > 0
      ? [oneOf(hosts.map((value) => ({ of: 'host', match: { kind: 'Exact', value } }) as const))]
      : []),
  ];
  return matching([clause]);
}

/**
 * Steps for what the policies of one host refuse to one namespace: they are of others, so that it must not take long.
 */
const steps = 200_000;

/** What was found, by all that decides about it: each look at each namespace asks. */
const known = new Recent<Costed<string | undefined>>(1000);

/** Where which request is refused cannot be told. */
export const untold = 'which ones cannot be told: there are too many values';

/**
 * A request of the namespace that the policies refuse, or leave to an external authorizer, in words; undefined if they
 * let every one through.
 */
export function refusedRequest(
  policies: readonly Policy[],
  entry: ConfigView,
  { surroundings, options }: { readonly surroundings: Surroundings; readonly options: PolicyOptions },
): string | undefined {
  if (policies.some(({ kind }) => kind === 'RequestAuthentication')) return 'one with a token that is not valid';
  const identities = ownIdentities(surroundings);
  const address = addressOf(entry);
  const readable = policies.filter((policy) => policy.kind === 'AuthorizationPolicy');
  const key = sha256([digestOf(identities), digestOf(address), digestOf(options), ...readable.map(digestOf)].join());
  const answer = known.get(key) ?? answered(identities, address, readable, options);
  known.set(key, answer);
  // Counted whether it is remembered or not: what a look says must not depend on what was looked at before.
  spend(answer.steps);
  return answer.value;
}

function answered(
  identities: readonly string[],
  address: Address,
  policies: readonly AuthorizationPolicy[],
  options: PolicyOptions,
): Costed<string | undefined> {
  const found = bounded(steps, () => refusedTo(identities, address, policies, options));
  return found.kind === 'Done' ? { value: found.value, steps: found.steps } : { value: untold, steps };
}

const protocols = ['http', 'tcp'] as const;

/** A port of the Service is what its callers know of it: where it leads to is another's. */
function told({ servicePort, ...request }: Request): string {
  return describe({ ...request, workloadPort: servicePort ?? request.workloadPort });
}

/**
 * One that is made to the host itself, where there is one. Any other counts as well: a policy may ask for what the
 * ServiceEntry does not say.
 */
function refusedTo(
  identities: readonly string[],
  address: Address,
  policies: readonly AuthorizationPolicy[],
  options: PolicyOptions,
): string | undefined {
  const own = requestsOf(identities);
  const refused = protocols.map((protocol) => {
    const readings = asWaypoints(policies, protocol, options);
    const out = union(subtract(matching([[]]), allowed(readings)), asked(readings));
    return { protocol, set: intersect(ofProtocol(protocol), own, out) };
  });
  const there = refused.flatMap(({ protocol, set }) => {
    const made = toAddress(address, protocol);
    return made === undefined ? [] : [intersect(set, made)];
  });
  for (const set of [...there, ...refused.map((each) => each.set)]) {
    const request = someRequest(set);
    if (request !== undefined) return request === 'TooLarge' ? untold : told(request);
  }
  return undefined;
}

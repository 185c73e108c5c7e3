import { mapLiterals } from '../../../../requests/conditions.ts';
import type { Condition, Literal, Matcher, Request } from '../../../../requests/semantics.ts';
import type { Protocol } from '../protocol.ts';
import { asSidecar } from '../sidecar.ts';
import { intersect, matching, seenAs, subtract, unionOf } from '../../../../requests/space.ts';
import { asZtunnel } from '../ztunnel.ts';
import type { AuthorizationPolicy } from '../types.ts';
import { ofProtocol, sidecarAction, someRequest, throughService } from './reach.ts';
import { reachesZtunnel } from './selection.ts';
import { waypointPrincipal, type ServiceFacts, type World } from './world.ts';

/*
 * Behind a waypoint the pods see the waypoint's identity and address. ALLOW policies are alternatives, so one more that allows the
 * waypoint lets its traffic in; but nothing takes a DENY back. A DENY that matches the waypoint itself refuses requests that the
 * waypoint let through: `notPrincipals` that do not name it, or `{methods: [POST], ports: ["8080"]}`, which ztunnel reads as
 * `ports: ["8080"]`. That fails closed, so it is an outage and not a hole; but only an edit of the user's own object cures it, so
 * it is reported and blocks instead of being guessed at.
 */

/** Who reads the original behind the waypoint. */
export type Reader = 'Sidecar' | 'Ztunnel';

/** A DENY that refuses what the waypoint lets through, with such a request. */
export interface Hindrance {
  readonly reader: Reader;
  readonly request: Request;
}

/** Facts that are the waypoint's and not the caller's, and of which we do not know the value: anything is possible. */
const unknownFacts: ReadonlySet<Matcher['of']> = new Set(['sourceIp', 'remoteIp', 'destinationIp', 'sni']);

function isUnknown({ of }: Matcher): boolean {
  return unknownFacts.has(of) || of.startsWith('metadata ');
}

/** The condition for some value of the unknown facts: it can only match more than the true one. */
function forSomeValue(condition: Condition): Condition {
  return mapLiterals(condition, withoutUnknown);
}

/** Undefined: the literal can be made true. */
function withoutUnknown({ anyOf, negated }: Literal): Literal | undefined {
  const known = anyOf.filter((matcher) => !isUnknown(matcher));
  if (known.length === anyOf.length) return { anyOf, negated };
  return negated && known.length > 0 ? { anyOf: known, negated } : undefined;
}

/** What a DENY would refuse of the traffic that the waypoint sends on, although no DENY of the Service means it. */
export function hindrance(
  policy: AuthorizationPolicy,
  denies: readonly AuthorizationPolicy[],
  service: ServiceFacts,
  protocols: readonly Protocol[],
  world: World,
): Hindrance | 'TooLarge' | undefined {
  if (sidecarAction(policy, world.options) !== 'DENY') return undefined;
  for (const protocol of protocols) {
    const meant = unionOf(
      denies.flatMap((deny) => asSidecar(deny, protocol, world.options)?.rules.map(matching) ?? []),
    );
    const { set, space } = throughService(service, world.workloads);
    const readers: readonly (readonly [Reader, readonly Condition[]])[] = [
      ['Sidecar', world.sidecars ? (asSidecar(policy, protocol, world.options)?.rules ?? []) : []],
      ['Ztunnel', reachesZtunnel(policy) ? (asZtunnel(policy, world.options)?.rules ?? []) : []],
    ];
    for (const [reader, rules] of readers) {
      const met = seenAs(
        { identity: waypointPrincipal(world) },
        unionOf(rules.map((rule) => matching(forSomeValue(rule)))),
      );
      const request = someRequest(subtract(intersect(ofProtocol(protocol), set, met), meant), space);
      if (request === 'TooLarge') return request;
      if (request !== undefined) return { reader, request };
    }
  }
  return undefined;
}

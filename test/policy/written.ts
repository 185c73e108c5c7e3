import { parse } from 'yaml';
import { parsePolicy } from '../../src/mesh/istio/policy/parse.ts';
import type {
  AuthorizationPolicy,
  PeerAuthentication,
  Policy,
  RequestAuthentication,
} from '../../src/mesh/istio/policy/types.ts';

/** How a policy of a test is placed; namespace shop, name test unless told. */
export interface Placement {
  readonly namespace?: string;
  readonly name?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly createdAt?: number;
}

function written(
  kind: Policy['kind'],
  spec: string,
  { namespace = 'shop', name = 'test', annotations = {}, createdAt }: Placement,
): Policy {
  const { policy } = parsePolicy({
    kind,
    namespace,
    name,
    annotations,
    spec: (parse(spec) ?? {}) as Record<string, unknown>,
    ...(createdAt !== undefined && { createdAt }),
  });
  if (policy === undefined) throw new Error(`no policy: ${spec}`);
  return policy;
}

/** An AuthorizationPolicy from the YAML of its spec. */
export function authorizationPolicy(spec: string, placement: Placement = {}): AuthorizationPolicy {
  return written('AuthorizationPolicy', spec, placement) as AuthorizationPolicy;
}

/** A PeerAuthentication from the YAML of its spec. */
export function peerAuthentication(spec: string, placement: Placement = {}): PeerAuthentication {
  return written('PeerAuthentication', spec, placement) as PeerAuthentication;
}

/** A RequestAuthentication from the YAML of its spec. */
export function requestAuthentication(spec: string, placement: Placement = {}): RequestAuthentication {
  return written('RequestAuthentication', spec, placement) as RequestAuthentication;
}

import { own } from '../../../../base/own.ts';
import { shown } from '../../../../base/shown.ts';
import { list, record, records, text, type Json } from '../../../json.ts';
import type { NearAuthorizer } from '../near-authorizers.ts';
import type { PolicyOptions } from '../options.ts';
import { proxyHeaderIn, proxyHeaderOf } from '../proxy-headers.ts';
import type { AuthorizationPolicy } from '../types.ts';
import { critical, type Problem } from './problem.ts';
import { titleOf, type ConfigObject } from './world.ts';

/** What one proxy makes of a field, against what the other made of it. */
export type Carried =
  /** The same. */
  | 'Same'
  /** Not the same; the text says why. */
  | { readonly why: string; readonly fix: string };

/**
 * istiod asks Envoy for the direct peer (srcIPGenerator in pilot/pkg/security/authz/model/generator.go). At a waypoint
 * the request comes over a connection inside Envoy, whose direct peer is no IP address; the caller's is carried over as
 * the remote address only (ConnectAuthorityFilter in pilot/pkg/xds/filters/filters.go). Seen with Envoy 1.40:
 * direct_remote_ip matches nothing there.
 */
const address: Carried = {
  why: 'at a waypoint no address ever matches, so that an ALLOW would refuse and a DENY would let pass',
  fix: 'Name the callers by principals, namespaces or serviceAccounts.',
};
const same: Carried = 'Same';

/*
 * Every field that istiod reads from a rule (pilot/pkg/security/authz/model/model.go, New). A field that is not here is one that
 * we do not know yet: it blocks instead of being copied on faith.
 */
const sourceFields: Readonly<Record<string, Carried>> = {
  principals: same,
  notPrincipals: same,
  requestPrincipals: same,
  notRequestPrincipals: same,
  namespaces: same,
  notNamespaces: same,
  serviceAccounts: same,
  notServiceAccounts: same,
  trustDomains: same,
  notTrustDomains: same,
  ipBlocks: address,
  notIpBlocks: address,
  remoteIpBlocks: same,
  notRemoteIpBlocks: same,
};
const operationFields: Readonly<Record<string, Carried>> = {
  hosts: same,
  notHosts: same,
  ports: same,
  notPorts: same,
  methods: same,
  notMethods: same,
  paths: same,
  notPaths: same,
};
const conditionKeys: Readonly<Record<string, Carried>> = {
  'source.ip': address,
  'remote.ip': same,
  'source.namespace': same,
  'source.serviceAccount': same,
  'source.trustDomain': same,
  'source.principal': same,
  'request.auth.principal': same,
  'request.auth.audiences': same,
  'request.auth.presenter': same,
  'destination.port': same,
  'destination.ip': {
    why: 'to a sidecar the destination is the address of the pod, to a waypoint that of the Service',
    fix: 'Select the pods by labels instead of addresses.',
  },
  'connection.sni': {
    why: 'sidecars send a server name with the connection, ztunnel sends none of it to the waypoint',
    fix: 'Use hosts, or ports, instead of connection.sni.',
  },
};
const headerKey = /^request\.(?:headers|auth\.claims)\[.+\]$/;

/** What becomes of a condition on a header or a claim; undefined if the key is none. */
export function carriedHeader(key: string): Carried | undefined {
  const header = proxyHeaderIn(key);
  if (header === undefined) return headerKey.test(key) ? same : undefined;
  return {
    why: `${shown(key)}: ${header.why}`,
    fix: 'Name the callers by principals, namespaces or serviceAccounts, or ask for a header that only the application sets.',
  };
}

const metadataPrefix = 'experimental.envoy.filters.';
const metadata: Carried = {
  why: 'it reads what another filter of the sidecar found out; a waypoint does not run that filter',
  fix: 'Express the condition by headers or claims.',
};
const unknown: Carried = {
  why: 'it is not a field that this version knows how to carry over',
  fix: 'Remove the field, or keep the namespace where it is.',
};
const parts = new Set(['from', 'to', 'when']);

/** What becomes of every field on the way from one proxy to the other; one that is not named is unknown. */
export interface CarriedFields {
  /** `the waypoint`: where it is carried to. */
  readonly to: string;
  readonly source: Readonly<Record<string, Carried>>;
  readonly operation: Readonly<Record<string, Carried>>;
  readonly condition: (key: string) => Carried | undefined;
}

const toWaypoint: CarriedFields = {
  to: 'the waypoint',
  source: sourceFields,
  operation: operationFields,
  condition(key) {
    if (key.startsWith(metadataPrefix)) return metadata;
    return carriedHeader(key) ?? own(conditionKeys, key);
  },
};

/** What a CUSTOM policy leaves to an authorizer that decides by a header which proxies write. */
export function inexactHeader(
  object: ConfigObject,
  { action, provider = '' }: AuthorizationPolicy,
  { sentToAuthorizers }: Pick<PolicyOptions, 'sentToAuthorizers'>,
): readonly Problem[] {
  const header = action === 'CUSTOM' ? own(sentToAuthorizers, provider) : undefined;
  const why = header === undefined ? undefined : proxyHeaderOf(header)?.why;
  if (header === undefined || why === undefined) return [];
  return [
    critical(
      titleOf(object),
      'spec.provider',
      `the authorizer ${shown(provider)} is asked by ${shown(header)}, which would not say the same: ${why}`,
      'Have the authorizer decide by a token, or let policies tell the callers apart by principals, and take the header out of includeRequestHeadersInCheck of its extensionProvider.',
    ),
  ];
}

const notThere =
  'that is the pod of each sidecar itself, and at a waypoint the pod of the waypoint, where nobody answers: every request that the policy matches would be refused, or with failOpen let through';

/** The same, of an authorizer that would not be the same one at a waypoint. */
function inexactPlace(object: ConfigObject, provider: string, near: NearAuthorizer): Problem {
  const { address, host, entry, isTheirs, isAccepted, opens } = near;
  if (entry !== undefined && isTheirs === true)
    return {
      severity: isAccepted === true ? 'Warning' : 'Critical',
      object: titleOf(object),
      field: 'spec.provider',
      message: `by it the authorizer ${shown(provider)} of ${titleOf(object)} is asked at ${address}: ${notThere}`,
      fix: `Have its owner take ${shown(host)} out, or say in the extensionProvider in which namespace it is meant (service: NAMESPACE/${shown(host)}).`,
      by: { ...entry, isAcceptable: !opens },
    };
  const said = entry === undefined ? '' : ` (${titleOf(entry)})`;
  return critical(
    titleOf(object),
    'spec.provider',
    `the authorizer ${shown(provider)} is asked at ${address}${said}: ${notThere}`,
    'Run the authorizer as a Service that the waypoint can call, and name that in its extensionProvider.',
  );
}

/** What a CUSTOM policy leaves to an authorizer that would answer otherwise, or not at all, if a waypoint asked it. */
export function inexactAuthorizer(
  object: ConfigObject,
  policy: AuthorizationPolicy,
  options: Pick<PolicyOptions, 'sentToAuthorizers' | 'nearAuthorizers'>,
): readonly Problem[] {
  const { action, provider = '' } = policy;
  const near = action === 'CUSTOM' ? own(options.nearAuthorizers, provider) : undefined;
  return near === undefined ? inexactHeader(object, policy, options) : [inexactPlace(object, provider, near)];
}

function judge(object: ConfigObject, field: string, carried: Carried | undefined, to: string): readonly Problem[] {
  const verdict = carried ?? unknown;
  return verdict === 'Same'
    ? []
    : [critical(titleOf(object), field, `it would not mean the same at ${to}: ${verdict.why}`, verdict.fix)];
}

/** An empty list says nothing. */
function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);
}

function judgeFields(
  object: ConfigObject,
  path: string,
  part: Json,
  known: Readonly<Record<string, Carried>>,
  to: string,
): readonly Problem[] {
  return Object.keys(part)
    .filter((field) => isSet(part[field]))
    .flatMap((field) => {
      const [at, carried] = [`${path}.${shown(field)}`, own(known, field)];
      const isOdd = carried !== undefined && list(part[field]).length === 0;
      return [...judge(object, at, carried, to), ...(isOdd ? judge(object, at, unknown, to) : [])];
    });
}

/**
 * What of an AuthorizationPolicy the proxy that it is carried to would read differently; by default a waypoint instead
 * of a sidecar.
 */
export function inexactFields(
  object: ConfigObject,
  { to, source, operation, condition }: CarriedFields = toWaypoint,
): readonly Problem[] {
  return records(object.spec['rules']).flatMap((rule, index) => {
    const path = `spec.rules[${index}]`;
    return [
      ...Object.keys(rule)
        .filter((part) => !parts.has(part) && isSet(rule[part]))
        .flatMap((part) => judge(object, `${path}.${shown(part)}`, unknown, to)),
      ...records(rule['from']).flatMap((from, at) =>
        judgeFields(object, `${path}.from[${at}].source`, record(from['source']), source, to),
      ),
      ...records(rule['to']).flatMap((part, at) =>
        judgeFields(object, `${path}.to[${at}].operation`, record(part['operation']), operation, to),
      ),
      ...records(rule['when']).flatMap((when, at) =>
        judge(object, `${path}.when[${at}].key`, condition(text(when['key']) ?? ''), to),
      ),
    ];
  });
}

import { memoize } from '../../../../../base/memoize.ts';
import { own } from '../../../../../base/own.ts';
import { list, record, records, type Json } from '../../../../json.ts';
import { guardField, nobody } from '../companions.ts';
import { carriedHeader, inexactFields, type Carried, type CarriedFields } from '../exactness.ts';
import type { Problem } from '../problem.ts';
import type { ConfigObject } from '../world.ts';

/*
 * What sidecars make of the fields of a policy that a waypoint enforces, and of one that ztunnel does.
 */

const same: Carried = 'Same';

/**
 * A sidecar terminates HBONE in a listener of its own and decides in an internal one behind it
 * (buildInboundHBONEListeners in pilot/pkg/networking/core/listener_inbound.go), where the peer is Envoy itself, like
 * at a waypoint. Of callers that come by mutual TLS it sees the address. So what an address says depends on how the
 * caller is in the mesh.
 */
const address: Carried = {
  why: 'a sidecar sees the address of some callers and not of others, and behind a waypoint that of the waypoint',
  fix: 'Name the callers by principals, namespaces or serviceAccounts.',
};

const operationFields = Object.fromEntries(
  ['hosts', 'notHosts', 'ports', 'notPorts', 'methods', 'notMethods', 'paths', 'notPaths'].map((field) => [
    field,
    same,
  ]),
);
const sourceFields: Readonly<Record<string, Carried>> = {
  ...Object.fromEntries(
    ['principals', 'requestPrincipals', 'namespaces', 'serviceAccounts', 'trustDomains']
      .flatMap((field) => [field, `not${field.charAt(0).toUpperCase()}${field.slice(1)}`])
      .map((field) => [field, same]),
  ),
  ipBlocks: address,
  notIpBlocks: address,
  remoteIpBlocks: address,
  notRemoteIpBlocks: address,
};
const conditionKeys: Readonly<Record<string, Carried>> = {
  'source.ip': address,
  'remote.ip': address,
  ...Object.fromEntries(
    [
      'source.namespace',
      'source.serviceAccount',
      'source.trustDomain',
      'source.principal',
      'request.auth.principal',
      'request.auth.audiences',
      'request.auth.presenter',
      'destination.port',
    ].map((key) => [key, same]),
  ),
  'destination.ip': {
    why: 'to a waypoint the destination is the address of the Service, to a sidecar that of the pod',
    fix: 'Use targetRefs or labels instead of addresses.',
  },
  'connection.sni': {
    why: 'ztunnel sends no server name to a waypoint, sidecars send one',
    fix: 'Use hosts, or ports, instead of connection.sni.',
  },
};

const fromWaypoint: CarriedFields = {
  to: 'the sidecars',
  source: sourceFields,
  operation: operationFields,
  condition: (key) => carriedHeader(key) ?? own(conditionKeys, key),
};

/**
 * What ztunnel does not read of these (`handleRule`) is in its reading and in that of the sidecar, which the proof
 * compares; addresses it cannot.
 */
const fromZtunnel: CarriedFields = {
  ...fromWaypoint,
  condition: (key) => (own(conditionKeys, key) === address ? address : same),
};

/**
 * A rule without the field by which only ztunnel enforces it, if that has the one value with which sidecars never
 * match.
 */
function withoutGuardField(rule: Json): Json {
  const from = records(rule['from']).map((each) => {
    const { [guardField]: blocks, ...source } = record(each['source']);
    const isGuard = list(blocks).length === 1 && list(blocks)[0] === nobody;
    return { source: { ...source, ...(!isGuard && blocks !== undefined && { [guardField]: blocks }) } };
  });
  return { ...rule, ...(from.length > 0 && { from }) };
}

/** What of a policy that a waypoint enforces a sidecar would read differently; each Service asks. */
export const inexactAtSidecars: (object: ConfigObject) => readonly Problem[] = memoize((object: ConfigObject) =>
  inexactFields(object, fromWaypoint),
);

/**
 * What of a policy that selects pods depends on where the connection comes from, which changes with the waypoint and
 * the sidecars.
 */
export const dependsOnAddresses: (object: ConfigObject) => readonly Problem[] = memoize((object: ConfigObject) =>
  inexactFields(
    { ...object, spec: { ...object.spec, rules: records(object.spec['rules']).map(withoutGuardField) } },
    fromZtunnel,
  ),
);

import { shown } from '../../../base/shown.ts';
import type { PlaneClassification } from './classify-plane.ts';
import { fieldNames } from './classify-fields.ts';
import { isHttpOnly } from './attribute.ts';
import { operationPredicates, sourcePredicates, whenPredicates } from './fields.ts';
import { hasFeature } from './istio-version.ts';
import type { PolicyOptions } from './options.ts';
import { proxyHeaderIn } from './proxy-headers.ts';
import type { AuthorizationPolicy, Plane } from './types.ts';
import { ztunnelStatus } from './ztunnel-status.ts';

/** What an operator of the policy should know besides its effects, a sentence each. */
export function notesOf(
  policy: AuthorizationPolicy,
  planes: Readonly<Record<Plane, PlaneClassification>>,
  options: PolicyOptions,
): readonly string[] {
  return [
    ...statusNotes(policy, planes, options),
    ...addressNotes(policy, planes),
    ...headerNotes(policy),
    ...tcpNotes(policy),
    ...dryRunNotes(policy, planes, options),
    ...versionNotes(policy, options),
  ];
}

/** Where the condition ZtunnelAccepted says otherwise than ztunnel does. */
function statusNotes(
  policy: AuthorizationPolicy,
  { ztunnel }: Readonly<Record<Plane, PlaneClassification>>,
  options: PolicyOptions,
): readonly string[] {
  const status = ztunnelStatus(policy, options);
  if (ztunnel.effect !== 'FailsOpen' || status?.status !== 'True') return [];
  return [
    status.reason === 'Accepted'
      ? 'istiod reports ZtunnelAccepted without a warning, although ztunnel lets more pass than the policy says'
      : 'istiod reports that ztunnel is more restrictive than requested, but it lets more pass',
  ];
}

const directPeerFields: readonly string[] = ['ipBlocks', 'notIpBlocks', 'source.ip'];

/** Whether the policy asks for the address of the direct peer, which no waypoint knows (`waypoint.ts`). */
export function asksForDirectPeer({ rules }: Pick<AuthorizationPolicy, 'rules'>): boolean {
  return rules.flatMap(fieldNames).some((field) => directPeerFields.includes(field));
}

/** Whether the policy asks for the server name of the connection, which ztunnel does not send to a waypoint. */
export function asksForServerName({ rules }: Pick<AuthorizationPolicy, 'rules'>): boolean {
  return rules.flatMap(fieldNames).includes('connection.sni');
}

/** Where a waypoint is what the policy needs or has, and would not do. */
function addressNotes(
  policy: AuthorizationPolicy,
  { ztunnel }: Readonly<Record<Plane, PlaneClassification>>,
): readonly string[] {
  const isForWaypoint = policy.targetRefs.length > 0 || (ztunnel.effect !== 'Exact' && ztunnel.effect !== 'NoEffect');
  if (!isForWaypoint) return [];
  return [
    ...(asksForDirectPeer(policy)
      ? [
          'at a waypoint source.ip and ipBlocks never match: it does not see the address of the connection, only remote.ip',
        ]
      : []),
    ...(asksForServerName(policy)
      ? ['at a waypoint connection.sni never matches: ztunnel sends no server name with a connection']
      : []),
  ];
}

/** Headers that say to a waypoint something else than to a sidecar: ztunnel reads none. */
export function headerNotes({ rules }: Pick<AuthorizationPolicy, 'rules'>): readonly string[] {
  return [...new Set(rules.flatMap(fieldNames))].flatMap((field) => {
    const header = proxyHeaderIn(field);
    return header === undefined
      ? []
      : [`a waypoint does not see what a sidecar sees in ${shown(field)}: ${header.why}`];
  });
}

/**
 * What istiod does on TCP filter chains with rules about HTTP (checkError in pilot/pkg/security/authz/model/model.go).
 */
function tcpNotes({ action, rules }: AuthorizationPolicy): readonly string[] {
  const asksHttp = rules.some(({ from, to, when }) =>
    [...from.map(sourcePredicates), ...to.map(operationPredicates), whenPredicates(when)]
      .flat()
      .some(({ attribute }) => isHttpOnly(attribute)),
  );
  if (!asksHttp || action === 'AUDIT') return [];
  return [
    action === 'ALLOW'
      ? 'on TCP ports a sidecar or waypoint leaves out the rules that ask about HTTP, so that they allow nothing there'
      : 'on TCP ports a sidecar or waypoint leaves out what a rule asks about HTTP, so that the rest of it matches more there',
  ];
}

function dryRunNotes(
  { action, dryRun }: AuthorizationPolicy,
  planes: Readonly<Record<Plane, PlaneClassification>>,
  { version }: PolicyOptions,
): readonly string[] {
  return action === 'CUSTOM' &&
    dryRun &&
    hasFeature(version, 'customDryRunDenies') &&
    planes.sidecar.effect === 'FailsClosed'
    ? [
        'sidecars and waypoints refuse what a dry-run CUSTOM policy matches: istiod puts it among the rules that Envoy enforces',
      ]
    : [];
}

function versionNotes({ rules }: AuthorizationPolicy, { version }: PolicyOptions): readonly string[] {
  const names = new Set(rules.flatMap(fieldNames));
  const later = [
    { feature: 'serviceAccounts', fields: ['serviceAccounts', 'notServiceAccounts', 'source.serviceAccount'] },
    { feature: 'trustDomains', fields: ['trustDomains', 'notTrustDomains', 'source.trustDomain'] },
  ] as const;
  return later
    .filter(({ feature, fields }) => !hasFeature(version, feature) && fields.some((field) => names.has(field)))
    .map(({ feature }) => `this version of Istio does not know ${feature}`);
}

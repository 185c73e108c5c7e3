import { attachedPeerAuthentications } from '../../../src/mesh/istio/policy/peer-authentication-ztunnel.ts';
import { ztunnelReads, type Workload } from '../../../src/mesh/istio/policy/attachment.ts';
import { defaultOptions } from '../../../src/mesh/istio/policy/options.ts';
import type { AuthorizationPolicy, PeerAuthentication } from '../../../src/mesh/istio/policy/types.ts';
import type { ZtunnelAuthorization } from '../../../src/mesh/istio/policy/ztunnel-types.ts';
import { ztunnelAuthorization } from '../../../src/mesh/istio/policy/ztunnel.ts';
import { formatAddress } from '../../../src/base/address.ts';
import { records, record, text, type Json } from '../../../src/mesh/json.ts';
import { stable } from './canonical-rbac.ts';
import { compareMaps, type Disagreement } from './disagreement.ts';
import { attachedPolicies, xdsTypes, type XdsStream } from './xds-stream.ts';

/** A workload with the name under which ztunnel knows it. */
export type NamedWorkload = Workload & { readonly name: string };

/** What ztunnel ought to have been told. */
export interface ZtunnelModel {
  readonly authorizations: readonly ZtunnelAuthorization[];
  /** Names of policies by `namespace/name` of the workload. */
  readonly attached: ReadonlyMap<string, readonly string[]>;
}

/** The model of a set of policies; `converted` is what istiod makes of the PeerAuthentications. */
export function ztunnelModel(
  policies: readonly AuthorizationPolicy[],
  peers: readonly PeerAuthentication[],
  converted: readonly ZtunnelAuthorization[],
  workloads: readonly NamedWorkload[],
): ZtunnelModel {
  const sent = policies.flatMap((policy) => {
    const authorization = ztunnelAuthorization(policy, defaultOptions);
    return authorization === undefined ? [] : [{ policy, authorization }];
  });
  const attached = workloads.map((workload) => {
    // Policies of a namespace or the mesh are not attached by name: ztunnel applies them by their scope.
    const own = sent
      .filter(({ policy }) => policy.selector !== undefined && ztunnelReads(policy, workload, defaultOptions))
      .map(({ policy }) => `${policy.namespace}/${policy.name}`);
    return [
      `${workload.namespace}/${workload.name}`,
      [...own, ...attachedPeerAuthentications(peers, workload, defaultOptions.rootNamespace)],
    ] as const;
  });
  return {
    authorizations: [...sent.map(({ authorization }) => authorization), ...converted],
    attached: new Map(attached),
  };
}

/** Compares what a ztunnel was told with the model, as far as it is about these namespaces. */
export function compareZtunnel(
  stream: XdsStream,
  model: ZtunnelModel,
  namespaces: ReadonlySet<string>,
): readonly Disagreement[] {
  const sent = [...stream.resources(xdsTypes.authorization)]
    .filter(([, value]) => namespaces.has(text(value['namespace']) ?? ''))
    .map(([name, value]) => [name, canonical(readAuthorization(value))] as const);
  const expected = model.authorizations.map(
    (authorization) => [`${authorization.namespace}/${authorization.name}`, canonical(authorization)] as const,
  );
  const known = attachedPolicies(stream);
  const names = (list: readonly string[] | undefined): string =>
    list === undefined ? 'unknown' : [...list].sort().join(' ');
  const attachedSent = new Map([...model.attached.keys()].map((workload) => [workload, names(known.get(workload))]));
  const attachedModel = new Map([...model.attached].map(([workload, list]) => [workload, names(list)]));
  return [
    ...compareMaps('ztunnel is sent', new Map(sent), new Map(expected), (name) => name),
    ...compareMaps('ztunnel attaches to', attachedSent, attachedModel, () => '').flatMap((difference) =>
      differences(difference),
    ),
  ];
}

/** One disagreement for each policy that is attached on one side only. */
function differences(difference: Disagreement): readonly Disagreement[] {
  const lists = [difference.sent, difference.model].map((side) =>
    (text(side) ?? '').split(' ').filter((name) => name !== ''),
  );
  const [sent = [], model = []] = lists;
  return [...new Set(lists.flat())]
    .filter((name) => sent.includes(name) !== model.includes(name))
    .map((policy) => ({
      policy,
      where: difference.where,
      sent: sent.includes(policy) ? 'attached' : 'not attached',
      model: model.includes(policy) ? 'attached' : 'not attached',
    }));
}

/** The resource in the form of the model: protojson leaves out what is zero, and has addresses as bytes. */
function readAuthorization(value: Json): ZtunnelAuthorization {
  const authorization = value as {
    readonly scope?: ZtunnelAuthorization['scope'];
    readonly action?: ZtunnelAuthorization['action'];
    readonly dryRun?: boolean;
    readonly name: string;
    readonly namespace: string;
  };
  const groups = records(value['groups']).map((group) => ({
    rules: records(group['rules']).map((rule) => ({ matches: records(rule['matches']).map(readMatch) })),
  }));
  const { name, namespace, scope = 'GLOBAL', action = 'ALLOW', dryRun = false } = authorization;
  return { name, namespace, scope, action, groups, dryRun };
}

const addressFields = new Set(['sourceIps', 'notSourceIps', 'destinationIps', 'notDestinationIps']);

function readMatch(match: Json): Json {
  return Object.fromEntries(
    Object.entries(match).map(([field, value]) => [
      field,
      addressFields.has(field) ? records(value).map(readAddress) : value,
    ]),
  );
}

function readAddress(value: Json): Json {
  const bytes = Buffer.from(text(value['address']) ?? '', 'base64');
  const address = formatAddress(bytes.length === 4 ? 4 : 6, BigInt(`0x${bytes.toString('hex')}`));
  return { address, length: record(value)['length'] ?? 0 };
}

/** All lists are sets: groups, rules, matches and values. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).sort().join(',')}]`;
  if (typeof value !== 'object' || value === null) return stable(value);
  return `{${Object.entries(value)
    .map(([key, member]) => `${key}:${canonical(member)}`)
    .sort()
    .join(',')}}`;
}

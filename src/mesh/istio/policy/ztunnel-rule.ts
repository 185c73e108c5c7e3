import { serviceAccount } from './attribute.ts';
import { addressBits, formatAddress, parseAddress, parseBlock } from '../../../base/address.ts';
import { portNumber } from './port-number.ts';
import { textMatch } from '../../../requests/text-match.ts';
import type { Operation, Rule, Source, When } from './types.ts';
import type { ServiceAccountMatch, StringMatch, ZtunnelAddress, ZtunnelGroup, ZtunnelMatch } from './ztunnel-types.ts';

/*
 * handleRule in istio/istio pilot/pkg/serviceregistry/ambient/authorization.go: a rule without what ztunnel cannot evaluate.
 */

type L7Field = keyof Source | keyof Operation;

/** httpSources and httpOperations. trustDomains are in neither: they are left out without a word. */
const l7Source = [
  'remoteIpBlocks',
  'notRemoteIpBlocks',
  'requestPrincipals',
  'notRequestPrincipals',
] as const satisfies readonly L7Field[];
const l7Operation = [
  'hosts',
  'notHosts',
  'methods',
  'notMethods',
  'paths',
  'notPaths',
] as const satisfies readonly L7Field[];
const l4When: readonly string[] = [
  'source.ip',
  'source.namespace',
  'source.principal',
  'destination.ip',
  'destination.port',
];

/** The fields of the rule that istiod calls HTTP attributes. A key of `when` counts even without values. */
export function reportedFields(rule: Rule): readonly string[] {
  return [
    ...rule.from.flatMap((source) => l7Source.filter((field) => source[field].length > 0)),
    ...rule.to.flatMap((operation) => l7Operation.filter((field) => operation[field].length > 0)),
    ...rule.when.map(({ key }) => key).filter((key) => !l4When.includes(key)),
  ];
}

/** What ztunnel gets of the rule. An ALLOW rule with an HTTP attribute is left out; of others only the attribute is. */
export function groupOf(rule: Rule, allow: boolean, namespace: string): ZtunnelGroup | undefined {
  if (allow && reportedFields(rule).length > 0) return undefined;
  const [to, from] = [rule.to.map(operationMatch), rule.from.map((source) => sourceMatch(source, namespace))];
  return {
    rules: [to, from, ...rule.when.map((when) => [whenMatch(when)])]
      .filter((matches) => matches.length > 0)
      .map((matches) => ({ matches })),
  };
}

function operationMatch({ ports, notPorts }: Operation): ZtunnelMatch {
  return compact({ destinationPorts: toPorts(ports), notDestinationPorts: toPorts(notPorts) });
}

function sourceMatch(source: Source, namespace: string): ZtunnelMatch {
  return compact({
    sourceIps: toAddresses(source.ipBlocks),
    notSourceIps: toAddresses(source.notIpBlocks),
    namespaces: toTexts(source.namespaces),
    notNamespaces: toTexts(source.notNamespaces),
    serviceAccounts: toAccounts(source.serviceAccounts, namespace),
    notServiceAccounts: toAccounts(source.notServiceAccounts, namespace),
    principals: toTexts(source.principals),
    notPrincipals: toTexts(source.notPrincipals),
  });
}

function whenMatch({ key, values, notValues }: When): ZtunnelMatch {
  switch (key) {
    case 'source.namespace':
      return compact({ namespaces: toTexts(values), notNamespaces: toTexts(notValues) });
    case 'source.principal':
      return compact({ principals: toTexts(values), notPrincipals: toTexts(notValues) });
    case 'source.ip':
      return compact({ sourceIps: toAddresses(values), notSourceIps: toAddresses(notValues) });
    case 'destination.ip':
      return compact({ destinationIps: toAddresses(values), notDestinationIps: toAddresses(notValues) });
    case 'destination.port':
      return compact({ destinationPorts: toPorts(values), notDestinationPorts: toPorts(notValues) });
    default:
      return {};
  }
}

function compact(match: ZtunnelMatch): ZtunnelMatch {
  return Object.fromEntries(
    Object.entries(match).filter((entry: readonly [string, readonly unknown[]]) => entry[1].length > 0),
  );
}

/** stringToMatch. */
function toTexts(values: readonly string[]): readonly StringMatch[] {
  return values.map((value): StringMatch => {
    const match = textMatch(value);
    switch (match.kind) {
      case 'Present':
        return { presence: {} };
      case 'Prefix':
        return { prefix: match.value };
      case 'Suffix':
        return { suffix: match.value };
      case 'Exact':
      case 'Glob':
        return { exact: match.value };
    }
  });
}

/** stringToServiceAccountMatch. */
function toAccounts(values: readonly string[], namespace: string): readonly ServiceAccountMatch[] {
  return values.map((value) => {
    const account = serviceAccount(value, namespace);
    return { namespace: account.namespace, serviceAccount: account.name };
  });
}

/** stringToPort: what is no port is left out. */
function toPorts(values: readonly string[]): readonly number[] {
  return values.map(portNumber).filter((port) => port !== undefined);
}

/** stringToIP: what is no address is left out; host bits of a block stay. */
function toAddresses(values: readonly string[]): readonly ZtunnelAddress[] {
  return values.flatMap((value) => {
    const [text = '', length] = value.split('/');
    const address = parseAddress(text);
    if (address === undefined || parseBlock(value) === undefined) return [];
    return [
      {
        address: formatAddress(address.family, address.value),
        length: length === undefined ? addressBits[address.family] : Number(length),
      },
    ];
  });
}

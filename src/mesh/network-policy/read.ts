import { parseBlock, type AddressRange } from '../../base/address.ts';
import { memoize } from '../../base/memoize.ts';
import type { ConfigView, SelectorView } from '../views.ts';
import type {
  Direction,
  NetworkPolicy,
  PolicyPeer,
  PolicyPort,
  PolicyRule,
  Protocol,
  UnreadablePolicy,
} from './types.ts';

/*
 * What cannot be read is never taken for absent: an empty list means everybody, so that a policy would let in more, or refuse more, than it does. What is null
 * is absent, as the API server takes it.
 */

/** Thrown where something is not what it has to be; only `readPolicy` catches it. */
class NotReadable extends Error {
  readonly field: string;

  constructor(field: string) {
    super(field);
    this.field = field;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function fieldsOf(value: unknown, field: string, known: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new NotReadable(field);
  // A field that came later may mean anything: that somebody else is meant, or fewer.
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined) throw new NotReadable(`${field}.${unknown}`);
  return value as Fields;
}

function listOf<T>(value: unknown, field: string, read: (item: unknown, field: string) => T): readonly T[] {
  if (!isGiven(value)) return [];
  if (!Array.isArray(value)) throw new NotReadable(field);
  return value.map((item: unknown, index) => read(item, `${field}[${index}]`));
}

function textOf(value: unknown, field: string): string {
  if (typeof value !== 'string') throw new NotReadable(field);
  return value;
}

function labelsOf(value: unknown, field: string): Readonly<Record<string, string>> {
  if (!isGiven(value)) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw new NotReadable(field);
  return Object.fromEntries(
    Object.entries(value as Fields).map(([key, each]) => [key, textOf(each, `${field}.${key}`)]),
  );
}

/** How many values an operator takes. */
const operators: Readonly<Record<string, (values: readonly string[]) => boolean>> = {
  In: ({ length }) => length > 0,
  NotIn: ({ length }) => length > 0,
  Exists: ({ length }) => length === 0,
  DoesNotExist: ({ length }) => length === 0,
};

function expressionOf(
  value: unknown,
  field: string,
): { readonly key: string; readonly operator: string; readonly values: readonly string[] } {
  const fields = fieldsOf(value, field, ['key', 'operator', 'values']);
  const operator = textOf(fields['operator'], `${field}.operator`);
  const values = listOf(fields['values'], `${field}.values`, textOf);
  if (!Object.hasOwn(operators, operator)) throw new NotReadable(`${field}.operator`);
  if (operators[operator]?.(values) !== true) throw new NotReadable(`${field}.values`);
  return { key: textOf(fields['key'], `${field}.key`), operator, values };
}

function selectorOf(value: unknown, field: string): SelectorView {
  const fields = fieldsOf(value, field, ['matchLabels', 'matchExpressions']);
  return {
    matchLabels: labelsOf(fields['matchLabels'], `${field}.matchLabels`),
    matchExpressions: listOf(fields['matchExpressions'], `${field}.matchExpressions`, expressionOf),
  };
}

function rangeOf(value: unknown, field: string): AddressRange {
  const block = textOf(value, field);
  const range = block.includes('/') ? parseBlock(block) : undefined;
  if (range === undefined) throw new NotReadable(field);
  return range;
}

function blockOf(value: unknown, field: string): PolicyPeer {
  const fields = fieldsOf(value, field, ['cidr', 'except']);
  return {
    kind: 'Block',
    block: rangeOf(fields['cidr'], `${field}.cidr`),
    except: listOf(fields['except'], `${field}.except`, rangeOf),
  };
}

function peerOf(value: unknown, field: string): PolicyPeer {
  const fields = fieldsOf(value, field, ['podSelector', 'namespaceSelector', 'ipBlock']);
  const { podSelector: pods, namespaceSelector: namespaces, ipBlock } = fields;
  if (isGiven(ipBlock)) {
    if (isGiven(pods) || isGiven(namespaces)) throw new NotReadable(field);
    return blockOf(ipBlock, `${field}.ipBlock`);
  }
  if (!isGiven(pods) && !isGiven(namespaces)) throw new NotReadable(field);
  return {
    kind: 'Pods',
    ...(isGiven(pods) && { pods: selectorOf(pods, `${field}.podSelector`) }),
    ...(isGiven(namespaces) && { namespaces: selectorOf(namespaces, `${field}.namespaceSelector`) }),
  };
}

function isPortNumber(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65_535;
}

function protocolOf(value: unknown, field: string): Protocol {
  if (!isGiven(value)) return 'TCP';
  if (value !== 'TCP' && value !== 'UDP' && value !== 'SCTP') throw new NotReadable(field);
  return value;
}

function portOf(value: unknown, field: string): PolicyPort {
  const fields = fieldsOf(value, field, ['protocol', 'port', 'endPort']);
  const protocol = protocolOf(fields['protocol'], `${field}.protocol`);
  const { port, endPort } = fields;
  if (isGiven(port) && !isPortNumber(port) && (typeof port !== 'string' || port === ''))
    throw new NotReadable(`${field}.port`);
  if (!isGiven(endPort)) return isGiven(port) ? { protocol, port: port as number | string } : { protocol };
  if (!isPortNumber(port) || !isPortNumber(endPort) || endPort < port) throw new NotReadable(`${field}.endPort`);
  return { protocol, port, endPort };
}

function ruleOf(value: unknown, field: string, peers: 'from' | 'to'): PolicyRule {
  const fields = fieldsOf(value, field, [peers, 'ports']);
  return {
    peers: listOf(fields[peers], `${field}.${peers}`, peerOf),
    ports: listOf(fields['ports'], `${field}.ports`, portOf),
  };
}

/**
 * Where `policyTypes` is empty, as the API server fills it in: ingress always, egress if there are rules for it
 * (SetDefaults_NetworkPolicy in pkg/apis/networking/v1/defaults.go).
 */
function directionsOf({ policyTypes, egress }: Fields): readonly Direction[] {
  const said = listOf(policyTypes, 'spec.policyTypes', (value, field): Direction => {
    if (value !== 'Ingress' && value !== 'Egress') throw new NotReadable(field);
    return value;
  });
  if (said.length > 0) return said;
  return Array.isArray(egress) && egress.length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
}

function rulesOf(spec: Fields): NetworkPolicy['rules'] {
  const ingress = listOf(spec['ingress'], 'spec.ingress', (value, field) => ruleOf(value, field, 'from'));
  const egress = listOf(spec['egress'], 'spec.egress', (value, field) => ruleOf(value, field, 'to'));
  const directions = directionsOf(spec);
  return {
    ...(directions.includes('Ingress') && { Ingress: ingress }),
    ...(directions.includes('Egress') && { Egress: egress }),
  };
}

/** What a NetworkPolicy says; read once for as long as it stays as it is. */
export const readPolicy: (config: ConfigView) => NetworkPolicy | UnreadablePolicy = memoize((config: ConfigView) => {
  const { namespace, name } = config;
  try {
    const spec = fieldsOf(config.spec, 'spec', ['podSelector', 'policyTypes', 'ingress', 'egress']);
    const { podSelector } = spec;
    const selects = isGiven(podSelector) ? selectorOf(podSelector, 'spec.podSelector') : {};
    return { kind: 'NetworkPolicy', namespace, name, selects, rules: rulesOf(spec) };
  } catch (error) {
    if (error instanceof NotReadable) return { kind: 'Unreadable', namespace, name, field: error.field };
    throw error;
  }
});

import { list, record, records, strings, text, type Json } from '../../../json.ts';
import { countPorts } from './size.ts';

/** How the rules of a policy change when they move to a waypoint. */
export interface Rewriting {
  /**
   * Service ports for a container port; undefined: the policy names no ports, or those that it names are Service ports
   * already.
   */
  readonly ports?: ReadonlyMap<number, readonly number[]>;
  /**
   * Namespace of the original, where the copy lives in another one: names without a namespace mean the policy's own.
   */
  readonly home?: string;
}

/** `Never`: it cannot match a request that comes through this Service. `Always`: it no longer restricts anything. */
type Part = Json | 'Never' | 'Always';

interface PortLists {
  readonly positive: readonly string[];
  readonly negative: readonly string[];
}

/**
 * Container ports become the Service ports that lead to them; those that this Service does not lead to cannot be met
 * through it.
 */
function mapPorts({ positive, negative }: PortLists, { ports }: Rewriting): PortLists | 'Never' {
  const toService = (port: string): readonly string[] => {
    if (ports === undefined) return [port];
    const found = ports.get(Number(port)) ?? [];
    countPorts(found.length);
    return found.map(String);
  };
  const mapped = { positive: unique(positive.flatMap(toService)), negative: unique(negative.flatMap(toService)) };
  // A list that was there and becomes empty would stand for every port: the opposite of what it said.
  return positive.length > 0 && mapped.positive.length === 0 ? 'Never' : mapped;
}

function unique(values: readonly string[]): readonly string[] {
  return [...new Set(values)];
}

/**
 * `frontend` in a policy of istio-system means istio-system/frontend (serviceAccountRegex in
 * pilot/pkg/security/authz/model).
 */
export function qualify(accounts: readonly string[], { home }: Pick<Rewriting, 'home'>): readonly string[] {
  return accounts.map((account) => (home === undefined || account.includes('/') ? account : `${home}/${account}`));
}

/** Sets lists, leaving out those that are empty and were not there. */
function withLists(part: Json, lists: Readonly<Record<string, readonly string[]>>): Json {
  const { ...rest } = part as Record<string, unknown>;
  for (const [key, values] of Object.entries(lists)) {
    if (values.length > 0) rest[key] = values;
    else if (list(rest[key]).length > 0) rest[key] = undefined;
  }
  return Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
}

function isEmpty(part: Json): boolean {
  return Object.values(part).every((value) => Array.isArray(value) && value.length === 0);
}

/** One source as it reads elsewhere. */
export function rewriteSource(source: Json, rewriting: Pick<Rewriting, 'home'>): Json {
  return withLists(source, {
    serviceAccounts: qualify(strings(source['serviceAccounts']), rewriting),
    notServiceAccounts: qualify(strings(source['notServiceAccounts']), rewriting),
  });
}

function rewriteOperation(operation: Json, rewriting: Rewriting): Part {
  const ports = mapPorts(
    { positive: strings(operation['ports']), negative: strings(operation['notPorts']) },
    rewriting,
  );
  if (ports === 'Never') return 'Never';
  const rewritten = withLists(operation, { ports: ports.positive, notPorts: ports.negative });
  return isEmpty(rewritten) ? 'Always' : rewritten;
}

function rewriteCondition(condition: Json, rewriting: Rewriting): Part {
  const lists = { positive: strings(condition['values']), negative: strings(condition['notValues']) };
  switch (text(condition['key'])) {
    case 'destination.port': {
      const ports = mapPorts(lists, rewriting);
      if (ports === 'Never') return 'Never';
      return ports.positive.length + ports.negative.length === 0
        ? 'Always'
        : withLists(condition, { values: ports.positive, notValues: ports.negative });
    }
    case 'source.serviceAccount':
      return withLists(condition, {
        values: qualify(lists.positive, rewriting),
        notValues: qualify(lists.negative, rewriting),
      });
    default:
      return condition;
  }
}

/** One rule as it reads at the waypoint; undefined if no request through this Service can match it. */
export function rewriteRule(rule: Json, rewriting: Rewriting): Json | undefined {
  const operations = records(rule['to']).map((to) => rewriteOperation(record(to['operation']), rewriting));
  const conditions = records(rule['when']).map((when) => rewriteCondition(when, rewriting));
  if (conditions.includes('Never') || (operations.length > 0 && operations.every((operation) => operation === 'Never')))
    return undefined;
  const from = records(rule['from']).map((source) => ({
    ...source,
    source: rewriteSource(record(source['source']), rewriting),
  }));
  // One operation that no longer restricts makes the whole list restrict nothing: they are alternatives.
  const to = operations.includes('Always')
    ? []
    : operations.filter((operation) => typeof operation === 'object').map((operation) => ({ operation }));
  const when = conditions.filter((condition) => typeof condition === 'object');
  return { ...(from.length > 0 && { from }), ...(to.length > 0 && { to }), ...(when.length > 0 && { when }) };
}

/** Every port that the rules name. */
export function namedPorts(rules: readonly Json[]): readonly string[] {
  return unique(
    rules.flatMap((rule) => [
      ...records(rule['to']).flatMap((to) => [
        ...strings(record(to['operation'])['ports']),
        ...strings(record(to['operation'])['notPorts']),
      ]),
      ...records(rule['when'])
        .filter(({ key }) => key === 'destination.port')
        .flatMap((when) => [...strings(when['values']), ...strings(when['notValues'])]),
    ]),
  );
}

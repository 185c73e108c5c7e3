import { spend } from '../../../../base/effort.ts';
import { orderedText } from '../../../seal.ts';
import { list, record, records, strings, type Json } from '../../../json.ts';

/*
 * What a policy for sidecars says, taken apart so far that two of them can be compared port by port: rules are
 * alternatives, and so are the operations of one.
 */

/** Stands for every port, where one thing is said of all. */
export const anyPort = '*';

/** One thing that a policy says: to whom, what and when, in a text without the ports; and at which ports. */
export interface Said {
  readonly text: string;
  readonly ports: readonly string[];
}

/** Whether a policy lets in, which it does without saying so. */
export function isAllow({ action = 'ALLOW' }: Json): boolean {
  return action === 'ALLOW';
}

/**
 * The identity that a copy leaves alone, as it says so (`to-sidecar/rewrite.ts`): the last condition of each rule that
 * does not let in. It is that of a waypoint, and no word of the original.
 */
function exemptionIn(rule: Json): string | undefined {
  const { key, values, notValues } = records(rule['when']).at(-1) ?? {};
  const [only, ...others] = strings(notValues);
  return key === 'source.principal' && values === undefined && others.length === 0 ? only : undefined;
}

function conditionsOf(rule: Json, isExempting: boolean): readonly Json[] {
  const all = records(rule['when']);
  return isExempting && exemptionIn(rule) !== undefined ? all.slice(0, -1) : all;
}

function isOfPort({ key, values }: Json): boolean {
  return key === 'destination.port' && list(values).length > 0;
}

/** The ports that all conditions leave, if some name any: the same for each operation, however many there are. */
function portsIn(conditions: readonly Json[]): ReadonlySet<string> | undefined {
  const limits = conditions.filter(isOfPort).map(({ values }) => strings(values));
  return limits
    .filter(({ length }) => length > 0)
    .reduce<ReadonlySet<string> | undefined>((left, ports) => {
      spend(1 + ports.length / 8);
      return new Set(left === undefined ? ports : ports.filter((port) => left.has(port)));
    }, undefined);
}

/** What one rule of a policy says, an operation after the other. */
function saidByRule(rule: Json, { action = 'ALLOW', provider }: Json): readonly Said[] {
  const how = { action, provider };
  const conditions = conditionsOf(rule, !isAllow(how));
  const when = conditions.map((each) => (isOfPort(each) ? { ...each, values: undefined } : each));
  const left = portsIn(conditions);
  const unlimited = left === undefined ? [anyPort] : [...left];
  const operations = records(rule['to']).map(({ operation }) => record(operation));
  const from = orderedText({ ...how, from: rule['from'], when: when.filter((each) => !isBare(each)) });
  return (operations.length === 0 ? [{}] : operations).map(({ ports, ...operation }: Json) => {
    const text = `${from} ${orderedText(operation)}`;
    const own = strings(ports);
    const named = own.length === 0 ? unlimited : own;
    spend(1 + text.length / 64 + named.length / 8);
    if (named === unlimited) return { text, ports: unlimited };
    return { text, ports: [...new Set(own)].filter((port) => left === undefined || left.has(port)) };
  });
}

/** A condition of which nothing is left without the ports. */
function isBare(condition: Json): boolean {
  return Object.entries(condition).every(([field, value]) => field === 'key' || value === undefined);
}

/** Everything that a policy says; nothing, if it is one that has no rules. */
export function saidBy(policy: Json): readonly Said[] {
  return records(policy['rules']).flatMap((rule) => saidByRule(rule, policy));
}

import { spend } from '../../../../base/effort.ts';
import { orderedText } from '../../../seal.ts';
import { list, record, records, strings, type Json } from '../../../json.ts';

/*
 * What a policy for sidecars says, taken apart so far that two of them can be compared port by port: rules are alternatives, and so are the operations of one.
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
export function exemptionIn(rule: Json): string | undefined {
  const { key, values, notValues } = records(rule['when']).at(-1) ?? {};
  const [only, ...others] = strings(notValues);
  return key === 'source.principal' && values === undefined && others.length === 0 ? only : undefined;
}

function conditionsOf(rule: Json, isExempting: boolean): readonly Json[] {
  const all = records(rule['when']);
  return isExempting && exemptionIn(rule) !== undefined ? all.slice(0, -1) : all;
}

/** Port numbers that something is limited to; undefined where it is limited to none. */
function limit(ports: unknown): readonly string[] | undefined {
  const named = strings(ports);
  return named.length === 0 ? undefined : named;
}

function common(limits: readonly (readonly string[] | undefined)[]): readonly string[] {
  const [first, ...others] = limits.filter((ports) => ports !== undefined);
  if (first === undefined) return [anyPort];
  const asked = others.map((ports) => new Set(ports));
  return first.filter((port) => asked.every((ports) => ports.has(port)));
}

function isOfPort({ key, values }: Json): boolean {
  return key === 'destination.port' && list(values).length > 0;
}

/** What one rule of a policy says, an operation after the other. */
export function saidByRule(rule: Json, { action = 'ALLOW', provider }: Json): readonly Said[] {
  const how = { action, provider };
  const conditions = conditionsOf(rule, !isAllow(how));
  const when = conditions.map((each) => (isOfPort(each) ? { ...each, values: undefined } : each));
  const asked = conditions.filter(isOfPort).map(({ values }) => limit(values));
  const operations = records(rule['to']).map(({ operation }) => record(operation));
  const from = orderedText({ ...how, from: rule['from'], when: when.filter((each) => !isBare(each)) });
  return (operations.length === 0 ? [{}] : operations).map(({ ports, ...operation }: Json) => {
    const text = `${from} ${orderedText(operation)}`;
    const named = common([limit(ports), ...asked]);
    spend(1 + text.length / 64 + (named.length * (1 + asked.length)) / 8);
    return { text, ports: [...new Set(named)] };
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

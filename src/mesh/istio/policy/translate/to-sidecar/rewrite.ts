import { record, records, strings, text, type Json } from '../../../../json.ts';
import { qualify, rewriteSource } from '../rewrite.ts';
import { countPorts } from '../size.ts';
import type { PortPair } from './served.ts';

/** How the rules of a policy for a Service at a waypoint change when sidecars are to enforce them. */
export interface ToPods {
  readonly ports: readonly PortPair[];
  /** Namespace of the original, where the copy lives in another one. */
  readonly home?: string;
  /** An identity that the copy leaves alone. */
  readonly except?: string;
}

interface PortLists {
  readonly positive: readonly string[];
  readonly negative: readonly string[];
}

/**
 * The container ports behind those Service ports that the lists take in: always named, so that the copy has no say
 * about ports of the pod that this Service does not lead to. Where two ports of a Service lead to one of the container,
 * and only one is taken in, the copy takes in both; the proof shows whether that matters.
 */
function behind({ positive, negative }: PortLists, { ports }: ToPods): readonly string[] {
  countPorts(ports.length);
  const numbers = { positive: new Set(positive.map(Number)), negative: new Set(negative.map(Number)) };
  const chosen = ports.filter(
    ({ service }) => (positive.length === 0 || numbers.positive.has(service)) && !numbers.negative.has(service),
  );
  return [...new Set(chosen.map(({ workload }) => String(workload)))];
}

/** Undefined: no request through this Service matches it. */
function rewriteOperation(operation: Json, toPods: ToPods): Json | undefined {
  const { ports, notPorts, ...rest } = operation;
  const named = behind({ positive: strings(ports), negative: strings(notPorts) }, toPods);
  return named.length === 0 ? undefined : { ...rest, ports: named };
}

function rewriteCondition(condition: Json, toPods: ToPods): Json | undefined {
  const lists = { positive: strings(condition['values']), negative: strings(condition['notValues']) };
  switch (text(condition['key'])) {
    case 'destination.port': {
      const named = behind(lists, toPods);
      return named.length === 0 ? undefined : { key: 'destination.port', values: named };
    }
    case 'source.serviceAccount': {
      const [values, notValues] = [qualify(lists.positive, toPods), qualify(lists.negative, toPods)];
      return {
        key: 'source.serviceAccount',
        ...(values.length > 0 && { values }),
        ...(notValues.length > 0 && { notValues }),
      };
    }
    default:
      return condition;
  }
}

function isThere<T>(value: T | undefined): value is T {
  return value !== undefined;
}

/**
 * One rule as sidecars are to read it; undefined if no request through this Service can match it. The exception stands
 * in `when`, which holds for the whole rule: beside `serviceAccounts` the API takes no principals
 * (validateAuthorizationPolicy).
 */
export function ruleForPods(rule: Json, toPods: ToPods): Json | undefined {
  const written = records(rule['to']).map((to) => record(to['operation']));
  const operations = (written.length === 0 ? [{}] : written)
    .map((operation) => rewriteOperation(operation, toPods))
    .filter(isThere);
  const conditions = records(rule['when']).map((when) => rewriteCondition(when, toPods));
  if (operations.length === 0 || !conditions.every(isThere)) return undefined;
  const from = records(rule['from']).map((source) => ({
    ...source,
    source: rewriteSource(record(source['source']), toPods),
  }));
  const except = toPods.except === undefined ? [] : [{ key: 'source.principal', notValues: [toPods.except] }];
  const when = [...conditions, ...except];
  return {
    ...(from.length > 0 && { from }),
    to: operations.map((operation) => ({ operation })),
    ...(when.length > 0 && { when }),
  };
}

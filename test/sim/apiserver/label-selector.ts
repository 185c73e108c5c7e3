import { asArray, asObject, asString, type JsonObject } from './json.ts';
import { badRequest } from './errors.ts';

/** One requirement of a label selector. */
interface Requirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';
  readonly values: readonly string[];
}

/** All requirements must hold; the empty selector selects everything. */
export type LabelSelector = readonly Requirement[];

type Labels = Readonly<Record<string, string>>;

function holds(requirement: Requirement, labels: Labels): boolean {
  const value = labels[requirement.key];
  switch (requirement.operator) {
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'In':
      return value !== undefined && requirement.values.includes(value);
    case 'NotIn':
      return value === undefined || !requirement.values.includes(value);
    case 'Gt':
      return value !== undefined && Number(value) > Number(requirement.values[0]);
    case 'Lt':
      return value !== undefined && Number(value) < Number(requirement.values[0]);
  }
}

/** Whether the labels satisfy the selector. */
export function matchesLabels(selector: LabelSelector, labels: Labels | undefined): boolean {
  return selector.every((requirement) => holds(requirement, labels ?? {}));
}

const operators: readonly Requirement['operator'][] = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

/** The selector of a metav1.LabelSelector object (`matchLabels`, `matchExpressions`). */
export function selectorOf(object: JsonObject): LabelSelector {
  const equalities = Object.entries(asObject(object['matchLabels'])).map(([key, value]): Requirement => ({
    key,
    operator: 'In',
    values: [asString(value)],
  }));
  const expressions = asArray(object['matchExpressions']).map((item): Requirement => {
    const { key, operator, values } = asObject(item);
    const known = operators.find((name) => name === operator);
    if (known === undefined) throw badRequest(`"${asString(operator)}" is not a valid label selector operator`);
    return { key: asString(key), operator: known, values: asArray(values).map(asString) };
  });
  return [...equalities, ...expressions];
}

const comparison = /^(?<key>[^\s!=<>]+)\s*(?<sign>==|=|!=|>|<)\s*(?<value>[^\s=!<>]*)$/;
const membership = /^(?<key>[^\s!=<>]+)\s+(?<operator>in|notin)\s*\((?<values>[^)]*)\)$/;
const signs: Readonly<Record<string, Requirement['operator']>> = {
  '=': 'In',
  '==': 'In',
  '!=': 'NotIn',
  '>': 'Gt',
  '<': 'Lt',
};

function parseRequirement(text: string): Requirement {
  const member = membership.exec(text)?.groups;
  if (member !== undefined) {
    const values = (member['values'] ?? '').split(',').map((value) => value.trim());
    return { key: member['key'] ?? '', operator: member['operator'] === 'in' ? 'In' : 'NotIn', values };
  }
  const compared = comparison.exec(text)?.groups;
  if (compared !== undefined) {
    return {
      key: compared['key'] ?? '',
      operator: signs[compared['sign'] ?? ''] ?? 'In',
      values: [compared['value'] ?? ''],
    };
  }
  const absent = text.startsWith('!');
  const key = absent ? text.slice(1).trim() : text;
  if (!/^[A-Za-z0-9./_-]+$/.test(key)) throw badRequest(`unable to parse requirement: found '${text}'`);
  return { key, operator: absent ? 'DoesNotExist' : 'Exists', values: [] };
}

/** The selector of a `labelSelector` query parameter, for example `app=cart,tier in (a,b),!legacy`. */
export function parseLabelSelector(text: string): LabelSelector {
  if (text.trim() === '') return [];
  return text.split(/,(?![^(]*\))/).map((part) => parseRequirement(part.trim()));
}

import { spend } from '../../../../base/effort.ts';
import { memoize } from '../../../../base/memoize.ts';
import { hasLabels } from '../../../has-labels.ts';
import { record, records, stringMap, strings, list, type Json } from '../../../json.ts';
import { orderedText } from '../../../seal.ts';
import { selectedBy } from '../../policy/selecting.ts';
import { isAllow } from './said.ts';

/*
 * Whether one ALLOW lets in nobody whom another one does not let in, as far as that is seen by comparing what they
 * say: field by field, as istiod reads them. What is compared is counted, because whoever writes rules decides how
 * many there are.
 */

type Labels = Readonly<Record<string, string>>;

/** Values that something is limited to; undefined without any, which to Istio is no limit. */
function limits(value: unknown): readonly string[] | undefined {
  const values = strings(value);
  return values.length === 0 ? undefined : values;
}

const valuesOf = memoize((values: readonly unknown[]): ReadonlySet<unknown> => new Set(values));

/** Whether a list has all the values of another one. */
function hasAll(values: unknown, asked: readonly string[]): boolean {
  const known = valuesOf(list(values));
  return asked.every((value) => known.has(value));
}

/** Whether a list of values names no more than another one. */
function isWithin(these: unknown, those: unknown): boolean {
  const [inner, outer] = [limits(these), limits(those)];
  return outer === undefined || (inner !== undefined && hasAll(those, inner));
}

/** Whether a list of exceptions leaves out no less than another one. */
function leavesOut(these: unknown, those: unknown): boolean {
  return hasAll(these, strings(those));
}

/** Counts what is in some lists, before that is compared. */
function countLists(...lists: readonly unknown[]): void {
  spend(lists.reduce<number>((sum, each) => sum + list(each).length, 0) / 8);
}

function isFieldWithin(field: string, these: Json, those: Json): boolean {
  countLists(these[field], those[field]);
  return (field.startsWith('not') ? leavesOut : isWithin)(these[field], those[field]);
}

function isBlockWithin(these: Json, those: Json): boolean {
  spend(1);
  return Object.keys({ ...these, ...those }).every((field) => isFieldWithin(field, these, those));
}

/** Each of a list within one of another; without any, a rule is about everything. */
function areWithin(these: unknown, those: unknown, member: string): boolean {
  countLists(these, those);
  const [inner, outer] = [records(these), records(those)].map((all) => all.map((each) => record(each[member])));
  if (inner === undefined || outer === undefined || outer.length === 0) return true;
  return inner.length > 0 && inner.every((each) => outer.some((other) => isBlockWithin(each, other)));
}

/** Conditions all count: whatever is asked besides lets fewer in. */
function areConditionsWithin(these: unknown, those: unknown): boolean {
  countLists(these, those);
  const asked = Map.groupBy(records(these), ({ key }) => key);
  return records(those).every(
    (other) => asked.get(other['key'])?.some((each) => isBlockWithin(each, { ...other, key: undefined })) === true,
  );
}

function isRuleWithin(these: Json, those: Json): boolean {
  return (
    areWithin(these['from'], those['from'], 'source') &&
    areWithin(these['to'], those['to'], 'operation') &&
    areConditionsWithin(these['when'], those['when'])
  );
}

type Rules = readonly Json[];

/** Of a rule, which is the same for as long as the policy is: what says the same is found and not compared. */
function textOf(rule: Json): string {
  const text = orderedText(rule);
  spend(text.length / 64);
  return text;
}

function areRulesWithin(these: Rules, those: Rules): boolean {
  const known = new Set(those.map(textOf));
  return these.every((rule) => known.has(textOf(rule)) || those.some((other) => isRuleWithin(rule, other)));
}

/** Compares rules; what many policies have in common is compared once. */
function comparing(): (these: Json, those: Json) => boolean {
  const ids = new Map<string, number>();
  const idOf = memoize((spec: Json): number => {
    const text = orderedText(record({ rules: spec['rules'] }));
    spend(1 + text.length / 64);
    const id = ids.get(text) ?? ids.size;
    ids.set(text, id);
    return id;
  });
  const known = new Map<string, boolean>();
  return (these, those) => {
    const [inner, outer] = [idOf(these), idOf(those)];
    spend(1);
    if (inner === outer) return true;
    const key = `${inner} ${outer}`;
    const found = known.get(key) ?? areRulesWithin(records(these['rules']), records(those['rules']));
    known.set(key, found);
    return found;
  };
}

function selectorOf(spec: Json): Labels {
  return stringMap(record(spec['selector'])['matchLabels']);
}

/** Whether one policy lets in nobody whom another one does not let in, at the same pods. */
export type IsNarrower = (wanted: Json, seen: Json) => boolean;

/** Asks that of many, some of which say the same. */
export function narrowing(): IsNarrower {
  const areWithinOthers = comparing();
  return (wanted, seen) =>
    isAllow(wanted) &&
    isAllow(seen) &&
    hasLabels(selectorOf(wanted), selectorOf(seen)) &&
    areWithinOthers(wanted, seen);
}

/** Whether any of some policies lets in all whom one would let in, at all of its pods; those that say the same count once. */
export function narrowerThanAny(policies: readonly Json[]): (wanted: Json) => boolean {
  const isNarrower = narrowing();
  const distinct = new Map(
    policies.filter(isAllow).map((spec) => {
      const text = orderedText({ selector: selectorOf(spec), rules: spec['rules'] });
      spend(1 + text.length / 64);
      return [text, spec];
    }),
  );
  const all = [...distinct.values()];
  const selecting = selectedBy(all.map(selectorOf), spend);
  return (wanted) => selecting(selectorOf(wanted)).some((place) => isNarrower(wanted, all[place] ?? {}));
}

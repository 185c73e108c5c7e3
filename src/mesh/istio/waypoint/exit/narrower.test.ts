import { describe, expect, it } from '@jest/globals';
import { bounded } from '../../../../base/effort.ts';
import { narrowing } from './narrower.ts';

type Rule = Readonly<Record<string, unknown>>;

const selector = { matchLabels: { app: 'api' } };
const allow = (...rules: readonly Rule[]): Rule => ({ selector, action: 'ALLOW', rules });
const from = (...sources: readonly Rule[]): Rule => ({ from: sources.map((source) => ({ source })) });
const to = (...operations: readonly Rule[]): Rule => ({ to: operations.map((operation) => ({ operation })) });
const web = { principals: ['web'] };
const both = { principals: ['web', 'ops'] };

describe('an ALLOW beside another one', () => {
  it.each<[string, Rule, Rule, boolean]>([
    ['the same', allow(from(web)), allow(from(web)), true],
    ['one principal less', allow(from(web)), allow(from(both)), true],
    ['one principal more', allow(from(both)), allow(from(web)), false],
    ['another principal', allow(from({ principals: ['ops'] })), allow(from(web)), false],
    ['nobody named, which is everybody', allow(from({ principals: [] })), allow(from(web)), false],
    ['no source at all', allow({ from: [] }), allow(from(web)), false],
    ['a source where there was none', allow(from(web)), allow({}), true],
    ['no operation at all', allow({ ...from(web), to: [] }), allow({ ...from(web), ...to({ ports: ['80'] }) }), false],
    ['an operation besides', allow({ ...from(web), ...to({ ports: ['80'] }) }), allow(from(web)), true],
    ['an exception more', allow(from({ ...both, notPrincipals: ['ops'] })), allow(from(both)), true],
    ['an exception less', allow(to({ notPorts: ['80'] })), allow(to({ notPorts: ['80', '90'] })), false],
    ['a condition more', allow({ when: [{ key: 'a', values: ['b'] }] }), allow({}), true],
    ['a condition less', allow({}), allow({ when: [{ key: 'a', values: ['b'] }] }), false],
    [
      'a value of a condition more',
      allow({ when: [{ key: 'a', values: ['b', 'c'] }] }),
      allow({ when: [{ key: 'a', values: ['b'] }] }),
      false,
    ],
    ['one of two rules', allow(from(web)), allow(from(both), from({ namespaces: ['a'] })), true],
    ['a rule more', allow(from(web), {}), allow(from(web)), false],
    ['no rule, which lets in nobody', allow(), allow(from(web)), true],
    ['more pods', { ...allow(from(web)), selector: {} }, allow(from(web)), false],
    [
      'fewer pods',
      { ...allow(from(web)), selector: { matchLabels: { app: 'api', tier: 'a' } } },
      allow(from(web)),
      true,
    ],
    ['a DENY', { ...allow(from(web)), action: 'DENY' }, allow(from(web)), false],
    ['where there was a DENY', allow(from(web)), { ...allow(from(web)), action: 'DENY' }, false],
  ])('with %s', (_what, wanted, seen, narrower) => {
    expect(narrowing()(wanted, seen)).toBe(narrower);
  });
});

describe('what it takes to compare two', () => {
  const steps = 20_000;
  const values = Array.from({ length: 2000 }, (_, at) => String(at));
  const alone = values.map((value) => [value]);
  /** Each within one of these, which is found late. */
  const pairs = values.map((value) => [value, `${value}x`]).toReversed();

  it.each<[string, (lists: readonly (readonly string[])[]) => Rule]>([
    ['rules', (lists) => allow(...lists.map((principals) => from({ principals })))],
    ['sources', (lists) => allow(from(...lists.map((principals) => ({ principals }))))],
    ['operations', (lists) => allow(to(...lists.map((paths) => ({ paths }))))],
  ])('is counted: many %s', (_what, policy) => {
    expect(bounded(steps, () => narrowing()(policy(alone), policy(pairs))).kind).toBe('TooLarge');
    expect(bounded(steps, () => narrowing()(policy(alone), policy([...alone]))).kind).toBe('Done');
    expect(narrowing()(policy(alone), policy(pairs))).toBe(true);
  });

  it('is counted: many conditions of one key', () => {
    const policy = (lists: readonly (readonly string[])[]): Rule =>
      allow({ when: lists.map((each) => ({ key: 'a', values: each })) });

    expect(bounded(steps, () => narrowing()(policy(alone), policy(pairs))).kind).toBe('TooLarge');
  });

  it.each<[string, (values: readonly string[]) => Rule]>([
    ['values', (principals) => allow(from({ principals }))],
    ['conditions', (keys) => allow({ when: keys.map((key) => ({ key, values: ['a'] })) })],
  ])('grows with them: many %s', (_what, policy) => {
    expect(bounded(steps, () => narrowing()(policy(values), policy(values.toReversed())))).toMatchObject({
      kind: 'Done',
      value: true,
    });
  });
});

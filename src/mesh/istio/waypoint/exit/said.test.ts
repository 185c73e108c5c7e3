import { describe, expect, it } from '@jest/globals';
import { bounded } from '../../../../base/effort.ts';
import { anyPort, saidBy } from './said.ts';

type Rule = Readonly<Record<string, unknown>>;

const at = (method: string, ...ports: readonly string[]): Rule => ({ operation: { methods: [method], ports } });
const deny = (...rules: readonly Rule[]): Rule => ({ action: 'DENY', rules });
const unless = (principal: string): Rule => ({ key: 'source.principal', notValues: [principal] });
const texts = (policy: Rule): readonly string[] => saidBy(policy).map(({ text }) => text);

describe('what a policy says', () => {
  it('is one thing for each operation, at the ports of that', () => {
    expect(saidBy(deny({ to: [at('GET', '80'), at('PUT', '80', '90')] })).map(({ ports }) => ports)).toEqual([
      ['80'],
      ['80', '90'],
    ]);
  });

  it('is said of every port where none is named, and of those that all parts name', () => {
    const asked = { key: 'destination.port', values: ['80', '70'] };

    expect(saidBy(deny({}))).toMatchObject([{ ports: [anyPort] }]);
    expect(saidBy(deny({ to: [{ operation: { ports: ['80', '90'] } }], when: [asked] }))).toMatchObject([
      { ports: ['80'] },
    ]);
  });

  it('is the same whatever its ports', () => {
    expect(texts(deny({ to: [at('GET', '80')] }))).toEqual(texts(deny({ to: [at('GET', '90')] })));
    expect(texts(deny({ when: [{ key: 'destination.port', values: ['80'] }] }))).toEqual(texts(deny({})));
  });

  it('is the same whichever waypoint a copy leaves alone', () => {
    expect(texts(deny({ when: [unless('one')] }))).toEqual(texts(deny({ when: [unless('other')] })));
  });

  it('is another thing with another action, provider, caller, operation or condition', () => {
    const all = [
      { rules: [{}] },
      deny({}),
      { action: 'CUSTOM', provider: { name: 'a' }, rules: [{}] },
      { action: 'CUSTOM', provider: { name: 'b' }, rules: [{}] },
      deny({ from: [{ source: { principals: ['a'] } }] }),
      deny({ to: [at('GET', '80')] }),
      deny({ to: [{ operation: { ports: ['80'], notPorts: ['90'] } }] }),
      deny({ when: [unless('a'), unless('b')] }),
      { rules: [{ when: [unless('a')] }] },
      { rules: [{ when: [unless('b')] }] },
      deny({ when: [{ key: 'destination.port', notValues: ['80'] }] }),
    ];

    expect(new Set(all.flatMap(texts)).size).toBe(all.length);
  });

  it('is counted by all ports that its conditions name, once for all operations, whatever is left of them', () => {
    const values = Array.from({ length: 8000 }, (_each, port) => String(1000 + port));
    const stepsOf = (count: number): number => {
      const to = Array.from({ length: count }, () => at('GET', '80'));
      const told = bounded(1_000_000, () => saidBy(deny({ to, when: [{ key: 'destination.port', values }] })));
      return told.kind === 'Done' ? told.steps : Number.POSITIVE_INFINITY;
    };

    expect(stepsOf(1)).toBeGreaterThan(1000);
    expect(stepsOf(200)).toBeLessThan(2000);
  });

  it('is nothing without rules', () => {
    expect(saidBy({ action: 'ALLOW' })).toEqual([]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { canonicalRule } from './canonical-rbac.ts';

const port = (destinationPort: number) => ({ destinationPort });
const or = (...rules: readonly object[]) => ({ orRules: { rules } });
const and = (...rules: readonly object[]) => ({ andRules: { rules } });
const any = { any: true };

function written(...permissions: readonly object[]): string {
  return canonicalRule({ permissions, principals: [any] });
}

describe('the canonical form of an RBAC policy', () => {
  it('is the same for another order, nesting or repetition', () => {
    expect(written(or(port(1), or(port(2), port(1))))).toBe(written(port(2), port(1)));
    expect(written(and(and(port(1)), or(port(2))))).toBe(written(and(port(2), port(1))));
  });

  it('is another one for another meaning', () => {
    const different = [
      written(port(1)),
      written(port(1), port(2)),
      written(and(port(1), port(2))),
      written({ notRule: port(1) }),
      written(any),
      written(or()),
      written({ notRule: and(port(1), port(2)) }),
    ];
    expect(new Set(different).size).toBe(different.length);
  });

  it('knows that not of everything is nothing', () => {
    expect(written({ notRule: any })).toBe(written(or()));
  });

  it('ignores host bits and the case of names of headers, and nothing else of them', () => {
    const from = (addressPrefix: string, prefixLen: number) => written({ destinationIp: { addressPrefix, prefixLen } });
    expect(from('10.1.2.3', 8)).toBe(from('10.0.0.0', 8));
    expect(from('10.1.2.3', 16)).not.toBe(from('10.1.2.3', 8));
    const header = (name: string, exact: string) =>
      canonicalRule({ permissions: [any], principals: [{ header: { name, stringMatch: { exact } } }] });
    expect(header('X-A', 'a')).toBe(header('x-a', 'a'));
    expect(header('x-a', 'A')).not.toBe(header('x-a', 'a'));
  });

  it('takes one question about several claims for several questions', () => {
    const text = (exact: string) => ({ stringMatch: { exact } });
    const claim = (...valueMatchers: readonly object[]) => ({
      metadata: { filter: 'jwt', path: [{ key: 'a' }], value: { orMatch: { valueMatchers } } },
    });
    const list = (oneOf: object) => ({ listMatch: { oneOf } });
    const both = { orMatch: { valueMatchers: [text('x'), text('y')] } };
    expect(written(claim(list(both), both))).toBe(
      written(claim(list(text('y')), text('y')), claim(list(text('x')), text('x'))),
    );
    expect(written(claim(list(both)))).not.toBe(written(claim(both)));
  });
});

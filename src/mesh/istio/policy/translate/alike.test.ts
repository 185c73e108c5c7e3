import { describe, expect, it } from '@jest/globals';
import { fc } from '../../../../../test/support/properties.ts';
import { alike } from './alike.ts';
import type { Manifest } from './manifest.ts';
import { stableName } from './names.ts';

function made(name: string, ...originals: readonly string[]): Manifest {
  return {
    role: 'Copy',
    object: {
      apiVersion: 'security.istio.io/v1',
      kind: 'AuthorizationPolicy',
      metadata: { name, namespace: 'shop', labels: {} },
      spec: {},
    },
    originals,
    target: 'Service shop/cart',
    changes: [],
  };
}

describe('two objects of one name', () => {
  const [a, b, c] = [
    made('x', 'AuthorizationPolicy shop/a'),
    made('x', 'AuthorizationPolicy shop/b'),
    made('y', 'AuthorizationPolicy shop/c'),
  ];

  it('are a problem of both originals that names both, in whatever order they come', () => {
    const found = alike([a, b, c]);
    expect(found.map(({ object, severity }) => [object, severity])).toEqual([
      ['AuthorizationPolicy shop/a', 'Critical'],
      ['AuthorizationPolicy shop/b', 'Critical'],
    ]);
    expect(found.map(({ message }) => message)).toEqual(
      Array.from(
        { length: 2 },
        () =>
          'AuthorizationPolicy shop/x would be made 2 times, for AuthorizationPolicy shop/a, AuthorizationPolicy shop/b',
      ),
    );
    expect(alike([c, b, a])).toEqual(found);
  });

  it('are none where namespace or kind differ', () => {
    const elsewhere: Manifest = {
      ...a,
      object: { ...a.object, metadata: { ...a.object.metadata, namespace: 'blog' } },
    };
    const another: Manifest = { ...a, object: { ...a.object, kind: 'RequestAuthentication' } };
    expect(alike([a, elsewhere, another, c])).toEqual([]);
  });

  it('is found where one original is there twice', () => {
    expect(alike([a, a])).toHaveLength(1);
  });
});

describe('a name', () => {
  const taken = new Set<string>();

  it('has 63 characters at most, ends in 128 bits of what it stands for, and is a name', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9]([-a-z0-9.]{0,200}[a-z0-9])?$/), (word) => {
        const name = stableName([word, 'cart'], ['Copy', word], taken);
        expect(name.length).toBeLessThanOrEqual(63);
        expect(name).toMatch(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?-[0-9a-f]{32}$/);
      }),
    );
  });

  it('is another for each of many that are cut at the same place', () => {
    const long = 'deny-'.padEnd(60, 'x');
    const names = new Set(
      Array.from({ length: 150_000 }, (_each, number) =>
        stableName([long, 'api'], [`${long}${number.toString(36)}`], taken),
      ),
    );
    expect(names.size).toBe(150_000);
  });
});

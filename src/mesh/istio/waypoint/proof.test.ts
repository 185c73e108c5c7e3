import { describe, expect, it } from '@jest/globals';
import { configObject, world } from '../../../../test/support/translation-world.ts';
import type { Manifest, Role } from '../policy/translate/manifest.ts';
import { translate, type Translation } from '../policy/translate/translate.ts';
import type { PeerAuthentication } from '../policy/types.ts';
import type { Change } from './change.ts';
import { changes } from './proof.ts';

const facts = world({
  policies: [
    {
      name: 'readers',
      spec: {
        selector: { matchLabels: { app: 'cart' } },
        action: 'ALLOW',
        rules: [{ from: [{ source: { serviceAccounts: ['web'] } }], to: [{ operation: { methods: ['GET'] } }] }],
      },
    },
    { name: 'no-delete', spec: { action: 'DENY', rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }] } },
  ],
});
const right = translate(facts);
const strict: PeerAuthentication = {
  kind: 'PeerAuthentication',
  namespace: 'shop',
  name: 'strict',
  annotations: {},
  targetRefs: [],
  mode: 'STRICT',
  ports: {},
};

/** What gets through that does not today. */
function openings(...what: Parameters<typeof changes>): readonly Change[] {
  return changes(...what).filter(({ kind }) => kind === 'Opens');
}

function without(role: Role): Translation {
  return { ...right, manifests: right.manifests.filter((made) => made.role !== role) };
}

function changed(role: Role, change: (spec: Manifest['object']['spec']) => Manifest['object']['spec']): Translation {
  return {
    ...right,
    manifests: right.manifests.map((made) =>
      made.role === role ? { ...made, object: { ...made.object, spec: change(made.object.spec) } } : made,
    ),
  };
}

describe('the proof', () => {
  it.each([
    ['without PeerAuthentication', []],
    ['under STRICT', [strict]],
  ])('finds nothing that opens in what is made, %s', (_title, peers) => {
    expect(right.problems).toEqual([]);
    expect(openings(facts, peers, right)).toEqual([]);
  });

  it.each<[string, Translation, RegExp]>([
    ['no copies', without('Copy'), /at BindWaypoint a caller in ambient would get through/],
    [
      'no guard',
      without('Guard'),
      /at RestartWorkloads a caller in ambient that addresses the pod would get through.*DELETE/,
    ],
    [
      'a companion that lets everybody through',
      changed('AllowWaypoint', (spec) => ({ ...spec, rules: [{}] })),
      /at AllowWaypoint .*would get through/,
    ],
    [
      'copies that only look at ports',
      changed('Copy', (spec) => ({ ...spec, rules: [{ to: [{ operation: { ports: ['80'] } }] }] })),
      / a caller in ambient would get through/,
    ],
  ])('finds what opens with %s, and names a request', (_title, translation, message) => {
    expect(openings(facts, [strict], translation).map((opening) => opening.message)).toContainEqual(
      expect.stringMatching(message),
    );
  });
});

describe('the proof of addresses that a sidecar does not see of callers in ambient', () => {
  it.each(['ALLOW', 'DENY'])(
    'finds nothing in the copy of an %s, because whoever is bound had its sidecar before',
    (action) => {
      const by = world({
        policies: [
          {
            name: 'addresses',
            spec: {
              selector: { matchLabels: { app: 'cart' } },
              action,
              rules: [
                { from: [{ source: { remoteIpBlocks: ['10.0.0.0/8'] } }], to: [{ operation: { methods: ['GET'] } }] },
              ],
            },
          },
        ],
      });
      expect(changes(by, [strict], translate(by)).filter(({ kind }) => kind !== 'Ends')).toEqual([]);
    },
  );
});

describe('the proof about what would be refused', () => {
  it('finds nothing in what is made: callers outside the mesh got nothing through before', () => {
    expect(changes(facts, [strict], right)).toEqual([]);
  });

  it('finds what the pods refuse to the waypoint, and names a request', () => {
    expect(changes(facts, [strict], without('AllowWaypoint'))).toContainEqual(
      expect.objectContaining({
        kind: 'Refuses',
        message: expect.stringMatching(
          /^at BindWaypoint a caller in ambient would be refused that gets through today, for example .*GET/,
        ) as unknown,
      }),
    );
  });

  it('tells of callers outside the mesh, which never use a waypoint', () => {
    const denied = world({
      policies: [
        { name: 'no-delete', spec: { action: 'DENY', rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }] } },
      ],
    });
    const found = changes(denied, [], translate(denied));

    expect(new Set(found.map(({ kind }) => kind))).toEqual(new Set(['Ends']));
    expect(found.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(
        /^at RestartWorkloads a caller outside the mesh would be refused that gets through today, for example plaintext/,
      ),
    );
  });
});

describe('the proof about a Service that goes behind a waypoint because of its routes', () => {
  const byIdentity = world({
    policies: [
      {
        name: 'callers',
        spec: {
          selector: { matchLabels: { app: 'cart' } },
          action: 'ALLOW',
          rules: [{ from: [{ source: { namespaces: ['shop', 'blog'] } }] }],
        },
      },
      {
        name: 'not-blog',
        spec: { action: 'DENY', rules: [{ from: [{ source: { serviceAccounts: ['blog/bad'] } }] }] },
      },
    ],
    routes: [
      configObject('VirtualService', {
        name: 'cart',
        spec: { hosts: ['cart'], http: [{ timeout: '1s', route: [{ destination: { host: 'cart' } }] }] },
      }),
    ],
  });
  const made = translate(byIdentity);
  const roles = made.manifests.map(({ role, originals }) => `${role} ${originals.join()}`);

  it('finds nothing that opens without a guard: ztunnel enforces for whoever calls directly', () => {
    expect(made.problems).toEqual([]);
    expect(roles).toEqual([
      'AllowWaypoint AuthorizationPolicy shop/callers',
      'Copy AuthorizationPolicy shop/callers',
      'Copy AuthorizationPolicy shop/not-blog',
    ]);
    expect(openings(byIdentity, [strict], made)).toEqual([]);
  });

  it.each(['callers', 'not-blog'])(
    'finds what opens without the copy of %s: the pods see the waypoint instead of the caller',
    (name) => {
      const manifests = made.manifests.filter(
        ({ role, originals }) => role !== 'Copy' || !originals.includes(`AuthorizationPolicy shop/${name}`),
      );
      expect(openings(byIdentity, [strict], { ...made, manifests }).map(({ message }) => message)).toContainEqual(
        expect.stringMatching(/^at BindWaypoint a caller in ambient would get through/),
      );
    },
  );
});

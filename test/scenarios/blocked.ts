import assert from 'node:assert/strict';
import type { KubeObject } from '../../src/api/object.ts';
import { InvalidError } from '../../src/kube/errors.ts';
import { deployment, kinds, meshMigration, namespace, object } from './manifests.ts';
import { smallShop } from './migrate.ts';
import type { Scenario } from './scenario.ts';

/** What blocks a namespace, by the finding that must name it. */
const blockers: readonly { readonly id: string; readonly make: (home: string) => KubeObject }[] = [
  {
    id: 'MM020',
    make: (home) =>
      object('AuthorizationPolicy', home, 'methods', {
        action: 'DENY',
        rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }],
      }),
  },
  {
    id: 'MM086',
    make: (home) =>
      object('AuthorizationPolicy', home, 'inside', {
        action: 'DENY',
        rules: [{ from: [{ source: { namespaces: ['team-*-x'] } }] }],
      }),
  },
  {
    id: 'MM021',
    make: (home) =>
      object('AuthorizationPolicy', home, 'custom', {
        action: 'CUSTOM',
        provider: { name: 'opa' },
        rules: [{ to: [{ operation: { ports: ['8080'] } }] }],
      }),
  },
  {
    id: 'MM024',
    make: (home) =>
      object('RequestAuthentication', home, 'jwt', {
        jwtRules: [{ issuer: 'https://issuer.example.com', jwks: '{"keys":[]}' }],
      }),
  },
  { id: 'MM025', make: (home) => object('PeerAuthentication', home, 'off', { mtls: { mode: 'DISABLE' } }) },
  {
    id: 'MM030',
    make: (home) =>
      object('VirtualService', home, 'route', {
        hosts: ['web'],
        http: [{ timeout: '5s', route: [{ destination: { host: 'web' } }] }],
      }),
  },
  {
    id: 'MM040',
    make: (home) =>
      object('EnvoyFilter', home, 'filter', {
        workloadSelector: { labels: { app: 'web' } },
        configPatches: [
          {
            applyTo: 'HTTP_FILTER',
            match: { context: 'SIDECAR_INBOUND' },
            patch: { operation: 'MERGE', value: { name: 'envoy.filters.http.router' } },
          },
        ],
      }),
  },
  { id: 'MM046', make: (home) => object('WorkloadEntry', home, 'vm', { address: '10.1.2.3', labels: { app: 'vm' } }) },
];

/** What is never migrated by guess, and what the API server refuses. */
export const blockedScenarios: readonly Scenario[] = [
  {
    name: 'blocked-namespaces',
    async run(world) {
      const homes = blockers.map(({ id }) => world.ns(id.toLowerCase()));
      for (const [index, { make }] of blockers.entries()) {
        const home = homes[index] ?? '';
        await world.create(namespace(home), deployment(home, 'web'), make(home));
        await world.podsReady(1, home);
      }
      const before = await Promise.all(homes.map(async (home) => await world.snapshot(home)));
      await world.create(meshMigration(world.name, { names: homes }));
      for (const [index, { id, make }] of blockers.entries()) {
        const home = homes[index] ?? '';
        const { status } = await world.childPhase('Blocked', home);
        const culprit = make(home);
        const finding = status?.findings?.find((candidate) => candidate.id === id);
        assert.equal(finding?.object, `${culprit.kind ?? ''} ${home}/${culprit.metadata.name}`);
        assert.equal(finding.severity, 'Critical');
      }
      const { status } = await world.phase('Blocked');
      assert.equal(status?.namespaces?.blocked, blockers.length);
      for (const [index, home] of homes.entries()) {
        const snapshot = before[index];
        assert.ok(snapshot !== undefined);
        await world.restored(snapshot, home);
      }
    },
  },
  {
    name: 'blocked-until-fixed',
    async run(world) {
      await smallShop(world);
      const policy = object('AuthorizationPolicy', world.ns(), 'methods', {
        action: 'DENY',
        rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }],
      });
      await world.create(policy, meshMigration(world.name, { names: [world.ns()] }));
      await world.childPhase('Blocked');
      await world.delete(
        {
          group: 'security.istio.io',
          version: 'v1',
          kind: 'AuthorizationPolicy',
          plural: 'authorizationpolicies',
          namespaced: true,
        },
        world.ns(),
        'methods',
      );
      await world.phase('Migrated');
      await world.modesAre({ Ambient: 3 });
    },
  },
  {
    // A rollout that creates first is never admitted. Under this quota it would stand still until its deadline, and be
    // taken back.
    name: 'blocked-by-quota',
    async run(world) {
      const home = world.ns();
      const strategy = { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } };
      await world.create(namespace(home), deployment(home, 'web', { replicas: 2, spec: { strategy } }));
      await world.podsReady(2);
      await world.create(object('ResourceQuota', home, 'few', { hard: { pods: '2' } }));
      await world.eventually('the quota has counted', async () => {
        const { status } = (await world.client.get(kinds.ResourceQuota, home, 'few', world.signal)) as {
          readonly status?: { readonly used?: Readonly<Record<string, unknown>> };
        };
        return status?.used?.['pods'] === '2' ? true : undefined;
      });
      await world.create(meshMigration(world.name, { names: [home] }));
      const { status } = await world.childPhase('Blocked');
      const finding = status?.findings?.find(({ id }) => id === 'MM117');
      assert.equal(finding?.object, `Deployment ${home}/web`, JSON.stringify(status?.findings));
      assert.match(finding.message, /admits pods 2, 2 of them used, and 1 more would be needed/);
      await world.patch('ResourceQuota', home, 'few', { spec: { hard: { pods: '5' } } });
      await world.childPhase('Migrated');
    },
  },
  {
    name: 'opted-out-pods',
    podsOutside: true,
    async run(world) {
      const home = world.ns();
      await world.create(
        namespace(home),
        deployment(home, 'web'),
        deployment(home, 'outside', { podLabels: { 'sidecar.istio.io/inject': 'false' } }),
      );
      await world.podsReady(2);
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [home] }));
      const { status } = await world.childPhase('Blocked');
      assert.ok(status?.findings?.some(({ id, message }) => id === 'MM050' && message.includes('outside-')));
      await world.restored(before);
      assert.deepEqual(await world.modes(), { Sidecar: 1, None: 1 });
    },
  },
  {
    name: 'refused-by-the-api-server',
    async run(world) {
      const good = { names: [world.ns()] };
      const refused: readonly (readonly [KubeObject, RegExp])[] = [
        [meshMigration(world.name, {}), /selects nothing/],
        [meshMigration(world.name, { selector: {} }), /selector is empty/],
        [meshMigration(world.name, { names: ['kube-system'] }), /system namespaces/],
        [meshMigration(world.name, { names: ['a'], exclude: ['a'] }), /both in names and in exclude/],
        [meshMigration(world.name, good, { to: 'IstioSidecar' }), /from and to are the same/],
        [meshMigration(world.name, good, { waypoint: { adopt: 'none' } }), /none is no name of a waypoint/],
        [meshMigration(world.name, good, { waypoint: { adopt: 'My.Waypoint' } }), /waypoint\.adopt/],
        [
          meshMigration(world.name, good, {
            from: 'IstioAmbient',
            to: 'IstioSidecar',
            waypoint: { adopt: 'waypoint' },
          }),
          /is for the way from IstioSidecar to IstioAmbient/,
        ],
        [meshMigration(world.name, good, { waypoint: { services: ['shop'] } }), /waypoint\.services/],
        [
          meshMigration(world.name, good, { to: 'None', waypoint: { services: ['shop/*'] } }),
          /waypoint\.services is for the way from IstioSidecar to IstioAmbient/,
        ],
        [meshMigration(world.name, good, { restart: { podsPerMinute: 0 } }), /podsPerMinute/],
        [meshMigration(world.name, good, { restart: { progressDeadline: 'soon' } }), /progressDeadline/],
      ];
      for (const [migration, message] of refused) {
        await assert.rejects(
          world.create(migration),
          (error: unknown) => error instanceof InvalidError && message.test(error.message),
          String(message),
        );
      }
      await world.create(namespace(world.ns()), meshMigration(world.name, good, { action: 'Plan' }));
      await assert.rejects(
        world.edit({ from: 'None' }),
        (error: unknown) => error instanceof InvalidError && error.message.includes('cannot be changed'),
      );
    },
  },
  {
    name: 'scope-mistakes',
    async run(world) {
      const other = world.ns('other');
      await smallShop(world);
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [world.ns()] }, { action: 'Plan' }));
      await world.phase('Planned');
      await world.create(meshMigration(other, { names: [world.ns()] }));
      const overlapping = await world.phase('Blocked', other);
      assert.equal(overlapping.status?.findings?.[0]?.id, 'MM002');
      await world.edit({ namespaces: { names: [`${world.name}-nowhere`] } }, other);
      const nowhere = await world.phase('Blocked', other);
      assert.deepEqual(
        nowhere.status?.findings?.map(({ id }) => id),
        ['MM004', 'MM003'],
      );
      await world.edit(
        {
          namespaces: {
            names: [],
            selector: {
              matchExpressions: [
                { key: 'kubernetes.io/metadata.name', operator: 'In', values: ['kube-system', 'istio-system'] },
              ],
            },
          },
        },
        other,
      );
      const system = await world.eventually('MM001', async () => {
        const migration = await world.migration(other);
        return migration.status?.findings?.some(({ id }) => id === 'MM001') === true ? migration : undefined;
      });
      assert.equal(system.status?.writtenPhase, 'Blocked');
      await world.restored(before);
    },
  },
  {
    name: 'already-there',
    async run(world) {
      const home = world.ns();
      await world.create(namespace(home, { 'istio.io/dataplane-mode': 'ambient' }), deployment(home, 'web'));
      await world.podsReady(1);
      await world.modesAre({ Ambient: 1 });
      const before = await world.snapshot();
      await world.create(meshMigration(world.name, { names: [home] }));
      await world.phase('Migrated');
      const { status } = await world.child();
      assert.deepEqual(
        status?.findings?.map(({ id }) => id),
        ['MM005'],
      );
      await world.restored(before);
      // Whoever brought it there asked nobody what its sidecars did for it.
      const httpOnly = { selector: { matchLabels: { app: 'web' } }, action: 'DENY' };
      const rules = [{ to: [{ operation: { methods: ['DELETE'] } }] }];
      await world.create(object('AuthorizationPolicy', home, 'no-delete', { ...httpOnly, rules }));
      await world.eventually('what nobody enforces', async () => {
        const { status: told } = await world.child();
        const [, found] = told?.findings ?? [];
        return told?.phase === 'Migrated' && found?.id === 'MM020' && found.severity === 'Warning' ? true : undefined;
      });
      assert.match((await world.child()).status?.message ?? '', /not enforced there: MM020 AuthorizationPolicy/);
      await world.delete(kinds.AuthorizationPolicy, home, 'no-delete');
      await world.restored(before);
      await world.command('RollingBack', home);
      await world.eventually('the answer', async () => {
        const child = await world.child();
        return child.status?.phase === 'Migrated' &&
          child.status.conditions?.some(({ type }) => type === 'CommandRejected') === true
          ? true
          : undefined;
      });
      await world.restored(before);
    },
  },
];

import { describe, expect, it } from '@jest/globals';
import type { StepPlan } from '../../src/mesh/adapter.ts';
import { istio } from '../../src/mesh/istio/adapter.ts';
import { httpPort } from '../scenarios/http.ts';
import { deployment, kinds, meshMigration, namespace, object } from '../scenarios/manifests.ts';
import { service } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { called, moved, plain } from './caller-and-called.ts';
import type { FaultRule } from './apiserver/fault-rules.ts';
import { refusals } from './refusal-watch.ts';
import { runOnSimulation, type SimRun } from './run-scenario.ts';

const minuteMs = 60_000;
const slow = { behaviour: { [podBehaviour.readyAfterMs]: '4000' } };

async function run(
  name: string,
  story: (world: World, a: string, b: string) => Promise<void>,
  options: SimRun = {},
): Promise<void> {
  await runOnSimulation(
    {
      name,
      run: async (world) => {
        await story(world, world.ns('a'), world.ns('b'));
      },
    },
    options,
  );
}

async function rejected(world: World, home: string, pattern: RegExp): Promise<string> {
  return await world.eventually(
    `answer ${pattern.source}`,
    async () =>
      (await world.child(home)).status?.conditions?.find(
        ({ type, message }) => type === 'CommandRejected' && pattern.test(message),
      )?.message,
  );
}

async function stalled(world: World, home: string, reason: string): Promise<string> {
  return await world.eventually(
    `${home} Stalled by ${reason}`,
    async () =>
      (await world.child(home)).status?.conditions?.find(
        (each) => each.type === 'Stalled' && each.status === 'True' && each.reason === reason,
      )?.message,
    20 * minuteMs,
  );
}

/** An operator whose way back does not look at other namespaces. */
const careless = {
  ...istio,
  itinerary: (...args: Parameters<typeof istio.itinerary>) => {
    const { forward, backward } = istio.itinerary(...args);
    return { forward, backward: backward.map(({ awaits: _awaits, ...step }: StepPlan) => step) };
  },
};

describe('namespaces that go back together', () => {
  it.each([{ slots: 5 }, { slots: 1 }])(
    'go in the order in which nobody is refused or cut off, whatever their names: %o',
    async ({ slots }) => {
      await run(
        'ordered',
        async (world, a, b) => {
          await plain(world, a);
          await called(world, b, a);
          const before = [await world.snapshot(a), await world.snapshot(b)] as const;
          await world.create(meshMigration(world.name, { names: [a, b] }));
          await world.phase('Migrated');
          expect(
            await refusals(world, world.clock, a, b, async () => {
              await world.command('RollingBack');
              await world.phase('RolledBack');
            }),
          ).toEqual([]);
          await world.restored(before[0], a);
          await world.restored(before[1], b);
        },
        { slots },
      );
    },
  );

  it('would be refused and cut off otherwise, and the watch sees it', async () => {
    await run(
      'unordered',
      async (world, a, b) => {
        await moved(world, a, b);
        expect(
          await refusals(world, world.clock, a, b, async () => {
            await world.command('RollingBack');
            await world.phase('RolledBack');
          }),
        ).toContain('refused: past the waypoint to a pod without a sidecar');
      },
      { adapter: careless },
    );
  });

  it('do not wait for themselves in a circle', async () => {
    await run('round', async (world, a, b) => {
      await moved(world, a, b);
      await world.create(
        service(a, 'web', {}, httpPort),
        object('AuthorizationPolicy', a, 'readers', {
          action: 'ALLOW',
          rules: [{ from: [{ source: { namespaces: [b] } }], to: [{ operation: { methods: ['GET'] } }] }],
        }),
      );
      await stalled(world, a, 'CriticalFinding');
      await world.command('Migrating', a);
      await world.eventually('behind a waypoint', async () =>
        (await world.child(a)).status?.itinerary === 'L7' ? true : undefined,
      );
      await world.childPhase('Migrated', a);
      await world.command('RollingBack');
      await world.phase('RolledBack');
      await world.modesAre({ Sidecar: 1 }, a);
      await world.modesAre({ Sidecar: 1 }, b);
    });
  });

  it('are not more than there are slots, are counted, and those half-way do not wait', async () => {
    await run(
      'limited',
      async (world) => {
        const homes = ['a', 'b', 'c', 'd', 'e'].map((suffix) => world.ns(suffix));
        for (const home of homes) await plain(world, home);
        await world.create(meshMigration(world.name, { names: homes }));
        await world.phase('Migrated');
        await world.command('RollingBack');
        let most = 0;
        let counted = '';
        await world.eventually(
          'all are back',
          async () => {
            const { items } = await world.client.list(kinds.Namespace, { signal: world.signal });
            const journals = items.map(({ metadata }) => metadata.annotations?.['meshmigration.dev/journal'] ?? '');
            most = Math.max(most, journals.filter((journal) => journal.includes('"direction":"Backward"')).length);
            const { status } = await world.migration();
            if (status?.conditions?.[0]?.message.startsWith('2 of 5 namespaces back') === true)
              counted = status.conditions[0].message;
            return status?.phase === 'RolledBack' ? true : undefined;
          },
          10 * minuteMs,
        );
        expect(most).toBe(2);
        expect(counted).toMatch(/^2 of 5 namespaces back, [12] under way, [12] to come$/);
      },
      { slots: 2 },
    );
  });
});

describe('a namespace that goes back alone', () => {
  it('takes those along that would refuse it, when a person has been told and commands it once more', async () => {
    await run('alone', async (world, a, b) => {
      await moved(world, a, b);
      await world.command('RollingBack', a);
      expect(await rejected(world, a, /asked for a rollback/)).toMatch(
        new RegExp(
          `${b} would refuse calls from here, or not know them, and would go back with it. To do it all the same, give the command once more within ten minutes: kubectl patch nsm alone -n ${a} `,
        ),
      );
      await world.pause(minuteMs);
      await world.modesAre({ Ambient: 1 }, a);
      expect(
        await refusals(world, world.clock, a, b, async () => {
          await world.command('RollingBack', a);
          await world.childPhase('RolledBack', a);
          const { status } = await world.childPhase('RolledBack', b);
          expect(status?.message).toMatch(new RegExp(`back as it was: rolled back by the rollback of ${a} at`));
          expect(status?.failure).toBeUndefined();
          expect(
            (await world.child(a)).status?.conditions?.find(({ type }) => type === 'CommandRejected'),
          ).toBeUndefined();
        }),
      ).toEqual([]);
      await world.command('Migrating', a);
      await world.command('Migrating', b);
      await world.phase('Migrated');
    });
  });

  it('is asked about again when the answer is old', async () => {
    await run('later-still', async (world, a, b) => {
      await moved(world, a, b);
      await world.command('RollingBack', a);
      const first = await rejected(world, a, /asked for a rollback/);
      await world.pause(11 * minuteMs);
      await world.command('RollingBack', a);
      await world.eventually('another answer', async () =>
        (await rejected(world, a, /asked for a rollback/)) === first ? undefined : true,
      );
      await world.modesAre({ Ambient: 1 }, a);
    });
  });

  it('takes them along by itself when it fails: one failure', async () => {
    await run('failing', async (world, a, b) => {
      const web = { behaviour: slow.behaviour, serviceAccount: 'web' };
      const never = { [podBehaviour.neverReady]: 'without-sidecar' };
      await world.create(
        namespace(a),
        { kind: 'ServiceAccount', metadata: { name: 'web', namespace: a } },
        deployment(a, 'web', web),
        deployment(a, 'zero', { behaviour: never }),
      );
      const readers = {
        from: [{ source: { principals: [`cluster.local/ns/${a}/sa/web`] } }],
        to: [{ operation: { methods: ['GET'] } }],
      };
      await world.create(
        namespace(b),
        service(b, 'api', {}, httpPort),
        object('AuthorizationPolicy', b, 'readers', { action: 'ALLOW', rules: [readers] }),
        deployment(b, 'api'),
      );
      await world.podsReady(2, a);
      await world.podsReady(1, b);
      const before = [await world.snapshot(a), await world.snapshot(b)] as const;
      await world.create(meshMigration(world.name, { names: [a, b] }, { restart: { progressDeadline: '60s' } }));
      await world.childPhase('Migrated', b);
      expect(
        await refusals(world, world.clock, a, b, async () => {
          await world.childPhase('RolledBack', a, 10 * minuteMs);
          await world.childPhase('RolledBack', b, 10 * minuteMs);
        }),
      ).toEqual([]);
      await world.restored(before[0], a);
      await world.restored(before[1], b);
      expect((await world.child(a)).status?.failure?.reason).toBe('WorkloadUnavailable');
      expect((await world.child(b)).status?.message).toMatch(/rolled back by the rollback of failing-a/);
      await world.eventually('it is counted', async () =>
        (await world.migration()).status?.namespaces?.rolledBack === 2 ? true : undefined,
      );
      expect((await world.migration()).status?.namespaces?.failed).toBe(1);
    });
  });

  it('waits for a person where those stay that would refuse it, with the whole migration; and goes when one insists', async () => {
    await run('others', async (world, a, b) => {
      await plain(world, a);
      await called(world, b, a);
      await world.create(meshMigration(world.name, { names: [a] }));
      await world.phase('Migrated');
      await world.create({ ...meshMigration('other', { names: [b] }) });
      await world.phase('Migrated', 'other');
      await world.command('RollingBack');
      expect(await stalled(world, a, 'WouldBeRefused')).toMatch(
        new RegExp(`calls from here to ${b} would be refused.*kubectl patch mm others --type=merge`),
      );
      await world.pause(5 * minuteMs);
      await world.modesAre({ Ambient: 1 }, a);
      await world.edit({ policies: { bypass: 'FailClosed' } });
      await world.childPhase('RolledBack', a);
      await world.modesAre({ Sidecar: 1 }, a);
      const { status } = await world.child(b, 'other');
      expect(status?.message).toBe('every pod is in its new data plane');
      await world.eventually(
        'the called says so',
        async () =>
          (await world.child(b, 'other')).status?.conditions
            ?.find(({ type, reason }) => type === 'Stalled' && reason === 'CallersRefused')
            ?.message.includes(`are refused: ${a} (web-`) === true
            ? true
            : undefined,
        15 * minuteMs,
      );
    });
  });

  it('goes on by itself when those that stay have gone back too', async () => {
    await run('later', async (world, a, b) => {
      await plain(world, a);
      await called(world, b, a);
      await world.create(meshMigration(world.name, { names: [a] }));
      await world.phase('Migrated');
      await world.create(meshMigration('other', { names: [b] }));
      await world.phase('Migrated', 'other');
      await world.command('RollingBack', a);
      expect(await rejected(world, a, /asked for a rollback/)).toMatch(
        new RegExp(`calls to ${b} would be refused for as long as these stay as they are`),
      );
      await world.command('RollingBack');
      await stalled(world, a, 'WouldBeRefused');
      expect(
        await refusals(world, world.clock, a, b, async () => {
          await world.edit({ action: 'Rollback' }, 'other');
          await world.phase('RolledBack', 'other');
          await world.phase('RolledBack');
        }),
      ).not.toContain('refused: past the waypoint to a pod without a sidecar');
    });
  });

  it('takes nobody along whom it does not call', async () => {
    await run('unrelated', async (world, a, b) => {
      await moved(world, a, b);
      await world.command('RollingBack', b);
      await world.childPhase('RolledBack', b);
      await world.pause(minuteMs);
      await world.modesAre({ Ambient: 1 }, a);
    });
  });
});

describe('a namespace that cannot go back', () => {
  it('holds no other up: its journal cannot be written', async () => {
    const refused: FaultRule = {
      match: { method: 'PATCH', path: /\/namespaces\/webhook-a\?/, body: /Backward/ },
      times: 1000,
      fault: { kind: 'Refuse', status: 403 },
    };
    await run(
      'webhook',
      async (world, a, b) => {
        for (const home of [a, b]) await plain(world, home);
        await world.create(meshMigration(world.name, { names: [a, b] }));
        await world.phase('Migrated');
        await world.command('RollingBack');
        await world.childPhase('RolledBack', b, 5 * minuteMs);
        const { status } = await world.child(a);
        expect(status?.phase).toBe('Migrated');
        expect(await stalled(world, a, 'WriteRefused')).toMatch(/the journal of the namespace cannot be written/);
        await world.eventually('the migration names it', async () =>
          (await world.migration()).status?.conditions
            ?.find(({ type, status: holds }) => type === 'Stalled' && holds === 'True')
            ?.message.startsWith(`${a}: `) === true
            ? true
            : undefined,
        );
      },
      { slots: 1, faults: [refused] },
    );
  });
});

describe('a namespace that waits for a person', () => {
  it('gives its slot back, so that it holds nobody else up', async () => {
    await run(
      'slots',
      async (world, a, b) => {
        const c = world.ns('c');
        for (const home of [a, b, c]) await plain(world, home);
        await world.create(meshMigration(world.name, { names: [a, b, c] }));
        await world.eventually('under way', async () =>
          (await world.child(a)).status?.step === 'RestartWorkloads' ? true : undefined,
        );
        await world.command('Paused', a);
        await world.childPhase('Migrated', b);
        await world.childPhase('Migrated', c);
        await world.command('Migrating', a);
        await world.phase('Migrated');
      },
      { slots: 1 },
    );
  });

  it('and is deleted holds nobody up either', async () => {
    await run(
      'deleted',
      async (world, a, b) => {
        const c = world.ns('c');
        for (const home of [a, b, c]) await plain(world, home);
        await world.create(meshMigration(world.name, { names: [a, b, c] }));
        for (const home of [a, b]) {
          await world.eventually('under way', async () =>
            (await world.child(home)).status?.step === 'RestartWorkloads' ? true : undefined,
          );
          await world.patch('Namespace', undefined, home, { metadata: { labels: { 'istio.io/rev': 'other' } } });
          await stalled(world, home, 'ForeignChange');
        }
        await world.pause(minuteMs);
        expect((await world.child(c)).status?.phase).toBe('Pending');
        for (const home of [a, b]) await world.delete(kinds.Namespace, undefined, home);
        await world.childPhase('Migrated', c, 5 * minuteMs);
      },
      { slots: 1 },
    );
  });
});

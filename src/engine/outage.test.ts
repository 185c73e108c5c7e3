import { describe, expect, it } from '@jest/globals';
import { pod, workload } from '../../test/support/mesh-fixtures.ts';
import { NamespaceWorld } from '../../test/support/namespace-world.ts';
import type { NamespaceMigrationStatus } from '../api/namespace-migration.ts';
import type { WorkloadView } from '../mesh/views.ts';
import { Stopwatch } from '../operator/stopwatch.ts';
import { hold } from './draft.ts';
import { isOwnersInHand } from './owners-hand.ts';
import type { Situation } from './situation.ts';
import { restartValue } from './turn.ts';
import { withUnavailable } from './unavailable.ts';
import { migratedVerdict } from './verdicts.ts';
import { noting } from './waits.ts';
import { falters } from './watch.ts';

const lookMs = 15_000;
const status: NamespaceMigrationStatus = { direction: 'Forward', attempt: 1, steps: [], workloads: [] };

/** Looks at `web`, one of whose two pods is dead, each fifteen seconds, until something is said of it. */
function saidAfterMs(
  views: (look: number) => Partial<WorkloadView>,
  ask: (situation: Situation, web: WorkloadView, look: number) => boolean,
): number | undefined {
  const given = new NamespaceWorld().situation();
  let now = given.now;
  const stopwatch = new Stopwatch({ monotonic: () => now });
  for (let look = 0; look < 200; look += 1) {
    const value = restartValue(given, 1, 'RestartWorkloads');
    const web = workload({
      name: 'web',
      replicas: 2,
      available: 1,
      templateAnnotations: { 'meshmigration.dev/restart': value },
      ...views(look),
    });
    const owner = { kind: 'Deployment', name: 'web' };
    const pods = [pod({ uid: 'one', owner }), pod({ uid: 'two', owner, ready: false, node: 'n' })];
    const surroundings = { ...given.surroundings, workloads: [web], pods };
    const spec = { ...given.spec, restart: { ...given.spec.restart, watch: '2m' } };
    const noted = noting({ ...given, spec, now, surroundings, waited: stopwatch.read('shop') });
    const isSaid = ask(noted.situation, web, look);
    stopwatch.looked('shop', [...noted.waits], noted.kept().kept);
    if (isSaid) return now - given.now;
    now += lookMs;
  }
  return undefined;
}

function atRest(situation: Situation, _web: WorkloadView, look = 0, isBusy = false): boolean {
  const busy = { state: 'Stalled', reason: 'CallersRefused', message: 'x' } as const;
  const draft = hold(status, 'Migrated', isBusy && look % 4 === 3 ? busy : migratedVerdict({}));
  const { verdict } = withUnavailable(situation, draft);
  return verdict.state === 'Stalled' && verdict.reason === 'WorkloadUnavailable';
}

function onTheWay(situation: Situation, web: WorkloadView): boolean {
  const { pods } = situation.surroundings;
  const step = { name: 'RestartWorkloads', why: '', work: { kind: 'Restart', stale: () => false } } as const;
  const turn = { situation, status, step, workload: web, all: pods, pods, stale: [], terminating: [] };
  return falters(turn, isOwnersInHand(web), undefined)?.kind === 'Failed';
}

describe('an outage', () => {
  it.each([
    ['at rest', atRest],
    ['on the way', onTheWay],
  ])('is told %s when it has lasted, whatever changes the number of replicas meanwhile', (_when, ask) => {
    const whole = saidAfterMs(() => ({}), ask);
    const scaled = saidAfterMs((look) => (look % 4 === 3 ? { generation: 2, observedGeneration: 1 } : {}), ask);

    expect(whole).toBeDefined();
    expect(scaled).toBeDefined();
  });

  it('is told at rest whatever else is to be said for a moment', () => {
    expect(
      saidAfterMs(
        () => ({}),
        (situation, web, look) => atRest(situation, web, look, true),
      ),
    ).toBeDefined();
  });
});

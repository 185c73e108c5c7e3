import { describe, expect, it } from '@jest/globals';
import type { MeshAdapter, StepPlan } from '../../src/mesh/adapter.ts';
import { istio } from '../../src/mesh/istio/adapter.ts';
import { deployment, meshMigration, namespace, object } from '../scenarios/manifests.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { service } from '../scenarios/waypoint-world.ts';
import { OpeningWatch, type Changed } from './opening-watch.ts';
import { runOnSimulation } from './run-scenario.ts';
import { adapterWith, inTurn, moved, without, type Names } from './wrong-itineraries.ts';

/*
 * Itineraries in a wrong order, taken by the whole operator on the simulated cluster. A watch that knows no itinerary has to notice: what it
 * does not notice nobody would.
 */

const home = 'order';
const http = { ports: [{ name: 'http', port: 80, targetPort: 8080 }] };
const from = (account: string): object => ({ source: { principals: [`cluster.local/ns/${home}/sa/${account}`] } });
const post = [{ operation: { methods: ['POST'] } }];

/** `api` denies, `web` allows; both by who calls and by the method. */
const policies = [
  object('AuthorizationPolicy', home, 'no-batch', {
    selector: { matchLabels: { app: 'api' } },
    action: 'DENY',
    rules: [{ from: [from('batch')], to: post }],
  }),
  object('AuthorizationPolicy', home, 'writers', {
    selector: { matchLabels: { app: 'web' } },
    action: 'ALLOW',
    rules: [{ from: [from('front')], to: post }],
  }),
];

/**
 * Without what these steps wait for, after their work and before, and without the pause of later ones, which would hide
 * it.
 */
function unwaited(...names: Names): (steps: readonly StepPlan[]) => readonly StepPlan[] {
  return (steps) =>
    steps.map(({ gate, settled: _settled, ...step }): StepPlan => {
      if (!names.includes(step.name)) return gate === undefined ? step : { ...step, gate };
      const { work } = step;
      return work.kind === 'UnbindServices' ? { ...step, work: { kind: work.kind, keys: work.keys } } : step;
    });
}

/** Deletes what was made without looking once more: else no order would be wrong enough. */
function careless(steps: readonly StepPlan[]): readonly StepPlan[] {
  return steps.map(({ relies: _relies, ...step }): StepPlan => {
    const { work } = step;
    return work.kind === 'Remove' ? { ...step, work: { kind: work.kind, steps: work.steps } } : step;
  });
}

/** There and back; how it ends does not matter, as some of the mutations get stuck. */
async function changesUnder(adapter: MeshAdapter, seed = 1): Promise<readonly Changed[]> {
  let watch: OpeningWatch | undefined;
  const patience = 3 * 60_000;
  const scenario: Scenario = {
    name: home,
    podsOutside: true,
    async run(world) {
      const accounts = ['web', 'api'].map((name) => ({ kind: 'ServiceAccount', metadata: { name, namespace: home } }));
      await world.create(
        namespace(home),
        ...accounts,
        service(home, 'web', {}, http),
        service(home, 'api', {}, http),
        ...policies,
        deployment(home, 'api', { serviceAccount: 'api' }),
        deployment(home, 'web', { serviceAccount: 'web' }),
      );
      await world.podsReady(2);
      await watch?.start();
      await world.create(
        meshMigration(home, { names: [home] }, { policies: { bypass: 'FailClosed' }, rollback: { automatic: false } }),
      );
      await world.childPhase('Migrated', home, patience).catch(() => undefined);
      await world.command('RollingBack', home);
      await world.childPhase('RolledBack', home, patience).catch(() => undefined);
    },
  };
  await runOnSimulation(scenario, {
    seed,
    adapter,
    arrange(cluster) {
      watch = new OpeningWatch(cluster, home, ['web', 'api']);
    },
  });
  return watch?.stop() ?? [];
}

interface Case {
  readonly name: string;
  readonly mutation: Parameters<typeof adapterWith>[0];
  readonly caught: Partial<Changed>;
  /** Where it depends on who is faster, several seeds are tried. Default: one. */
  readonly seeds?: number;
}

const cases: readonly Case[] = [
  {
    name: 'Services are bound before there are copies',
    mutation: { forward: moved(['BindWaypoint'], 'CopyPolicies') },
    caught: { kind: 'Opens', service: 'api', path: 'Ambient to Service' },
  },
  {
    name: 'Services are bound before istiod has read what lets the waypoint in',
    mutation: { forward: unwaited('CopyPolicies', 'AllowWaypoint', 'GuardBypass') },
    caught: { kind: 'Closes', service: 'web', path: 'Ambient to Service' },
    seeds: 6,
  },
  {
    name: 'the waypoint is let in and bound before there are copies',
    mutation: { forward: moved(['AllowWaypoint', 'BindWaypoint'], 'CopyPolicies') },
    caught: { kind: 'Opens', service: 'web', path: 'Ambient to Service' },
  },
  {
    name: 'Services are bound before the waypoint is let in',
    mutation: { forward: moved(['BindWaypoint'], 'AllowWaypoint') },
    caught: { kind: 'Closes', service: 'web', path: 'Ambient to Service' },
  },
  {
    name: 'no copies are made',
    mutation: { forward: without('CopyPolicies') },
    caught: { kind: 'Opens', service: 'api', path: 'Ambient to Service' },
  },
  {
    name: 'pods lose their sidecars before there is a guard',
    mutation: { forward: moved(['Flip', 'RestartWorkloads'], 'GuardBypass') },
    caught: { kind: 'Opens', service: 'api', path: 'Ambient to Pod' },
  },
  {
    name: 'no guard is made',
    mutation: { forward: without('GuardBypass') },
    caught: { kind: 'Opens', service: 'api', path: 'Ambient to Pod' },
  },
  {
    name: 'pods lose their sidecars before anything stands in for them',
    mutation: { forward: moved(['Flip', 'RestartWorkloads'], 'EnsureWaypoint') },
    caught: { kind: 'Closes', service: 'web', path: 'Ambient to Service' },
  },
  {
    name: 'pods lose their sidecars before the Services are bound',
    mutation: { forward: moved(['GuardBypass', 'Flip', 'RestartWorkloads'], 'BindWaypoint') },
    caught: { kind: 'Closes', service: 'api', path: 'Ambient to Service' },
  },
  {
    name: 'on the way back copies are removed before the Services are unbound',
    mutation: { backward: inTurn(careless, moved(['RemovePolicies'], 'UnbindWaypoint')) },
    caught: { kind: 'Opens', service: 'api', path: 'Ambient to Service' },
  },
  {
    name: 'on the way back copies are removed before istiod has unbound the Services',
    mutation: { backward: inTurn(careless, unwaited('UnbindWaypoint')) },
    caught: { kind: 'Opens', service: 'api', path: 'Ambient to Service' },
  },
  {
    name: 'on the way back Services are unbound before the pods have sidecars',
    mutation: { backward: inTurn(unwaited('UnbindWaypoint'), moved(['UnbindWaypoint'], 'RestoreLabels')) },
    caught: { kind: 'Closes', service: 'api', path: 'Ambient to Service' },
  },
  {
    name: 'on the way back everything is removed before the pods have sidecars',
    mutation: {
      backward: inTurn(
        careless,
        unwaited('UnbindWaypoint'),
        moved(['UnbindWaypoint', 'RemovePolicies'], 'RestoreLabels'),
      ),
    },
    caught: { kind: 'Opens', service: 'api', path: 'Ambient to Pod' },
  },
];

describe('itineraries in a wrong order', () => {
  it('have a right one beside them, of which the watch sees nothing', async () => {
    expect(await changesUnder(istio)).toEqual([]);
  });

  it('need not be caught where nobody can notice: before the Services are bound the waypoint sends nothing, so it may be let in before there are copies', async () => {
    expect(await changesUnder(adapterWith({ forward: moved(['AllowWaypoint'], 'CopyPolicies') }))).toEqual([]);
  });

  it.each(cases)(
    'are caught: $name',
    async ({ mutation, caught, seeds = 1 }) => {
      const found: Changed[] = [];
      for (let seed = 1; seed <= seeds; seed += 1) found.push(...(await changesUnder(adapterWith(mutation), seed)));

      expect(found).toContainEqual(expect.objectContaining(caught));
    },
    300_000,
  );
});

import { expect, it } from '@jest/globals';
import { jobs, pods } from './kinds.ts';
import { podBehaviour } from '../../support/test-cluster.ts';
import { conditionOf } from './pods.ts';
import { simulate, template, testNamespace, type Simulation } from './simulation.ts';
import { listOf } from './typed-api.ts';

function create(simulation: Simulation, annotations: Readonly<Record<string, string>>): void {
  const { metadata, spec } = template({ app: 'import' }, annotations);
  simulation.create(jobs, {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'import', namespace: testNamespace },
    spec: { completions: 2, parallelism: 1, template: { metadata, spec: { ...spec, restartPolicy: 'Never' } } },
  });
}

it('a Job runs its pods one after the other and completes', async () => {
  const simulation = simulate();
  create(simulation, { [podBehaviour.completesAfterMs]: '1000' });
  await simulation.until(() => simulation.read(jobs, 'import').status?.succeeded === 1);
  expect(simulation.read(jobs, 'import').status?.completionTime).toBeUndefined();
  await simulation.until(
    () => conditionOf(simulation.read(jobs, 'import').status?.conditions, 'Complete')?.status === 'True',
  );
  expect(listOf(simulation.api, pods, testNamespace).map(({ status }) => status?.phase)).toEqual([
    'Succeeded',
    'Succeeded',
  ]);
});

it('a Job whose pod does not end runs on', async () => {
  const simulation = simulate();
  create(simulation, {});
  await simulation.clock.advance(3_600_000);
  expect(simulation.read(jobs, 'import').status).toMatchObject({ active: 1, ready: 1, succeeded: 0 });
});

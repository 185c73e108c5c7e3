import { expect, it } from '@jest/globals';
import type { NamespaceMigrationStatus } from '../../src/api/namespace-migration.ts';
import { deployment, meshMigration, namespace, object } from '../scenarios/manifests.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { service } from '../scenarios/waypoint-world.ts';
import { runOnSimulation } from './run-scenario.ts';

const root = 'istio-system';
const meshConfig =
  'rootNamespace: istio-system\nextensionProviders: [{name: Login, envoyExtAuthzHttp: {service: login.auth.svc.cluster.local, port: 80}}]\n';

/**
 * What is planned for a namespace with a dry run of CUSTOM and a CUSTOM policy of a provider with a capital letter,
 * under an istiod of this version.
 */
async function planUnder(image: string): Promise<NamespaceMigrationStatus> {
  let status: NamespaceMigrationStatus | undefined;
  const scenario: Scenario = {
    name: 'istio-version',
    async run(world) {
      const home = world.ns();
      await world.patch('Deployment', root, 'istiod', {
        spec: { template: { spec: { containers: [{ name: 'discovery', image }] } } },
      });
      await world.patch('ConfigMap', root, 'istio', { data: { mesh: meshConfig } });
      const custom = {
        action: 'CUSTOM',
        provider: { name: 'Login' },
        rules: [{ to: [{ operation: { paths: ['/admin'] } }] }],
      };
      await world.create(
        namespace(home),
        service(home, 'web', {}, { ports: [{ name: 'http', port: 80, targetPort: 8080 }] }),
        deployment(home, 'web'),
        object('AuthorizationPolicy', home, 'login', custom),
      );
      await world.podsReady(1);
      await world.create(
        meshMigration(world.name, { names: [home] }, { action: 'Plan', policies: { bypass: 'FailClosed' } }),
      );
      const child = await world.eventually('a plan', async () =>
        (await world.child()).status?.plan === undefined ? undefined : await world.child(),
      );
      status = child.status;
    },
  };
  await runOnSimulation(scenario);
  if (status === undefined) throw new Error('there is no plan');
  return status;
}

it.each([
  ['docker.io/istio/pilot:1.31.0', true],
  ['docker.io/istio/pilot:1.29.4', false],
  ['docker.io/istio/pilot:unknown', true],
])('a plan is for the version of istiod: with %s the name of the provider is refused: %s', async (image, refused) => {
  const { findings = [], itinerary } = await planUnder(image);

  expect(itinerary).toBe('L7');
  expect(findings.some(({ id }) => id === 'MM096')).toBe(refused);
});

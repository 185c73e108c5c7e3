import assert from 'node:assert/strict';
import type { KubeObject } from '../../src/api/object.ts';
import { stepLabel } from '../../src/api/resources.ts';
import { allowGet, denyDelete, shop } from './http.ts';
import { kinds, meshMigration, object } from './manifests.ts';
import type { Scenario } from './scenario.ts';

const metrics = 9090;

/** Scraping goes to the pods themselves. */
function allowScraping(home: string): KubeObject {
  return object('AuthorizationPolicy', home, 'scraping', { selector: { matchLabels: { app: 'api' } }, action: 'ALLOW', rules: [{ from: [{ source: { namespaces: ['monitoring'] } }], to: [{ operation: { ports: [String(metrics)] } }] }] });
}

/** A port stays open to direct callers where ztunnel decides about it as the sidecars did, and only there. */
export const staysDirect: Scenario = {
  name: 'http-direct',
  async run(world) {
    const home = world.ns();
    await shop(world, allowGet(home), allowScraping(home), denyDelete(home));
    const callers = [{ namespace: home, from: [{ namespace: home, serviceAccount: 'web' }] }];
    await world.create(meshMigration(world.name, { names: [home] }, { callers, policies: { direct: [{ namespace: home, ports: [metrics], principals: [] }] } }));
    const { status } = await world.childPhase('Blocked');
    const finding = status?.findings?.find(({ id }) => id === 'MM086');
    assert.match(finding?.message ?? JSON.stringify(status), /DELETE.*port 9090/);

    await world.delete(kinds.AuthorizationPolicy, home, 'no-delete');
    await world.childPhase('Migrated');
    const { items } = await world.client.list(kinds.AuthorizationPolicy, { namespace: home, signal: world.signal });
    const guard = items.find(({ metadata }) => metadata.labels?.[stepLabel] === 'GuardBypass');
    assert.ok(JSON.stringify(guard?.['spec']).includes(`"to":[{"operation":{"notPorts":["${metrics}"]}}]`), JSON.stringify(guard?.['spec']));
  },
};

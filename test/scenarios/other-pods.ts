import assert from 'node:assert/strict';
import type { KubeObject } from '../../src/api/object.ts';
import { allowGet, denyDelete, httpPort, shop } from './http.ts';
import { atStep } from './late-findings.ts';
import { deployment, kinds, meshMigration, namespace, object, strict } from './manifests.ts';
import type { Scenario } from './scenario.ts';
import { service } from './waypoint-world.ts';
import type { World } from './world.ts';

/** A pod of no Deployment, StatefulSet or DaemonSet. */
function pod(
  home: string,
  name: string,
  labels: Readonly<Record<string, string>>,
  ports: readonly object[] = [{ containerPort: 8080 }],
): KubeObject {
  return {
    kind: 'Pod',
    metadata: { name, namespace: home, labels },
    spec: {
      containers: [{ name: 'app', image: 'registry.k8s.io/pause:3.10', ports }],
      terminationGracePeriodSeconds: 1,
    },
  };
}

/** A DENY of requests that only HTTP tells apart. */
export function denies(
  home: string,
  name: string,
  labels: Readonly<Record<string, string>>,
  operation: object,
): KubeObject {
  return object('AuthorizationPolicy', home, name, {
    selector: { matchLabels: labels },
    action: 'DENY',
    rules: [{ to: [{ operation }] }],
  });
}

/** Lets the shop be migrated, whose callers are known. */
export async function migrateShop(world: World, spec: Parameters<typeof meshMigration>[2] = {}): Promise<void> {
  const home = world.ns();
  await world.create(
    meshMigration(
      world.name,
      { names: [home] },
      { callers: [{ namespace: home, from: [{ namespace: home, serviceAccount: 'web' }] }], ...spec },
    ),
  );
}

/** The namespace stays as it is, by a finding about an object. */
export async function blockedBy(world: World, id: string, about: string, message: RegExp): Promise<void> {
  const { status } = await world.childPhase('Blocked');
  const found = status?.findings?.find(
    (finding) => finding.id === id && finding.object === about && finding.severity === 'Critical',
  );
  assert.match(found?.message ?? JSON.stringify(status?.findings), message);
}

/** A policy that needs HTTP selects a pod behind no Service: ztunnel would let through what its sidecar refuses. */
const behindNoService: Scenario = {
  name: 'http-other-pods-unserved',
  async run(world) {
    const home = world.ns();
    await shop(
      world,
      allowGet(home),
      denyDelete(home),
      denies(home, 'roll-no-delete', { app: 'roll' }, { methods: ['DELETE'] }),
    );
    await world.create(pod(home, 'roll-1', { app: 'roll' }));
    await world.podsReady(4);
    await migrateShop(world);
    await blockedBy(
      world,
      'MM080',
      `AuthorizationPolicy ${home}/roll-no-delete`,
      /Pod roll-1, which is behind no Service/,
    );
  },
};

/** A policy selects only those of the pods behind a Service that no workload owns. */
const some: Scenario = {
  name: 'http-other-pods-selected',
  async run(world) {
    const home = world.ns();
    await shop(
      world,
      allowGet(home),
      denyDelete(home),
      denies(home, 'v2-no-get', { version: 'v2' }, { methods: ['GET'] }),
    );
    await world.create(pod(home, 'v2-1', { app: 'api', version: 'v2' }));
    await world.podsReady(4);
    await migrateShop(world);
    await blockedBy(world, 'MM080', `AuthorizationPolicy ${home}/v2-no-get`, /some of the pods behind Service/);
  },
};

/** Nobody but a person, or a webhook, gives these pods their label. */
const labelled: Scenario = {
  name: 'http-labelled-pods',
  async run(world) {
    const home = world.ns();
    await shop(
      world,
      allowGet(home),
      denyDelete(home),
      denies(home, 'v2-no-get', { version: 'v2' }, { methods: ['GET'] }),
    );
    const [first] = (await world.pods(home)).filter(({ metadata }) => metadata.labels?.['app'] === 'api');
    await world.patch('Pod', home, first?.metadata.name ?? '', { metadata: { labels: { version: 'v2' } } });
    await migrateShop(world);
    await blockedBy(world, 'MM080', `AuthorizationPolicy ${home}/v2-no-get`, /some of the pods behind Service/);
  },
};

/** The proof is of these pods too: with a port left to direct callers ztunnel alone decides, which knows no methods. */
const proven: Scenario = {
  name: 'http-other-pods-proven',
  async run(world) {
    const home = world.ns();
    await world.create(
      namespace(home),
      strict(home),
      service(home, 'api', {}, httpPort),
      denyDelete(home),
      deployment(home, 'web'),
      pod(home, 'api-1', { app: 'api' }),
    );
    await world.podsReady(2);
    await migrateShop(world, {
      callers: [{ namespace: home, from: [{ namespace: home }] }],
      policies: { direct: [{ namespace: home, ports: [8080], principals: [] }] },
    });
    await blockedBy(world, 'MM086', `Service ${home}/api`, /DELETE.*port 8080/);
  },
};

/** The name of a port is another number in these pods. */
const ports: Scenario = {
  name: 'http-other-pods-ports',
  async run(world) {
    const home = world.ns();
    const api = deployment(home, 'api') as KubeObject & {
      readonly spec: { readonly template: { readonly spec: { containers: readonly { ports?: readonly object[] }[] } } };
    };
    for (const container of api.spec.template.spec.containers) container.ports = [{ name: 'web', containerPort: 8080 }];
    await world.create(
      namespace(home),
      strict(home),
      service(home, 'api', {}, { ports: [{ name: 'http', port: 80, targetPort: 'web' }] }),
      api,
      deployment(home, 'web'),
      denyDelete(home),
      denies(
        home,
        'no-post-9090',
        { app: 'api', 'security.istio.io/tlsMode': 'istio' },
        { methods: ['POST'], ports: ['9090'] },
      ),
      pod(home, 'api-canary', { app: 'api' }, [{ name: 'web', containerPort: 9090 }]),
    );
    await world.podsReady(3);
    await migrateShop(world, {
      callers: [{ namespace: home, from: [{ namespace: home }] }],
      policies: { bypass: 'FailClosed' },
    });
    await blockedBy(world, 'MM080', `AuthorizationPolicy ${home}/no-post-9090`, /no single port of its pods/);
  },
};

/** One that appears half-way is not let in without what its sidecar would refuse. */
const late: Scenario = {
  name: 'http-other-pods-late',
  async run(world) {
    const home = world.ns();
    await shop(
      world,
      allowGet(home),
      denyDelete(home),
      denies(home, 'roll-no-delete', { app: 'roll' }, { methods: ['DELETE'] }),
    );
    await migrateShop(world);
    await atStep(world, 'RestartWorkloads');
    await world.create(pod(home, 'roll-1', { app: 'roll' }));
    await world.childPhase('RollingBack');
    await world.delete(kinds.Pod, home, 'roll-1');
    const { status } = await world.childPhase('RolledBack');
    assert.match(status?.failure?.message ?? '', /^MM080.*Pod roll-1/);
  },
};

/** What is not in force, because its label names a revision that is not there, comes into force by no copy. */
const revision: Scenario = {
  name: 'http-policy-of-a-revision',
  async run(world) {
    const home = world.ns();
    const canary = {
      ...allowGet(home),
      metadata: { name: 'for-canary', namespace: home, labels: { 'istio.io/rev': 'canary' } },
    };
    await shop(world, allowGet(home), canary);
    await migrateShop(world);
    await blockedBy(world, 'MM080', `AuthorizationPolicy ${home}/for-canary`, /istio.io\/rev=canary/);
    await world.patch('AuthorizationPolicy', home, 'for-canary', { metadata: { labels: { 'istio.io/rev': null } } });
    await world.childPhase('Migrated');
  },
};

/**
 * Pods that belong to no workload which the operator knows, or that are not as their template has them; and objects
 * that are there and not in force.
 */
export const otherPodScenarios: readonly Scenario[] = [behindNoService, some, labelled, proven, ports, late, revision];

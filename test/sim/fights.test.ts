import { describe, expect, it } from '@jest/globals';
import { stalledBy } from '../../src/api/common.ts';
import type { KubeObject, Resource } from '../../src/api/object.ts';
import { originalLabelsAnnotation, restartAnnotation } from '../../src/api/resources.ts';
import { allowGet, shop } from '../scenarios/http.ts';
import { deployment, kinds, meshMigration, namespace } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { runOnSimulation } from './run-scenario.ts';
import type { SimCluster } from './sim-cluster.ts';

const minuteMs = 60_000;
const fightMs = 5 * minuteMs;
/** How often at most what is fought for is written in that time. */
const mostWrites = 20;
/** Everything else that the operator writes meanwhile, statuses and all. */
const mostOfAll = 120;

const home = 'fights';

/** Begins a fight; the answer ends it. */
type Begin = (world: World, cluster: SimCluster) => () => void;

/** Whatever the operator sends to such a path arrives otherwise. */
function webhook(method: 'PATCH' | 'POST', path: RegExp, change: (body: unknown) => unknown): Begin {
  return (_world, { server }) => {
    let isThere = true;
    const handle = server.handle.bind(server);
    server.handle = (request, user) => {
      const isChanged =
        isThere &&
        user === 'operator' &&
        request.method === method &&
        path.test(request.path) &&
        request.body !== undefined;
      return handle(
        isChanged ? { ...request, body: JSON.stringify(change(JSON.parse(request.body ?? ''))) } : request,
        user,
      );
    };
    return () => {
      isThere = false;
    };
  };
}

/** A JSON patch that changes nothing: a webhook has put everything back as it was. */
function nothing(body: unknown): unknown {
  return (body as readonly { readonly op: string; readonly path: string }[]).filter(
    ({ op, path }) => op === 'test' && path === '/metadata/uid',
  );
}

/** A controller that is faster than the operator can look. */
function controller(
  resource: Resource,
  isWrong: (object: KubeObject) => boolean,
  undo: (world: World, object: KubeObject) => Promise<void>,
): Begin {
  return (world, { server, clock }) => {
    const stop = server.watch(resource, ({ type, object }) => {
      if (type === 'DELETED' || (object.metadata.namespace ?? object.metadata.name) !== home || !isWrong(object))
        return;
      clock.timer(1, () => {
        undo(world, object).catch(() => undefined);
      });
    });
    return stop;
  };
}

const deletesGateways = controller(
  kinds.Gateway,
  () => true,
  (world, { metadata }) => world.delete(kinds.Gateway, home, metadata.name),
);

const takesRestarts = controller(
  kinds.Deployment,
  (object) => JSON.stringify(object['spec']).includes(restartAnnotation),
  (world, { metadata }) =>
    world.patch('Deployment', home, metadata.name, {
      spec: { template: { metadata: { annotations: { [restartAnnotation]: null } } } },
    }),
);

const takesRecords = controller(
  kinds.Service,
  ({ metadata }) => metadata.annotations?.[originalLabelsAnnotation] !== undefined,
  (world, { metadata }) =>
    world.patch('Service', home, metadata.name, { metadata: { annotations: { [originalLabelsAnnotation]: null } } }),
);

const labelsBack = controller(
  kinds.Namespace,
  ({ metadata }) => metadata.labels?.['istio.io/dataplane-mode'] !== undefined,
  (world) =>
    world.patch('Namespace', undefined, home, {
      metadata: { labels: { 'istio.io/dataplane-mode': null, 'istio-injection': 'enabled' } },
    }),
);

const addsRule = webhook('POST', /\/authorizationpolicies(\?|$)/, (body) => {
  const { spec, ...object } = body as { readonly spec: { readonly rules?: readonly unknown[] } };
  return {
    ...object,
    spec: { ...spec, rules: [...(spec.rules ?? []), { from: [{ source: { namespaces: ['auditors'] } }] }] },
  };
});

/** A shop of which there is one more policy now, so that a copy has to be changed. */
async function policyChanges(world: World): Promise<void> {
  await world.patch('AuthorizationPolicy', home, 'readers', {
    spec: { rules: [{ to: [{ operation: { methods: ['HEAD'] } }] }] },
  });
}

interface Fought {
  readonly what: string;
  readonly begin: Begin;
  /** Where it begins: before anything is started, or when the namespace is migrated, with this in addition. */
  readonly then?: (world: World) => Promise<void>;
  /** The paths of what is fought for. */
  readonly path: RegExp;
  readonly reason?: string;
  readonly says: RegExp;
  /** What a person does besides, when it is over. */
  readonly after?: (world: World) => Promise<void>;
  readonly ends: string;
}

const goOn = (world: World): Promise<void> => world.command('Migrating', home);
const goBack = (world: World): Promise<void> => world.command('RollingBack', home);

const fights: readonly Fought[] = [
  {
    what: 'the labels of the namespace',
    begin: labelsBack,
    path: /\/namespaces\/fights\?/,
    reason: 'ForeignChange',
    says: /istio-injection is enabled instead of disabled \(set by scenario\)/,
    after: goBack,
    ends: 'RolledBack',
  },
  {
    what: 'the journal, by a webhook before anything is begun',
    begin: webhook('PATCH', /\/namespaces\/fights\?/, nothing),
    path: /\/namespaces\/fights\?/,
    says: /^Namespace fights is changed back again and again \(meshmigration\.dev\/journal\): it is also written by scenario, unless a webhook does it\. Have/,
    ends: 'Migrated',
  },
  {
    what: 'the record of a Service',
    begin: takesRecords,
    then: (world) => world.patch('Service', home, 'api', { metadata: { annotations: { look: 'here' } } }),
    path: /\/services\//,
    says: /^Service fights\/api .*\(meshmigration\.dev\/original-labels\): it is also written by scenario, unless a webhook does it\. Have whoever it is/,
    ends: 'Migrated',
  },
  {
    what: 'a copy, whose changes a webhook takes back',
    begin: webhook('PATCH', /\/authorizationpolicies\//, nothing),
    then: policyChanges,
    path: /\/authorizationpolicies\//,
    says: /AuthorizationPolicy fights\/readers-api-\w+ is changed back again and again .*perhaps by a webhook/,
    ends: 'Migrated',
  },
  {
    what: 'a copy, which a webhook normalizes',
    begin: addsRule,
    path: /\/authorizationpolicies(\/|\?|$)/,
    reason: 'ForeignChange',
    says: /changed by someone else, or by a webhook as it was made/,
    async after(world) {
      const { items } = await world.client.list(kinds.AuthorizationPolicy, { namespace: home, signal: world.signal });
      for (const { metadata } of items.filter(({ metadata: { name } }) => name.startsWith('readers-')))
        await world.delete(kinds.AuthorizationPolicy, home, metadata.name);
      await goOn(world);
    },
    ends: 'Migrated',
  },
  {
    what: 'the waypoint on the way',
    begin: deletesGateways,
    path: /\/gateways/,
    says: /Gateway fights\/waypoint is deleted again and again after it was made/,
    ends: 'Migrated',
  },
  {
    what: 'the waypoint at rest',
    begin: deletesGateways,
    then: (world) => world.delete(kinds.Gateway, home, 'waypoint'),
    path: /\/gateways/,
    says: /Gateway fights\/waypoint is deleted again and again after it was made/,
    ends: 'Migrated',
  },
  {
    what: 'the restart of a workload, by a controller',
    begin: takesRestarts,
    path: /\/deployments\//,
    says: /Deployment fights\/\w+ is changed back again and again .*it is also written by .*scenario/,
    ends: 'Migrated',
  },
  {
    what: 'the restart of a workload, by a webhook',
    begin: webhook('PATCH', /\/namespaces\/fights\/deployments\//, nothing),
    path: /\/deployments\//,
    says: /Deployment fights\/\w+ is changed back again and again/,
    ends: 'Migrated',
  },
  {
    what: 'the template on the way back, by a webhook',
    begin: webhook('PATCH', /\/namespaces\/fights\/deployments\//, nothing),
    then: goBack,
    path: /\/deployments\//,
    says: /Deployment fights\/\w+ is changed back again and again/,
    ends: 'RolledBack',
  },
];

/** What the operator writes, from now on. */
class Ledger {
  ofIt = 0;
  all = 0;

  constructor({ server }: SimCluster, path: RegExp) {
    server.audit(({ user, method, path: to }) => {
      if (
        user !== 'operator' ||
        method === 'GET' ||
        /\/(leases|events)/.test(to) ||
        to.includes('/namespaces/fights-other')
      )
        return;
      this.all += 1;
      if (path.test(to) && !to.includes('/status')) this.ofIt += 1;
    });
  }
}

async function fightFor(
  world: World,
  cluster: SimCluster,
  { begin, then, path, reason = 'WriteUndone', says, after, ends }: Fought,
): Promise<void> {
  const other = world.ns('other');
  await shop(world, allowGet(home));
  await world.create(namespace(other), deployment(other, 'web'));
  await world.podsReady(1, other);
  if (then !== undefined) {
    await world.create(meshMigration(world.name, { names: [home] }));
    await world.childPhase('Migrated');
  }
  const ledger = new Ledger(cluster, path);
  const end = begin(world, cluster);
  if (then === undefined) await world.create(meshMigration(world.name, { names: [home, other] }));
  else await Promise.all([then(world), world.edit({ namespaces: { names: [home, other] } })]);
  await world.childPhase('Migrated', other, 30_000);
  const until = world.clock.monotonic() + fightMs;
  while (world.clock.monotonic() < until) {
    await world.pause(1000);
    if (ledger.ofIt > mostWrites || ledger.all > mostOfAll)
      throw new Error(
        `written ${ledger.ofIt} times, ${ledger.all} with all else: ${(await world.child()).status?.message}`,
      );
  }
  const stalled = stalledBy((await world.child()).status?.conditions);
  expect(stalled).toMatchObject({ reason, message: expect.stringMatching(says) });
  end();
  await after?.(world);
  await world.childPhase(ends, home, 5 * minuteMs);
  if (ends === 'Migrated')
    await world.eventually(
      'nothing is the matter',
      async () => (stalledBy((await world.child()).status?.conditions) === undefined ? true : undefined),
      5 * minuteMs,
    );
}

describe('what is written and undone at once', () => {
  it.each(fights)("is written less and less often, said, and nobody else's trouble: $what", async (fought) => {
    let cluster: SimCluster | undefined;
    await runOnSimulation(
      {
        name: home,
        async run(world) {
          if (cluster === undefined) throw new Error('no cluster');
          await fightFor(world, cluster, fought);
        },
      },
      {
        arrange(given) {
          cluster = given;
        },
      },
    );
  });
});

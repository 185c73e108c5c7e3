import { meshMigrations, namespaceMigrations } from '../../src/api/resources.ts';
import type { Random } from '../../src/base/random.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { ApiError } from '../../src/kube/errors.ts';
import { at, labels } from './judge/json.ts';
import { barePod, kinds, namespace, object } from '../scenarios/manifests.ts';
import { service, waypoint } from '../scenarios/waypoint-world.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { below, pick, pickAny } from './draw.ts';
import { gateAction } from './gate-actions.ts';
import type { Play } from './play.ts';
import { labelsOf, migrationName, modeLabels, objectsOf, policyOf, wave, workloadOf, type Home } from './stage.ts';

/** Something that a person, a tenant or a tool does. Throws what the API server answers; whoever plays it goes on. */
type Action = (play: Play, random: Random) => Promise<void>;

const workloadKinds = ['Deployment', 'StatefulSet', 'DaemonSet'] as const;

function home(play: Play, random: Random): Home {
  return pick(random, play.stage.homes);
}

function inScope(play: Play, random: Random): Home {
  return pick(
    random,
    play.stage.homes.filter((each) => each.inScope),
  );
}

async function listed(play: Play, kind: keyof typeof kinds, namespaceName?: string): Promise<readonly KubeObject[]> {
  const where = namespaceName === undefined ? {} : { namespace: namespaceName };
  return (await play.client.list(kinds[kind], { ...where, signal: play.signal })).items;
}

/** Objects that somebody wrote, not the operator. */
async function own(play: Play, kind: keyof typeof kinds, where: string): Promise<readonly KubeObject[]> {
  return (await listed(play, kind, where)).filter(
    ({ metadata }) =>
      metadata.labels?.['meshmigration.dev/managed-by'] === undefined &&
      metadata.labels?.['gateway.networking.k8s.io/gateway-name'] === undefined,
  );
}

async function spec(play: Play, patch: Readonly<Record<string, unknown>>): Promise<void> {
  await play.client.mergePatch(meshMigrations, undefined, migrationName, { spec: patch }, { signal: play.signal });
}

async function say(play: Play, phase: string, where?: string): Promise<void> {
  const resource = where === undefined ? meshMigrations : namespaceMigrations;
  await play.client.mergePatch(
    resource,
    where,
    migrationName,
    { status: { phase } },
    { subresource: 'status', signal: play.signal },
  );
}

async function patch(
  play: Play,
  kind: keyof typeof kinds,
  where: string | undefined,
  name: string,
  change: Readonly<Record<string, unknown>>,
): Promise<void> {
  await play.client.mergePatch(kinds[kind], where, name, change, { signal: play.signal });
}

async function app(
  play: Play,
  random: Random,
  where: string,
): Promise<{ readonly kind: (typeof workloadKinds)[number]; readonly object: KubeObject } | undefined> {
  const all = await Promise.all(
    workloadKinds.map(async (kind) => (await own(play, kind, where)).map((object) => ({ kind, object }))),
  );
  return pickAny(random, all.flat());
}

async function withApp(play: Play, random: Random, change: Readonly<Record<string, unknown>>): Promise<void> {
  const { name } = home(play, random);
  const found = await app(play, random, name);
  if (found !== undefined) await patch(play, found.kind, name, found.object.metadata.name, change);
}

async function withOwn(
  play: Play,
  random: Random,
  kind: keyof typeof kinds,
  then: (found: KubeObject, where: string) => Promise<void>,
): Promise<void> {
  const { name } = home(play, random);
  const found = pickAny(random, await own(play, kind, name));
  if (found !== undefined) await then(found, name);
}

const restart = 'meshmigration.dev/restart';

function template(annotations: Readonly<Record<string, string | null>>): Readonly<Record<string, unknown>> {
  return { spec: { template: { metadata: { annotations } } } };
}

function restartOf(object: KubeObject): string | null {
  return labels(at(object['spec'], 'template', 'metadata', 'annotations'))[restart] ?? null;
}

async function replaceNamespace(play: Play, random: Random): Promise<void> {
  const gone = inScope(play, random);
  await play.client.delete(kinds.Namespace, undefined, gone.name, { signal: play.signal });
  play.later(20_000, async () => {
    for (const object of objectsOf(gone)) await play.create(object);
  });
}

async function misbehave(play: Play, random: Random, behaviour: Readonly<Record<string, string>>): Promise<void> {
  const { name } = inScope(play, random);
  const found = await app(play, random, name);
  if (found === undefined) return;
  await patch(play, found.kind, name, found.object.metadata.name, template(behaviour));
  const undone = Object.fromEntries(Object.keys(behaviour).map((key) => [key, null]));
  play.repair(async () => {
    await patch(play, found.kind, name, found.object.metadata.name, template(undone));
    // A StatefulSet never replaces a pod that is not Ready (kubernetes/kubernetes#67250).
    for (const pod of await own(play, 'Pod', name))
      await play.client.delete(kinds.Pod, name, pod.metadata.name, { signal: play.signal });
  });
}

async function pauseDeployment(play: Play, random: Random, name: string): Promise<void> {
  const found = pickAny(random, await own(play, 'Deployment', name));
  if (found === undefined) return;
  await patch(play, 'Deployment', name, found.metadata.name, { spec: { paused: true } });
  play.repair(async () => {
    await patch(play, 'Deployment', name, found.metadata.name, { spec: { paused: null } });
  });
}

/** What an app refuses by method or path, which only proxies that understand HTTP can tell. */
function byHttp(home: string, name: string, target: string, random: Random): KubeObject {
  const operation = pick(random, [{ methods: ['DELETE'] }, { paths: ['/admin'] }]);
  const selector = { matchLabels: { app: target } };
  return object('AuthorizationPolicy', home, name, { selector, action: 'DENY', rules: [{ to: [{ operation }] }] });
}

async function relabel(play: Play, name: string, change: Readonly<Record<string, string | null>>): Promise<void> {
  const before = (await play.client.get(kinds.Namespace, undefined, name, play.signal)).metadata.labels ?? {};
  await patch(play, 'Namespace', undefined, name, { metadata: { labels: change } });
  const undone = Object.fromEntries(Object.keys(change).map((key) => [key, before[key] ?? null]));
  play.touched(name);
  play.repair(async () => {
    await patch(play, 'Namespace', undefined, name, { metadata: { labels: undone } });
  });
}

const table: Readonly<Record<string, Action>> = {
  // The platform team and its repository.
  'spec.action Migrate': async (play) => {
    await spec(play, { action: 'Migrate' });
  },
  'spec.action Plan': async (play) => {
    await spec(play, { action: 'Plan' });
  },
  'spec.action Pause': async (play) => {
    await spec(play, { action: 'Pause' });
    play.later(15_000, async () => {
      await spec(play, { action: 'Migrate' });
    });
  },
  'spec.action Pause for minutes': async (play, random) => {
    await spec(play, { action: 'Pause' });
    play.later(80_000 + below(random, 40_000), async () => {
      await spec(play, { action: 'Migrate' });
    });
  },
  'paused while istiod is repaired': (play, random) => {
    play.afterSteps(undefined, 1 + below(random, 5), async () => {
      const ms = 80_000 + below(random, 40_000);
      play.cluster.pauseIstiod();
      play.trouble(ms + 5000);
      await spec(play, { action: 'Pause' });
      play.later(ms, async () => {
        await spec(play, { action: 'Migrate' });
      });
      play.soon(ms + 1500, () => {
        play.cluster.resumeIstiod();
      });
    });
    return Promise.resolve();
  },
  'emergency while it is paused': async (play, random) => {
    await spec(play, { action: 'Pause' });
    play.later(5000, async () => {
      for (const { name, apps } of play.stage.homes.filter((each) => each.inScope))
        await play.create(byHttp(name, 'emergency', pick(random, apps).name, random));
    });
    play.later(150_000 + below(random, 60_000), async () => {
      await spec(play, { action: 'Migrate' });
    });
  },
  'spec.action Rollback': async (play) => {
    await spec(play, { action: 'Rollback' });
  },
  'spec.namespaces shortened': async (play, random) => {
    await spec(play, { namespaces: { names: [inScope(play, random).name], selector: null } });
  },
  'spec.namespaces restored': async (play) => {
    await spec(play, {
      namespaces: { names: play.stage.homes.filter((each) => each.inScope).map(({ name }) => name), selector: null },
    });
  },
  'spec.namespaces.exclude': async (play, random) => {
    const { name } = inScope(play, random);
    await spec(play, {
      namespaces: { names: null, selector: { matchLabels: { [wave.key]: wave.value } }, exclude: [name] },
      // Who has read the plan says both in one commit.
      ...(random() < 0.5 && { action: 'Migrate' }),
    });
  },
  'spec.rollback': async (play, random) => {
    await spec(play, {
      rollback: { automatic: random() < 0.5, onScopeLost: pick(random, ['Hold', 'Rollback', 'Finish']) },
    });
  },
  'spec.policies': async (play, random) => {
    await spec(play, {
      policies: { bypass: pick(random, ['FailClosed', 'CallersFirst']), refusals: pick(random, ['Accept', 'Block']) },
    });
  },
  'spec.callers': async (play, random) => {
    await spec(play, {
      callers: [{ namespace: inScope(play, random).name, from: [{ namespace: home(play, random).name }] }],
    });
  },
  'spec.restart': async (play, random) => {
    await spec(play, {
      restart: { podsPerMinute: pick(random, [30, 6000]), hbone: pick(random, ['Auto', 'Auto', 'Never']) },
    });
  },
  'MeshMigration deleted': async (play, random) => {
    if (random() < 0.5) return;
    await play.client.delete(meshMigrations, undefined, migrationName, { signal: play.signal });
    play.later(60_000, async () => {
      await play.create(play.stage.migration);
    });
  },
  // People at night.
  'phase RollingBack of all': async (play) => {
    await say(play, 'RollingBack');
  },
  'phase RollingBack': async (play, random) => {
    await say(play, 'RollingBack', inScope(play, random).name);
  },
  'phase RollingBack half-way': (play, random) => {
    const { name } = inScope(play, random);
    play.afterSteps(name, 1 + below(random, 14), async () => {
      await say(play, 'RollingBack', name);
    });
    return Promise.resolve();
  },
  'phase RollingBack, then its record is deleted': async (play, random) => {
    const { name } = inScope(play, random);
    await say(play, 'RollingBack', name);
    play.afterSteps(name, 1 + below(random, 3), async () => {
      await play.client.delete(namespaceMigrations, name, migrationName, { signal: play.signal });
    });
  },
  'phase RollingBack, then a Deployment is paused': async (play, random) => {
    const { name } = inScope(play, random);
    await say(play, 'RollingBack', name);
    play.afterSteps(name, 1 + below(random, 2), async () => {
      await pauseDeployment(play, random, name);
    });
  },
  'phase RollingBack, then labels change for a moment': async (play, random) => {
    const { name } = inScope(play, random);
    await say(play, 'RollingBack', name);
    play.afterSteps(name, 2, async () => {
      await relabel(play, name, { 'istio-injection': 'disabled', 'istio.io/dataplane-mode': null });
    });
  },
  'phase Migrating of all': async (play) => {
    await say(play, 'Migrating');
  },
  'phase Migrating': async (play, random) => {
    await say(play, 'Migrating', inScope(play, random).name);
  },
  'phase Paused': async (play, random) => {
    const { name } = inScope(play, random);
    await say(play, 'Paused', name);
    play.later(15_000, async () => {
      await say(play, 'Migrating', name);
    });
  },
  'phase of no sense': async (play, random) => {
    await say(play, pick(random, ['Migrated', 'RolledBack', 'Finalized', 'x']), inScope(play, random).name);
  },
  'record deleted': async (play, random) => {
    await play.client.delete(namespaceMigrations, inScope(play, random).name, migrationName, { signal: play.signal });
  },
  'record deleted half-way': (play, random) => {
    const { name } = inScope(play, random);
    play.afterSteps(name, 1 + below(random, 8), async () => {
      await play.client.delete(namespaceMigrations, name, migrationName, { signal: play.signal });
    });
    return Promise.resolve();
  },
  'status emptied': async (play, random) => {
    await play.client.mergePatch(
      namespaceMigrations,
      inScope(play, random).name,
      migrationName,
      { status: null },
      { subresource: 'status', signal: play.signal },
    );
  },
  'status forged': async (play, random) => {
    const forged = pick(random, [
      { direction: 'Backward' },
      { attempt: 7 },
      { itinerary: 'L4' },
      { itinerary: 'L7' },
      { writtenPhase: 'Finalized', phase: 'Finalized' },
      { workloads: [] },
      { steps: [] },
      { original: null },
      { failure: { reason: 'Forged', message: 'forged', at: '2026-01-01T00:00:00Z' } },
    ]);
    await play.client.mergePatch(
      namespaceMigrations,
      inScope(play, random).name,
      migrationName,
      { status: forged },
      { subresource: 'status', signal: play.signal },
    );
  },
  'record with other labels': async (play, random) => {
    // Of all that a record says the labels are what would do most harm, if anybody believed it.
    const { name } = home(play, random);
    const { uid = '' } = (await play.client.get(kinds.Namespace, undefined, name, play.signal)).metadata;
    const off = [
      { key: 'istio-injection', value: 'disabled' },
      { key: 'istio.io/dataplane-mode', value: 'none' },
    ];
    const { from, to } = play.stage;
    const record = {
      kind: 'NamespaceMigration',
      metadata: { name: migrationName, namespace: name, labels: { 'meshmigration.dev/migration': migrationName } },
      spec: { migration: migrationName, from, to },
    };
    try {
      await play.client.create(namespaceMigrations, record, play.signal);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error; // It is there: then that one tells it.
    }
    play.misled(name);
    // No operator goes by a record of no migration, nor takes it away: whoever made it does, unless there is one by then.
    if (play.phase() === undefined)
      play.repair(async () => {
        if (play.phase() === undefined)
          await play.client.delete(namespaceMigrations, name, migrationName, { signal: play.signal });
      });
    const at = '2026-01-01T00:00:00Z';
    const status = {
      phase: 'RollingBack',
      writtenPhase: 'RollingBack',
      direction: 'Backward',
      attempt: 1,
      original: { namespaceUid: uid, capturedAt: at, labels: off },
      steps: [],
    };
    await play.client.mergePatch(
      namespaceMigrations,
      name,
      migrationName,
      { status },
      { subresource: 'status', signal: play.signal },
    );
  },
  // Tenants.
  'policy created': async (play, random) => {
    const { name, apps } = home(play, random);
    await play.create(
      policyOf(
        random,
        name,
        `late-${String(below(random, 3))}`,
        apps.map((each) => each.name),
        play.stage.homes.map((each) => each.name),
      ),
    );
  },
  'policy by HTTP created': async (play, random) => {
    const { name, apps } = inScope(play, random);
    await play.create(byHttp(name, `late-${String(below(random, 3))}`, pick(random, apps).name, random));
  },
  'policy edited': async (play, random) => {
    await withOwn(play, random, 'AuthorizationPolicy', async (found, where) => {
      const names = play.stage.homes.map((each) => each.name);
      const other = policyOf(random, where, found.metadata.name, ['web', 'api'], names)['spec'] as Readonly<
        Record<string, unknown>
      >;
      await patch(play, 'AuthorizationPolicy', where, found.metadata.name, {
        spec: { selector: null, action: null, ...other },
      });
    });
  },
  'policy deleted': async (play, random) => {
    await withOwn(play, random, 'AuthorizationPolicy', async (found, where) => {
      await play.client.delete(kinds.AuthorizationPolicy, where, found.metadata.name, { signal: play.signal });
    });
  },
  'policy with a label of the operator': async (play, random) => {
    const { name, apps } = inScope(play, random);
    const [names, homes] = [apps.map((each) => each.name), play.stage.homes.map((each) => each.name)];
    const made = policyOf(random, name, `exported-${String(below(random, 2))}`, names, homes);
    const marks = {
      'meshmigration.dev/managed-by': 'mesh-migration',
      'meshmigration.dev/migration': migrationName,
      'meshmigration.dev/step': 'CopyPolicies',
      'meshmigration.dev/role': 'Copy',
    };
    await play.create({ ...made, metadata: { ...made.metadata, labels: marks } });
  },
  'copy edited': async (play, random) => {
    const { name } = inScope(play, random);
    const made = pickAny(
      random,
      (await listed(play, 'AuthorizationPolicy', name)).filter(
        ({ metadata }) => metadata.labels?.['meshmigration.dev/managed-by'] !== undefined,
      ),
    );
    if (made === undefined) return;
    await patch(play, 'AuthorizationPolicy', name, made.metadata.name, { metadata: { labels: { edited: 'yes' } } });
  },
  'copy deleted': async (play, random) => {
    const { name } = inScope(play, random);
    const made = pickAny(
      random,
      (await listed(play, 'AuthorizationPolicy', name)).filter(
        ({ metadata }) => metadata.labels?.['meshmigration.dev/managed-by'] !== undefined,
      ),
    );
    if (made !== undefined)
      await play.client.delete(kinds.AuthorizationPolicy, name, made.metadata.name, { signal: play.signal });
  },
  'Service created': async (play, random) => {
    const { name } = home(play, random);
    await play.create(
      service(
        name,
        `also-${String(below(random, 2))}`,
        {},
        { selector: { app: pick(random, ['web', 'api']) }, ports: [{ name: 'http', port: 81, targetPort: 8080 }] },
      ),
    );
  },
  'Service deleted': async (play, random) => {
    await withOwn(play, random, 'Service', async (found, where) => {
      await play.client.delete(kinds.Service, where, found.metadata.name, { signal: play.signal });
    });
  },
  'Service relabelled': async (play, random) => {
    await withOwn(play, random, 'Service', async (found, where) => {
      await patch(play, 'Service', where, found.metadata.name, {
        metadata: { labels: { team: pick(random, ['a', 'b']) } },
      });
    });
  },
  'Service replaced by a tool': async (play, random) => {
    await withOwn(play, random, 'Service', async (found, where) => {
      const strip = Object.fromEntries(Object.keys(found.metadata.annotations ?? {}).map((key) => [key, null]));
      await patch(play, 'Service', where, found.metadata.name, { metadata: { annotations: strip } });
    });
  },
  'workload scaled': async (play, random) => {
    const { name } = home(play, random);
    const found = await app(play, random, name);
    if (found === undefined || found.kind === 'DaemonSet') return;
    await patch(play, found.kind, name, found.object.metadata.name, { spec: { replicas: below(random, 4) } });
  },
  'workload rolled out': async (play, random) => {
    await withApp(play, random, {
      spec: {
        template: {
          metadata: {
            annotations: { 'kubectl.kubernetes.io/restartedAt': `2026-01-01T00:00:${String(10 + below(random, 50))}Z` },
          },
        },
      },
    });
  },
  'workload created': async (play, random) => {
    const { name } = home(play, random);
    await play.create({ kind: 'ServiceAccount', metadata: { name: 'late', namespace: name } });
    await play.create(workloadOf(name, { kind: pick(random, workloadKinds), name: 'late', replicas: 1 }));
  },
  'workload deleted': async (play, random) => {
    const { name } = home(play, random);
    const found = await app(play, random, name);
    if (found !== undefined)
      await play.client.delete(kinds[found.kind], name, found.object.metadata.name, { signal: play.signal });
  },
  'workload restored from a repository': async (play, random) => {
    await withApp(play, random, template({ [restart]: null }));
  },
  'workload restored from a repository, and again': async (play, random) => {
    const { name } = inScope(play, random);
    const found = await app(play, random, name);
    if (found === undefined) return;
    const committed = restartOf(found.object);
    // A tool that has exported the template once puts it back for a while, whatever it has become.
    for (const round of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) {
      play.later(round * 8000, async () => {
        const now = await play.client.get(kinds[found.kind], name, found.object.metadata.name, play.signal);
        if (restartOf(now) !== committed)
          await patch(play, found.kind, name, now.metadata.name, template({ [restart]: committed }));
      });
    }
  },
  'workload paused': async (play, random) => {
    await pauseDeployment(play, random, inScope(play, random).name);
  },
  'pods never ready': async (play, random) => {
    await misbehave(play, random, { [podBehaviour.neverReady]: 'always' });
  },
  'pods slow': async (play, random) => {
    await misbehave(play, random, { [podBehaviour.readyAfterMs]: String(5000 + below(random, 20_000)) });
  },
  'pods not enrolled': async (play, random) => {
    await misbehave(play, random, { [podBehaviour.enrol]: 'never' });
  },
  'pod deleted': async (play, random) => {
    await withOwn(play, random, 'Pod', async (found, where) => {
      await play.client.delete(kinds.Pod, where, found.metadata.name, { signal: play.signal });
    });
  },
  'pod of a lost node': async (play, random) => {
    const { name } = inScope(play, random);
    const found = pickAny(random, await own(play, 'Pod', name));
    if (found === undefined) return;
    await patch(play, 'Pod', name, found.metadata.name, { metadata: { finalizers: ['example.test/node'] } });
    await play.client.delete(kinds.Pod, name, found.metadata.name, { signal: play.signal });
    play.repair(async () => {
      await patch(play, 'Pod', name, found.metadata.name, { metadata: { finalizers: null } });
    });
  },
  'bare pod created': async (play, random) => {
    const { name } = home(play, random);
    await play.create(barePod(name, 'tool'));
    play.repair(async () => {
      await play.client.delete(kinds.Pod, name, 'tool', { signal: play.signal });
    });
  },
  'budget without room': async (play, random) => {
    const { name } = inScope(play, random);
    await play.create({
      kind: 'PodDisruptionBudget',
      metadata: { name: 'tight', namespace: name },
      spec: { minAvailable: '100%', selector: {} },
    });
    play.repair(async () => {
      await play.client.delete(kinds.PodDisruptionBudget, name, 'tight', { signal: play.signal });
    });
  },
  // Whoever may edit namespaces.
  'namespace labelled for a team': async (play, random) => {
    await patch(play, 'Namespace', undefined, home(play, random).name, {
      metadata: { labels: { team: pick(random, ['a', 'b']) } },
    });
  },
  'namespace without injection': async (play, random) => {
    await relabel(play, inScope(play, random).name, { 'istio-injection': null });
  },
  'namespace labels as in the repository': async (play, random) => {
    await relabel(play, inScope(play, random).name, modeLabels[play.stage.from]);
  },
  'namespace moved by hand': async (play, random) => {
    await relabel(play, inScope(play, random).name, modeLabels[play.stage.to]);
  },
  'namespace leaves the wave': async (play, random) => {
    await patch(play, 'Namespace', undefined, inScope(play, random).name, {
      metadata: { labels: { [wave.key]: null } },
    });
  },
  'namespace joins the wave': async (play, random) => {
    await patch(play, 'Namespace', undefined, home(play, random).name, {
      metadata: { labels: { [wave.key]: wave.value } },
    });
  },
  'namespace created': async (play) => {
    await play.create(namespace('young', { ...labelsOf(play.stage.from), [wave.key]: wave.value }));
    await play.create({ kind: 'ServiceAccount', metadata: { name: 'web', namespace: 'young' } });
    await play.create(workloadOf('young', { kind: 'Deployment', name: 'web', replicas: 1 }));
  },
  'namespace deleted and made anew': replaceNamespace,
  'journal removed': async (play, random) => {
    const { name } = inScope(play, random);
    // A running operator puts it back. Of one that is away the runbook says that a person has to bring the namespace
    // back.
    if (play.isTroubled) play.touched(name);
    await patch(play, 'Namespace', undefined, name, {
      metadata: { annotations: { 'meshmigration.dev/journal': null } },
    });
  },
  'waypoint deleted': async (play, random) => {
    const { name, gateway } = inScope(play, random);
    await play.client.delete(kinds.Gateway, name, 'waypoint', { signal: play.signal });
    // The operator makes its own anew; people's is theirs to make.
    if (gateway !== 'waypoint') return;
    play.repair(async () => {
      await play.create(waypoint(name));
    });
  },
};

/** The names of all actions but those that are about gates (`gate-actions.ts`). */
export const actionNames: readonly string[] = Object.keys(table);

/** Does it. */
export async function act(name: string, play: Play, random: Random): Promise<void> {
  const action = table[name] ?? gateAction(name);
  if (action === undefined) throw new RangeError(`no action ${name}`);
  await action(play, random);
}

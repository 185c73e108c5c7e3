import assert from 'node:assert/strict';
import {
  journalAnnotation,
  managedBy,
  managedByLabel,
  meshMigrations,
  namespaceMigrations,
  restartAnnotation,
} from '../../../src/api/resources.ts';
import { systemRandom } from '../../../src/base/random.ts';
import { useWaypointLabel } from '../../../src/mesh/istio/vocabulary/labels.ts';
import { allowGet, nothingLeft, shop } from '../../scenarios/http.ts';
import { deployment, kinds, meshMigration } from '../../scenarios/manifests.ts';
import { World, type OperatorControl, type Snapshot } from '../../scenarios/world.ts';
import { podBehaviour, type TestCluster } from '../../support/test-cluster.ts';
import { runCommand } from '../command.ts';
import { endless, exampleCopy, mayBeSilent, notRun, root, runbookSections, told, type Section } from './commands.ts';

/** The names of the runbook. */
const [migration, home] = ['shop', 'shop-api'];

const lateMs = 5 * 60_000;

/** Where kubectl is, and what it talks to. */
interface Shell {
  readonly binDir: string;
  readonly kubeconfigPath: string;
}

/** Somebody on call with the runbook open: does what a section says, to the letter. */
class Reader {
  readonly #world: World;
  readonly #shell: Shell;
  readonly #sections: ReadonlyMap<string, Section>;
  readonly #done = new Set<string>();

  constructor(world: World, shell: Shell) {
    this.#world = world;
    this.#shell = shell;
    this.#sections = new Map(runbookSections().map((section) => [section.heading, section]));
  }

  /** Runs the commands of sections, one after the other. */
  async follow(...headings: readonly string[]): Promise<void> {
    for (const heading of headings) await this.part(heading, 0);
  }

  /** Runs some of the commands of a section. */
  async part(heading: string, from: number, to?: number): Promise<void> {
    const section = this.#sections.get(heading);
    assert.ok(section, `the runbook has no commands in "${heading}"`);
    for (const command of section.commands.slice(from, to)) await this.#run(command);
    this.#done.add(heading);
  }

  /** Fails if a section was left out. */
  finish(): void {
    assert.deepEqual([...this.#done].sort(), [...told].sort());
  }

  async #run(command: string): Promise<void> {
    if (Object.hasOwn(notRun, command)) return;
    const line = command.includes(exampleCopy) ? command.replace(exampleCopy, await copyName(this.#world)) : command;
    const whole = endless.includes(command) ? `${line} & sleep 3; kill $!` : line;
    const { binDir, kubeconfigPath } = this.#shell;
    const env = { ...process.env, PATH: `${binDir}:${process.env['PATH'] ?? ''}`, KUBECONFIG: kubeconfigPath };
    const shown = await runCommand('sh', ['-c', whole], { env, cwd: root, signal: this.#world.signal }).catch(
      (error: unknown) => {
        throw new assert.AssertionError({ message: `${line}: ${error instanceof Error ? error.message : 'failed'}` });
      },
    );
    assert.ok(shown.trim() !== '' || Object.hasOwn(mayBeSilent, command), `${line} shows nothing`);
  }
}

async function copyName(world: World): Promise<string> {
  const { items } = await world.client.list(kinds.AuthorizationPolicy, { namespace: home, signal: world.signal });
  const copy = items.find(({ metadata }) => metadata.labels?.['meshmigration.dev/role'] === 'Copy');
  assert.ok(copy, 'there is no copy');
  return copy.metadata.name;
}

/** Waits for a phase of the namespace, whose record has the name of the migration. */
async function phase(world: World, wanted: string): Promise<void> {
  await world.eventually(`${home} ${wanted}`, async () => {
    const { status } = await world.child(home, migration);
    return status?.writtenPhase === wanted && status.phase === wanted ? true : undefined;
  });
}

/**
 * With the templates as they are but for the restarts: kubectl leaves an annotation of its own, and ours stays (it does
 * no harm).
 */
async function snapshot(world: World): Promise<Snapshot> {
  const seen = await world.snapshot(home);
  const plain = JSON.parse(JSON.stringify(seen.templates), (key, value: unknown) => {
    if (key === restartAnnotation || key === 'kubectl.kubernetes.io/restartedAt') return undefined;
    return key === 'annotations' && Object.keys(value as object).length === 0 ? undefined : value;
  }) as Snapshot['templates'];
  return { ...seen, templates: plain };
}

/** As before, without anything that the operator has made. */
async function asBefore(world: World, before: Snapshot, pods: number): Promise<void> {
  await world.modesAre({ Sidecar: pods }, home);
  assert.deepEqual(await snapshot(world), before);
  await nothingLeft(world);
  for (const kind of ['Service', 'ConfigMap'] as const) {
    const { items } = await world.client.list(kinds[kind], { namespace: home, signal: world.signal });
    assert.deepEqual(
      items
        .filter(({ metadata }) => metadata.labels?.[managedByLabel] === managedBy)
        .map(({ metadata }) => metadata.name),
      [],
    );
  }
}

/** The sections that are about a namespace behind its waypoint, and the way back. */
async function behindWaypoint(world: World, reader: Reader): Promise<void> {
  await world.create(meshMigration(migration, { names: [home] }));
  await world.phase('Migrated', migration);
  await reader.follow(
    'See the state in one command',
    'Why it is stalled',
    'Something takes the restart annotation away',
    'The waypoint does not become ready',
    'Callers are refused',
  );
  await reader.follow('A write is refused', 'A write does not last');
  await world.patch('AuthorizationPolicy', home, await copyName(world), { spec: { action: 'DENY' } });
  await reader.follow('Someone edited a copy');
  await world.eventually('the copy again', async () => await copyName(world));
  await reader.follow(
    'Something is left over',
    'Where the original labels are',
    'The operator is down',
    'Write a status by hand',
  );
  await world.client.mergePatch(
    meshMigrations,
    undefined,
    migration,
    { status: { phase: 'Exploded' } },
    { subresource: 'status', signal: world.signal },
  );
  await world.eventually('the answer', async () =>
    (await world.migration(migration)).status?.conditions?.some(({ type }) => type === 'CommandRejected') === true
      ? true
      : undefined,
  );
  await reader.follow('Roll back');
  await world.phase('RolledBack', migration);
}

/**
 * As the message of the MeshMigration says. The runbook has the whole and then the namespace taken back: the second
 * command counts only where it comes before the operator has passed the first on, and then the namespace is started by
 * its own command and that of the whole.
 */
async function startAgain(world: World): Promise<void> {
  const ready = (await world.migration(migration)).status?.conditions?.find(({ type }) => type === 'Ready');
  const alone = ready?.message.includes('Each was taken back for itself') === true;
  const start = { status: { phase: 'Migrating' } };
  if (alone)
    await world.client.mergePatch(namespaceMigrations, home, migration, start, {
      subresource: 'status',
      signal: world.signal,
    });
  await world.client.mergePatch(meshMigrations, undefined, migration, start, {
    subresource: 'status',
    signal: world.signal,
  });
}

/**
 * Stopped on its way and brought on again; a label that somebody else has changed, and one of a Service when that had
 * been put back.
 */
async function stopped(world: World, reader: Reader): Promise<void> {
  await startAgain(world);
  await phase(world, 'Migrating');
  await reader.follow('Stop everything');
  await world.phase('Migrated', migration);
  await world.patch('Namespace', undefined, home, { metadata: { labels: { 'istio-injection': 'enabled' } } });
  await world.eventually('the change is seen', async () =>
    (await world.child(home, migration)).status?.message?.includes('changed by someone else') === true
      ? true
      : undefined,
  );
  await world.edit({ policies: { settle: '10s' } }, migration);
  await reader.follow('Someone else changed a label');
  await world.eventually('unbound', async () =>
    (await world.child(home, migration)).status?.steps?.some(
      ({ name, completedAt }) => name === 'UnbindWaypoint' && completedAt !== undefined,
    ) === true
      ? true
      : undefined,
  );
  await world.patch('Service', home, 'api', { metadata: { labels: { [useWaypointLabel]: 'mine' } } });
  await phase(world, 'RolledBack');
  assert.match((await world.child(home, migration)).status?.message ?? '', /Not as it was: label/);
  await reader.follow('A rollback has not left everything as it was');
  await world.patch('Service', home, 'api', { metadata: { labels: { [useWaypointLabel]: null } } });
  await world.edit({ policies: { settle: '1s' } }, migration);
}

/** The operator is given up while a namespace is behind its waypoint. */
async function abandoned(world: World, reader: Reader, before: Snapshot, operator: OperatorControl): Promise<void> {
  await world.client.mergePatch(
    namespaceMigrations,
    home,
    migration,
    { status: { phase: 'Migrating' } },
    { subresource: 'status', signal: world.signal },
  );
  await world.phase('Migrated', migration);
  await operator.kill();
  await reader.part('Remove the finalizer by force', 0, 2);
  await world.gone(meshMigrations, undefined, migration);
  await reader.follow('Roll back without the operator: L7');
  await reader.part('Remove the finalizer by force', 2);
  await world.gone(namespaceMigrations, home, migration);
  await asBefore(world, before, 4);
}

async function cartNeedsSidecar(world: World, value: string | null): Promise<void> {
  await world.patch('Deployment', home, 'cart', {
    spec: { template: { metadata: { annotations: { [podBehaviour.neverReady]: value } } } },
  });
  await world.podsReady(4, home);
}

/** A failure, its retry, and a rollback without the operator. */
async function withoutOperator(world: World, reader: Reader, operator: OperatorControl): Promise<void> {
  await world.delete(kinds.AuthorizationPolicy, home, 'readers');
  await cartNeedsSidecar(world, 'without-sidecar');
  await operator.start();
  await world.create(meshMigration(migration, { names: [home] }, { restart: { progressDeadline: '5s' } }));
  await phase(world, 'RolledBack');
  await reader.follow('A namespace failed', 'A rollback is stuck');
  await cartNeedsSidecar(world, null);
  const before = await snapshot(world);
  await world.client.mergePatch(
    namespaceMigrations,
    home,
    migration,
    { status: { phase: 'Migrating' } },
    { subresource: 'status', signal: world.signal },
  );
  await world.phase('Migrated', migration);
  await operator.kill();
  await reader.follow('Roll back without the operator');
  await asBefore(world, before, 4);
}

/**
 * What was brought back without the operator stays so until somebody starts it; then the journal is taken away, and the
 * migration deleted.
 */
async function lost(world: World, reader: Reader, operator: OperatorControl): Promise<void> {
  await operator.start();
  await phase(world, 'RolledBack');
  await world.client.mergePatch(
    namespaceMigrations,
    home,
    migration,
    { status: { phase: 'Migrating' } },
    { subresource: 'status', signal: world.signal },
  );
  await world.modesAre({ Ambient: 4 }, home);
  await phase(world, 'Migrated');
  await operator.kill();
  await world.patch('Namespace', undefined, home, { metadata: { annotations: { [journalAnnotation]: null } } });
  await operator.start();
  await phase(world, 'Blocked');
  await reader.follow('The journal is gone');
  await phase(world, 'Migrated');
  await operator.kill();
  await reader.follow('A MeshMigration does not go away');
  await operator.start();
  // A new process stays as long as a write of the one before may still arrive.
  await world.eventually(
    'the migration is gone',
    async () => {
      const { items } = await world.client.list(meshMigrations, { signal: world.signal });
      return items.every(({ metadata }) => metadata.name !== migration) ? true : undefined;
    },
    lateMs,
  );
}

/** Runs every command of the runbook with kubectl, each section in the state that it is for. */
export async function runbookCommands(
  { signal }: World,
  cluster: TestCluster & Shell,
  operator: OperatorControl,
): Promise<void> {
  const world = new World({ name: home, cluster, operator, random: systemRandom, signal });
  const reader = new Reader(world, cluster);
  await shop(world, allowGet(home));
  await world.create(deployment(home, 'cart'));
  await world.podsReady(4, home);
  const before = await snapshot(world);
  await behindWaypoint(world, reader);
  await asBefore(world, before, 4);
  await stopped(world, reader);
  await asBefore(world, before, 4);
  await abandoned(world, reader, before, operator);
  await withoutOperator(world, reader, operator);
  await lost(world, reader, operator);
  reader.finish();
  assert.deepEqual(await world.podsSeenOutside(), []);
}

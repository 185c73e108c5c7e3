import assert from 'node:assert/strict';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import type { StatusView } from '../../src/cli/status/view.ts';
import { deployment, namespace } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { keyboardAt, type Keyboard, type Ran } from '../support/command-line.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { moved, plain } from './caller-and-called.ts';
import { runOnSimulation } from './run-scenario.ts';
import { fails, impatient, start, works } from './stalled-story.ts';

async function run(name: string, tell: (world: World, keyboard: Keyboard) => Promise<void>): Promise<void> {
  await runOnSimulation({
    name,
    run: (world) => tell(world, keyboardAt(world.cluster.admin, world.clock, { program: 'kubectl mesh-migration' })),
  });
}

/** Types a line that has to end well, and returns what it printed. */
async function done(keyboard: Keyboard, line: string): Promise<string> {
  const { exitCode, stdout, stderr } = await keyboard.type(line);
  assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: '' }, line);
  return stdout;
}

/** Types a line that has to be refused, and returns why. */
async function refused(keyboard: Keyboard, line: string): Promise<string> {
  const { exitCode, stdout, stderr } = await keyboard.type(line);
  assert.deepEqual({ exitCode, stdout }, { exitCode: 1, stdout: '' }, `${line}: ${stderr}`);
  return stderr;
}

/** A namespace whose restart takes a while, so that somebody can come in between. */
async function slow(world: World, home: string): Promise<void> {
  await world.create(
    namespace(home),
    deployment(home, 'web', { replicas: 3, behaviour: { [podBehaviour.readyAfterMs]: '30000' } }),
  );
  await world.podsReady(3, home);
}

async function revision(world: World): Promise<string | undefined> {
  return (await world.migration()).metadata.resourceVersion;
}

describe('the commands on a cluster', () => {
  it('pause, resume, roll back and start again, and say where all of it stands', async () => {
    await run('steered', async (world, keyboard) => {
      await slow(world, world.ns());
      await start(world, { action: 'Plan' });
      await world.phase('Planned');
      expect(await refused(keyboard, 'pause steered')).toContain('spec.action is Plan: nothing is under way');
      expect(await refused(keyboard, 'resume steered')).toContain(`"action":"Migrate"`);
      expect(await refused(keyboard, 'rollback steered')).toContain('nothing was started');
      expect(await refused(keyboard, 'rollback steered -n steered')).toContain('there is nothing to roll back');
      expect(await refused(keyboard, 'finalize steered')).toContain('there is nothing to seal');
      await world.edit({ action: 'Migrate' });
      await world.childPhase('Migrating');

      const tree = await done(keyboard, 'status steered');
      expect(tree).toMatch(
        /^MeshMigration steered {2}IstioSidecar to IstioAmbient, Migrate {2}Migrating {2}0 of 1 namespace/,
      );
      expect(tree).toMatch(/└─ steered {2}Migrating {2}\w+ .*pods: 3 sidecar/);
      expect((await keyboard.type('status steered --timeout 0s')).exitCode).toBe(4);

      expect(await done(keyboard, 'pause steered')).toBe(
        'MeshMigration steered is paused: status.phase was set to Paused, and the operator has taken it. It is Paused now.\n',
      );
      expect(await done(keyboard, 'pause steered')).toBe(
        'MeshMigration steered is paused already; nothing was changed\n',
      );
      await world.childPhase('Paused');
      expect(await done(keyboard, 'status')).toContain(
        `kubectl patch mm steered --subresource=status --type=merge -p '{"status":{"phase":"Migrating"}}'`,
      );
      expect((await keyboard.type('status steered --timeout 10m')).exitCode).toBe(1);
      expect(await refused(keyboard, 'finalize steered')).toContain(
        'it is paused. First: kubectl mesh-migration resume',
      );
      expect(await refused(keyboard, 'retry steered -n steered')).toContain(
        'To go on: kubectl mesh-migration resume steered -n steered',
      );
      expect(await done(keyboard, 'resume steered')).toContain('It is Migrating now');
      expect(await done(keyboard, 'pause steered -n steered')).toContain('It is Paused now');
      expect(await done(keyboard, 'resume steered -n steered')).toContain('It is Migrating now');

      expect(await done(keyboard, 'status steered --timeout 30m')).toContain('Migrated');
      expect(await refused(keyboard, 'pause steered -n steered')).toContain('it is Migrated: nothing is under way');
      expect(await done(keyboard, 'rollback steered')).toContain('goes back: status.phase was set to RollingBack');
      expect(await refused(keyboard, 'pause steered -n steered')).toContain('a rollback is never paused');
      await world.phase('RolledBack');
      await world.modesAre({ Sidecar: 3 });
      expect(await refused(keyboard, 'resume steered')).toContain('kubectl mesh-migration retry steered');
      expect(await done(keyboard, 'retry steered')).toContain('is started again: status.phase was set to Migrating');
      await world.phase('Migrated');
      expect(await done(keyboard, 'finalize steered')).toContain('seals 1 migrated namespace, for good');
      await world.phase('Finalized');
      expect(await refused(keyboard, 'rollback steered')).toContain('the migration is Finalized');
      expect(await refused(keyboard, 'finalize steered -n steered')).toContain('only a migration as a whole');
    });
  });

  it('undo by spec.action what was done by it', async () => {
    await run('by-spec', async (world, keyboard) => {
      await slow(world, world.ns());
      await start(world);
      await world.childPhase('Migrating');
      await world.edit({ action: 'Pause' });
      await world.phase('Paused');
      expect(await done(keyboard, 'resume by-spec')).toContain('spec.action was set to Migrate');
      await world.phase('Migrated');
      await world.edit({ action: 'Rollback' });
      await world.phase('RolledBack');
      expect(await done(keyboard, 'retry by-spec')).toContain('spec.action was set to Migrate');
      await world.phase('Migrated');
    });
  });

  it('start a namespace again that failed, and no other', async () => {
    await run('tried-again', async (world, keyboard) => {
      await fails(world);
      await start(world, impatient);
      await world.childPhase('RolledBack');
      await world.phase('Failed');
      const stuck = await keyboard.type('status tried-again --timeout 10m');
      expect(stuck).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('"phase":"Migrating"') });
      expect(await refused(keyboard, 'resume tried-again -n tried-again')).toContain(
        'To start it again: kubectl mesh-migration retry',
      );
      expect(await refused(keyboard, 'retry tried-again')).toContain(
        'kubectl mesh-migration retry tried-again -n tried-again',
      );
      await works(world);
      expect(await done(keyboard, 'retry tried-again -n tried-again')).toContain('is started again');
      await world.phase('Migrated');
    });
  });

  it('store nothing in a dry run, which is the server that answers', async () => {
    await run('only-tried', async (world, keyboard) => {
      await slow(world, world.ns());
      await start(world);
      await world.childPhase('Migrating');
      await world.operator.kill();
      const before = await revision(world);
      expect(await done(keyboard, 'rollback only-tried --dry-run=server')).toBe(
        'MeshMigration only-tried: status.phase would be set to RollingBack (server dry run); nothing was changed\n',
      );
      expect(await done(keyboard, 'pause only-tried --dry-run')).toContain('would be set to Paused');
      expect(await revision(world)).toBe(before);
    });
  });

  it('say that nobody has answered, overwrite no command of somebody else, and put a rollback before it', async () => {
    await run('unanswered', async (world, keyboard) => {
      await slow(world, world.ns());
      await start(world);
      await world.childPhase('Migrating');
      await world.operator.kill();
      const asked = await keyboard.type('pause unanswered --timeout 2s');
      expect(asked).toMatchObject({
        exitCode: 4,
        stdout: expect.stringContaining('the operator has not answered yet; is it running?'),
      });
      expect(await done(keyboard, 'pause unanswered')).toContain('was told so already');
      expect(await refused(keyboard, 'resume unanswered')).toContain(
        'status.phase was set to "Paused", and the operator',
      );
      expect(await done(keyboard, 'status unanswered')).toContain(
        'asked for Paused; the operator has not answered yet',
      );
      expect(await done(keyboard, 'rollback unanswered --timeout 0s')).toContain('status.phase was set to RollingBack');
      await world.operator.start();
      await world.phase('RolledBack');
    });
  });

  it('decide anew when somebody else comes in between', async () => {
    await run('in-between', async (world) => {
      await slow(world, world.ns());
      await start(world);
      await world.childPhase('Migrating');
      await world.operator.kill();
      let turns = 0;
      const { admin } = world.cluster;
      const keyboard = keyboardAt(
        {
          ...admin,
          async send(request) {
            if (request.method === 'PATCH' && (turns += 1) === 1) await world.command('RollingBack');
            return await admin.send(request);
          },
        },
        world.clock,
      );
      expect(await refused(keyboard, 'pause in-between')).toContain('status.phase was set to "RollingBack"');
      expect((await world.migration()).status?.phase).toBe('RollingBack');
    });
  });

  it('give a reason, which stands with who commanded', async () => {
    await run('reasoned', async (world, keyboard) => {
      const home = world.ns();
      await slow(world, home);
      await start(world);
      await world.childPhase('Migrating', home);
      const by = 'mesh-migration-cli:INC-4711';
      await done(keyboard, `pause reasoned -n ${home} --reason=INC-4711`);
      expect(await done(keyboard, `status -n ${home}`)).toContain(`paused by ${by} at`);
      await done(keyboard, `rollback reasoned -n ${home} --reason=INC-4711`);
      expect((await world.child(home)).status?.command).toMatchObject({ action: 'Rollback', by });
      expect(await done(keyboard, `status -n ${home}`)).toContain(`taken back by a command of ${by}`);
      await world.childPhase('RolledBack', home);
    });
  });

  it('tell what the operator says to a command that it does not carry out', async () => {
    await run('rejected', async (world, keyboard) => {
      const [a, b] = [world.ns('a'), world.ns('b')];
      await moved(world, a, b);
      const question = await refused(keyboard, `rollback rejected -n ${a}`);
      expect(question).toContain(`not carried out: mesh-migration-cli asked for a rollback at `);
      expect(question).toContain(`${b} would refuse calls from here`);
      expect(await done(keyboard, `status -n ${a}`)).toContain('last command not carried out');
      expect(await done(keyboard, `rollback rejected -n ${a}`)).toContain('It is RollingBack now');
      await world.childPhase('RolledBack', a);
      await world.childPhase('RolledBack', b);
    });
  });
});

describe('the status of a cluster', () => {
  it('has waves with their namespaces, as one document or a tree', async () => {
    await run('waved', async (world, keyboard) => {
      for (const suffix of ['a', 'b', 'c']) await plain(world, world.ns(suffix));
      const waves = [
        { name: 'first', namespaces: { names: [world.ns('b')] }, soak: '1h', maxFailures: 0 },
        {
          name: 'second',
          namespaces: { names: [], selector: { matchLabels: { 'kubernetes.io/metadata.name': world.ns('a') } } },
          soak: '0s',
          maxFailures: 0,
        },
      ];
      await start(world, { waves }, ['a', 'b', 'c']);
      await world.childPhase('Migrated', world.ns('b'));
      await world.eventually('soaking', async () =>
        (await world.migration()).status?.waves?.[0]?.state === 'Soaking' ? true : undefined,
      );
      const tree = await done(keyboard, 'status');
      expect(tree).toMatch(/├─ wave first {2}Soaking {2}1 of 1 namespace migrated\n│ {2}└─ waved-b {2}Migrated/);
      expect(tree).toMatch(/├─ wave second {2}Waiting {2}0 of 1 namespace migrated\n│ {2}└─ waved-a {2}Pending/);
      expect(tree).toMatch(/└─ wave \(others\) .*\n {3}└─ waved-c {2}Pending/);
      const readers: Readonly<Record<string, (text: string) => unknown>> = {
        json: (text) => JSON.parse(text) as unknown,
        yaml: (text) => parse(text) as unknown,
      };
      for (const [format, read] of Object.entries(readers)) {
        const document = read(await done(keyboard, `status waved -o ${format}`)) as StatusView;
        expect(
          document.migrations[0]?.waves.map(({ name, namespaces }) => [name, namespaces.map((row) => row.namespace)]),
        ).toEqual([
          ['first', ['waved-b']],
          ['second', ['waved-a']],
          ['(others)', ['waved-c']],
        ]);
      }
      expect(await done(keyboard, 'status -n waved-b')).toMatch(/^waved-b {2}Migrated/);
    });
  });

  it.each([
    ['a log, a line for each change', undefined, /status|namespace watched: Migrated/],
    ['a terminal, in place', { isTTY: true, columns: 120, rows: 30, write: () => undefined }, /\u001B\[H/],
  ])('is followed to its end on %s', async (_, stdout, pattern) => {
    await runOnSimulation({
      name: 'watched',
      run: async (world) => {
        const keyboard = keyboardAt(world.cluster.admin, world.clock, stdout && { stdout });
        await slow(world, world.ns());
        await start(world, { action: 'Plan' });
        await world.phase('Planned');
        await world.edit({ action: 'Migrate' });
        await world.childPhase('Migrating');
        const { exitCode, stdout: text, stderr }: Ran = await keyboard.type('status watched -w --timeout 30m');
        expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
        expect(text).toMatch(pattern);
        expect(text).toContain('RestartWorkloads');
        if (stdout === undefined) expect(text).not.toContain('\u001B');
      },
    });
  });

  it('is shown until somebody has had enough', async () => {
    await run('enough', async (world) => {
      await plain(world, world.ns());
      await start(world);
      await world.phase('Migrated');
      const stopping = new AbortController();
      const keyboard = keyboardAt(world.cluster.admin, world.clock, { signal: stopping.signal });
      const watching = keyboard.type('status enough -w');
      await world.eventually('shown', async () =>
        keyboard.printed().includes('Migrated') ? await Promise.resolve(true) : undefined,
      );
      stopping.abort(new Error('Ctrl-C'));
      expect(await watching).toMatchObject({ exitCode: 130, stderr: '' });
    });
  });
});

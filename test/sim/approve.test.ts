import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { stalledBy } from '../../src/api/common.ts';
import { object } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';
import { keyboardAt, type Keyboard, type Ran } from '../support/command-line.ts';
import { plain } from './caller-and-called.ts';
import { interrupted } from './interrupted.ts';
import { runOnSimulation } from './run-scenario.ts';
import { start } from './stalled-story.ts';

/** Somebody at a terminal who answers every question so. */
function attended(world: World, answer: string): Keyboard {
  const stdin = Object.assign(Readable.from([answer]), { isTTY: true });
  const stdout = { isTTY: true, columns: 120, write: () => undefined };
  return keyboardAt(world.cluster.admin, world.clock, { stdin, stdout, env: { NO_COLOR: '1' } });
}

async function planned(world: World, isIt: (hash: string) => boolean = () => true): Promise<string> {
  return await world.eventually('a plan', async () => {
    const hash = (await world.migration()).status?.plan?.hash;
    return hash !== undefined && isIt(hash) ? hash : undefined;
  });
}

async function plansOf(world: World): Promise<readonly string[]> {
  return (await world.migration()).spec.approval.plans;
}

function narrow(home: string, name: string): ReturnType<typeof object> {
  return object('Sidecar', home, name, { egress: [{ hosts: ['./*', 'istio-system/*'] }] });
}

describe('approve and diff', () => {
  it('show a plan, have it approved of as long as it is what was shown, and tell what differs from it', async () => {
    await runOnSimulation({
      name: 'approves',
      run: async (world) => {
        const [a, b] = [world.ns('a'), world.ns('b')];
        for (const home of [a, b]) await plain(world, home);
        const wave = { name: 'canary', namespaces: { names: [a] }, soak: '0s', maxFailures: 0 };
        await start(world, { approval: { mode: 'Required', plans: [] }, waves: [wave] }, ['a', 'b']);
        await world.eventually('ApprovalRequired', async () =>
          stalledBy((await world.migration()).status?.conditions)?.reason === 'ApprovalRequired' ? true : undefined,
        );
        const keyboard = keyboardAt(world.cluster.admin, world.clock);
        const type = async (line: string, exitCode: number, by = keyboard): Promise<Ran> => {
          const ran = await by.type(line);
          assert.deepEqual([line, ran.exitCode], [line, exitCode], `${ran.stdout}${ran.stderr}`);
          return ran;
        };

        const before = await planned(world);
        expect((await type('diff approves', 1)).stdout).toMatch(
          /plan sha256:\w+\n.*2 namespaces not as approved of\n\+ approves-a {2}not approved of {2}wave canary/s,
        );
        expect((await type('approve approves', 2)).stderr).toContain(
          'this is no terminal, so nobody is asked: add --yes',
        );
        expect((await type('approve approves', 1, attended(world, 'n\n'))).stderr).toContain('nothing was changed');
        const dry = JSON.parse((await type('approve approves --wave canary --dry-run -o json', 0)).stdout) as object;
        expect(dry).toMatchObject({ result: 'DryRun', plan: { kind: 'Wave' }, namespaces: [{ namespace: a }] });
        expect(await plansOf(world)).toEqual([]);

        const changing = interrupted(world, async () => {
          await world.create(narrow(a, 'narrow'));
          await planned(world, (hash) => hash !== before);
        });
        expect((await type('approve approves --yes', 1, changing)).stderr).toContain(
          'nothing was changed: it is not what was shown any more',
        );
        expect((await type(`approve approves --hash ${before}`, 1)).stderr).toContain(
          `does not show ${before}; it shows`,
        );
        expect(await plansOf(world)).toEqual([]);

        // What a namespace plans is in its own record, which the patch of the MeshMigration cannot test.
        const meanwhile = interrupted(world, async () => {
          const now = await planned(world);
          await world.create(narrow(a, 'narrower'));
          await planned(world, (hash) => hash !== now);
        });
        expect((await type(`approve approves -n ${a} --yes`, 1, meanwhile)).stderr).toContain('has changed meanwhile');
        expect((await world.child(a)).status?.direction).toBeUndefined();

        const asked = await type('approve approves --wave canary', 0, attended(world, 'yes\n'));
        expect(asked.stderr).toContain('Approve of the plan of wave canary? [y/N]');
        expect(asked.stdout).toMatch(
          /approves-a.*L4: Preflight.*and the operator has taken it; 1 namespace still without/s,
        );
        await world.childPhase('Migrated', a);
        expect((await type(`diff approves -n ${a}`, 0)).stdout).toContain('started already');

        const detail = (await type(`diff approves -n ${b}`, 1)).stdout;
        expect(detail).toContain('istio.io/dataplane-mode: (absent) to ambient');
        expect(detail).toMatch(/1\. Preflight: /);
        await type(`approve approves -n ${b} --yes`, 0);
        expect((await type(`approve approves -n ${b} --yes`, 0)).stdout).toMatch(/already; nothing was changed/);
        await world.phase('Migrated');
        expect((await type('diff approves', 0)).stdout).toContain('nothing differs');
      },
    });
  });
});

import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { run } from '../run.ts';

async function printed(...args: readonly string[]): Promise<string> {
  let text = '';
  const stream = { write: (part: string): unknown => (text += part) };
  await run(args, { stdin: Readable.from([]), stdout: stream, stderr: stream });
  return text;
}

/** The path of a shell, if this machine has it. */
function found(shell: string): string | undefined {
  try {
    return execFileSync('which', [shell], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

describe('what a shell is offered', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['commands', ['pl'], ['plan', ':4']],
    ['options of a command', ['audit', '--istio-v'], ['--istio-version', ':4']],
    ['values of an option', ['audit', '--fail-on', 'w'], ['warning', ':4']],
    ['values of how a plan is printed', ['approve', 'shop', '-o', 'y'], ['yaml', ':4']],
    ['options of an approval', ['approve', 'shop', '--pr'], ['--prune', ':4']],
    ['values of an argument', ['completion', 'b'], ['bash', ':4']],
    ['files for an option that takes any text', ['audit', '-f', ''], [':0']],
    ['nothing after a command that does not exist', ['nonsense', ''], [':4']],
    ['nothing after an option of Object', ['audit', 'constructor', ''], [':4']],
  ])('are %s', async (_, words, lines) => {
    expect((await printed('__complete', ...words)).trimEnd().split('\n')).toEqual(lines);
  });

  it('is every command where nothing is typed yet', async () => {
    expect(await printed('__complete', '')).toContain('audit\nplan\nstatus\ndiff\napprove\n');
  });
});

describe('the script', () => {
  let folder = '';
  let shown: Readonly<Record<string, string>> = {};

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'completion-'));
    for (const name of ['mesh-migration', 'kubectl-mesh_migration']) {
      writeFileSync(
        join(folder, name),
        // What the program answers is above: here it tells what it was asked, and offers something that must not be run.
        `#!/bin/sh\necho "$*" | tr ' ' '|'\necho '$(touch pwned)'\necho :4\n`,
      );
      chmodSync(join(folder, name), 0o755);
    }
    shown = {
      bash: await printed('completion', 'bash'),
      zsh: await printed('completion', 'zsh'),
      kubectl: await printed('completion', 'kubectl'),
    };
    for (const [shell, script] of Object.entries(shown)) writeFileSync(join(folder, `script.${shell}`), script);
    chmodSync(join(folder, 'script.kubectl'), 0o755);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['bash', 'bash'],
    ['zsh', 'zsh'],
    ['kubectl', 'sh'],
  ])('for %s is one that %s can read', (script, shell) => {
    const path = found(shell);
    if (path !== undefined) execFileSync(path, ['-n', join(folder, `script.${script}`)]);
    expect(shown[script]).toContain('__complete');
  });

  function ran(path: string, ...args: readonly string[]): string {
    const env = { PATH: `${folder}:${process.env['PATH'] ?? ''}` };
    return execFileSync(path, [...args], { encoding: 'utf8', env });
  }

  it('completes in bash, with nothing that is evaluated', () => {
    const offered = (...words: readonly string[]): string =>
      ran(
        'bash',
        '-c',
        `source ${join(folder, 'script.bash')}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _mesh_migration; echo "\${COMPREPLY[*]}"`,
        '_',
        'mesh-migration',
        ...words,
      ).trim();

    expect(offered('pl')).toBe('__complete|pl $(touch pwned)');
    expect(offered('audit', '-o', '')).toBe('__complete|audit|-o| $(touch pwned)');
    expect(existsSync('pwned')).toBe(false);
  });

  it('answers kubectl as it asks', () => {
    expect(ran(join(folder, 'script.kubectl'), 'audit', '-o', 'j')).toBe('__complete|audit|-o|j\n$(touch pwned)\n:4\n');
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { commands } from './commands.ts';
import { exitCodes } from './exit-code.ts';
import { hostOf } from './host.ts';
import { programOf } from './program.ts';

const root = join(import.meta.dirname, '../..');
const guide = readFileSync(join(root, 'docs/guides/cli.md'), 'utf8');

/** The lines of the guide that are typed, as the words after the name of the program. */
const typed = [...guide.matchAll(/^```sh\n([^]*?)^```/gm)]
  .flatMap(([, block = '']) => block.split('\n'))
  .flatMap((line) => [...line.matchAll(/(?:^|[ (])(?:kubectl )?mesh-migration ([a-z][^|>)&]*)/g)])
  .map(([, words = '']) => words.trim().split(/\s+/));

const examples = commands.flatMap((row) =>
  row.examples.map((example) => example.split(/\s*[<>]/)[0]?.split(' ') ?? []),
);

/** The command that the parser would carry out. */
async function parsed(words: readonly string[]): Promise<string> {
  let called = '';
  const rows = commands.map((row) => ({
    ...row,
    run: () => {
      called = row.name;
      return Promise.resolve(0 as const);
    },
  }));
  const stream = { write: () => undefined };
  const host = hostOf({ stdin: process.stdin, stdout: stream, stderr: stream });
  await programOf(rows, host, () => undefined).parseAsync(words, { from: 'user' });
  return called;
}

describe('the guide of the command line', () => {
  it('has every command', () => {
    expect([...new Set(typed.map(([name]) => name))].sort()).toEqual(commands.map(({ name }) => name).sort());
  });

  it.each([...typed, ...examples].map((words) => [words.join(' '), words] as const))(
    'and the help have only what the parser takes: %s',
    async (_, words) => {
      expect(await parsed(words)).toBe(words[0]);
    },
  );

  it('has the exit codes as they are', () => {
    for (const [code, meaning] of Object.entries(exitCodes))
      expect(guide.replaceAll('`', '')).toContain(`| ${code} | ${meaning} |`);
  });

  it('is about the files that the package says', () => {
    const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { bin: Record<string, string> };

    expect(bin).toEqual({
      'mesh-migration': 'dist/mesh-migration.mjs',
      'kubectl-mesh_migration': 'dist/mesh-migration.mjs',
    });
  });
});

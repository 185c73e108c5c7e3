import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { format } from 'prettier';
import { z } from 'zod';

/**
 * `npm run words` counts words of one mesh in the code outside of `src/mesh`, comments and tests left out, and compares
 * them with `scripts/words.json`, which says for each file how many there may be, and why. It ends with status 1 where
 * a file has more. `npm run words -- --write` lowers what has become less, and takes no file in: a person does that,
 * with a reason.
 */
const root = join(import.meta.dirname, '..');
const listed = join(import.meta.dirname, 'words.json');

const words = /istio|waypoint|ambient|sidecar|hbone/gi;

/** Files by the reason for which they may have words of one mesh. */
const Allowed = z.array(z.strictObject({ reason: z.string().min(20), files: z.record(z.string(), z.int().min(1)) }));

type Counts = ReadonlyMap<string, number>;

/** How many there are in what is compiled: a name, a text, the path of an import. */
function countIn(text: string): number {
  const tree = ts.createSourceFile('file.ts', text, ts.ScriptTarget.Latest, true);
  let count = 0;
  function visit(node: ts.Node): void {
    if (node.getChildCount(tree) === 0) count += node.getText(tree).match(words)?.length ?? 0;
    for (const child of node.getChildren(tree)) if (!ts.isJSDoc(child)) visit(child);
  }
  visit(tree);
  return count;
}

function counted(): Counts {
  const files = globSync('src/**/*.ts', { cwd: root }).filter(
    (file) => !file.startsWith('src/mesh/') && !file.endsWith('.test.ts'),
  );
  const counts = files
    .sort()
    .map((file): readonly [string, number] => [file, countIn(readFileSync(join(root, file), 'utf8'))]);
  return new Map(counts.filter(([, count]) => count > 0));
}

type List = z.infer<typeof Allowed>;

/** The list with what there is where that is less, and without the files that have none any more. */
function lowered(allowed: List, counts: Counts): List {
  return allowed
    .map(({ reason, files }) => {
      const left = Object.entries(files).flatMap(([file, most]): (readonly [string, number])[] => {
        const count = counts.get(file);
        return count === undefined ? [] : [[file, Math.min(count, most)]];
      });
      return { reason, files: Object.fromEntries(left) };
    })
    .filter(({ files }) => Object.keys(files).length > 0);
}

/** What is to be said, and whether a file has more than it may. */
function compared(allowed: List, counts: Counts): { readonly lines: readonly string[]; readonly isOver: boolean } {
  const most = new Map(allowed.flatMap(({ files }) => Object.entries(files)));
  const over = [...counts].filter(([file, count]) => count > (most.get(file) ?? 0));
  const under = [...most].filter(([file, count]) => (counts.get(file) ?? 0) < count);
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return {
    lines: [
      `${all} words of one mesh outside of src/mesh.`,
      ...(under.length === 0 ? [] : [`${under.length} files have fewer than they may: npm run words -- --write`]),
      ...over.map(([file, count]) => `${file} has ${count}, and may have ${most.get(file) ?? 0}: say it in src/mesh`),
    ],
    isOver: over.length > 0,
  };
}

const counts = counted();
const written = Allowed.parse(JSON.parse(readFileSync(listed, 'utf8')));
const allowed = process.argv.includes('--write') ? lowered(written, counts) : written;
if (allowed !== written)
  writeFileSync(listed, await format(JSON.stringify(allowed), { parser: 'json', printWidth: 120 }));

const { lines, isOver } = compared(allowed, counts);
process.stdout.write(`${lines.join('\n')}\n`);
if (isOver) process.exitCode = 1;

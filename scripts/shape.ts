import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

/**
 * `npm run shape` prints how long lines, functions and files are, and which files import each other in a circle. It
 * ends with status 1 if there is a circle, or more than one line in a hundred is longer than the formatter allows:
 * then strings or comments are, which it leaves alone.
 */
const root = join(import.meta.dirname, '..');

const columns = 120;
const mostLong = 0.01;

interface Source {
  readonly file: string;
  readonly lines: readonly string[];
  readonly tree: ts.SourceFile;
}

function sourcesIn(folder: string): readonly Source[] {
  return globSync(`${folder}/**/*.ts`, { cwd: root })
    .sort()
    .map((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      return {
        file,
        lines: text.trimEnd().split('\n'),
        tree: ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true),
      };
    });
}

function isFunction(node: ts.Node): boolean {
  return (
    ts.isFunctionDeclaration(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isFunctionExpression(node) ||
    ts.isArrowFunction(node)
  );
}

/** Lines of each function that has a block, the ones inside of others among them. */
function functionLengths({ tree }: Source): readonly number[] {
  const lengths: number[] = [];
  function visit(node: ts.Node): void {
    if (isFunction(node) && (node as ts.FunctionLikeDeclaration).body?.kind === ts.SyntaxKind.Block) {
      const [from, to] = [node.getStart(tree), node.getEnd()].map((at) => tree.getLineAndCharacterOfPosition(at).line);
      lengths.push((to ?? 0) - (from ?? 0) + 1);
    }
    ts.forEachChild(node, visit);
  }
  visit(tree);
  return lengths;
}

/** Files that a file needs when it is loaded: what is only a type is gone by then. */
function importsOf({ file, tree }: Source): readonly string[] {
  return tree.statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return [];
    const specifier = statement.moduleSpecifier;
    if (specifier === undefined || !ts.isStringLiteral(specifier) || !specifier.text.startsWith('.')) return [];
    const isType = ts.isImportDeclaration(statement)
      ? statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
      : statement.isTypeOnly;
    return isType ? [] : [relative(root, resolve(root, dirname(file), specifier.text))];
  });
}

/** Files that come back to themselves, each circle once, by depth-first search. */
function circlesOf(imports: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const circles: (readonly string[])[] = [];
  const done = new Set<string>();
  function visit(file: string, path: readonly string[]): void {
    const at = path.indexOf(file);
    if (at >= 0) circles.push([...path.slice(at), file]);
    if (at >= 0 || done.has(file)) return;
    for (const next of imports.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  }
  for (const file of imports.keys()) visit(file, []);
  return circles;
}

function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;
}

function lengthsOf(values: readonly number[]): string {
  return `median ${quantile(values, 0.5)}, 90 % up to ${quantile(values, 0.9)}, longest ${values.reduce((a, b) => Math.max(a, b))}`;
}

function main(): void {
  const all = ['src', 'test', 'scripts'].map((folder) => ({ folder, sources: sourcesIn(folder) }));
  const problems: string[] = [];
  for (const { folder, sources } of all) {
    const lines = sources.flatMap((source) => source.lines);
    const long = lines.filter((line) => line.length > columns).length / lines.length;
    process.stdout.write(
      [
        `${folder}: ${sources.length} files, ${lines.length} lines`,
        `  beyond ${columns} columns: ${(100 * long).toFixed(2)} % of the lines`,
        `  lines of a file: ${lengthsOf(sources.map((source) => source.lines.length))}`,
        `  lines of a function: ${lengthsOf(sources.flatMap(functionLengths))}`,
        '',
      ].join('\n'),
    );
    if (long > mostLong) problems.push(`more than ${100 * mostLong} % of the lines of ${folder} are too long`);
  }
  const sources = all.flatMap((each) => each.sources);
  for (const circle of circlesOf(new Map(sources.map((source) => [source.file, importsOf(source)]))))
    problems.push(`imports in a circle: ${circle.join(' -> ')}`);
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}

main();

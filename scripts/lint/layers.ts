import { dirname, relative, resolve, sep } from 'node:path';
import type { Rule } from 'eslint';

/** Folders of src from the bottom upwards; those on one line stand side by side and do not know each other. */
const layers = [
  ['base'],
  ['api'],
  ['kube', 'prometheus', 'requests'],
  ['mesh'],
  ['plan', 'gates'],
  ['engine'],
  ['operator', 'cli'],
] as const;

/** The same inside of a mesh: folders, folders of folders and files, the longest name that fits. */
const layersOf: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'src/mesh/istio': [
    ['vocabulary', 'telemetry'],
    ['policy'],
    ['policy/translate'],
    ['settings'],
    ['waypoint'],
    ['itinerary.ts'],
    ['network'],
    ['findings'],
    ['rules.ts'],
    ['checks.ts'],
    ['adapter.ts'],
  ],
};

const root = resolve(import.meta.dirname, '..', '..');

/** `src/kube/lease.ts` gives `['src', 'kube', 'lease.ts']`. */
function segments(file: string): readonly string[] {
  return relative(root, file).split(sep);
}

function heightOf(folder: string | undefined): number {
  return layers.findIndex((layer) => layer.some((name) => name === folder));
}

/** How high a file stands in its mesh, and the name by which it does. */
function placeIn(mesh: string, path: string): { readonly height: number; readonly name: string } | undefined {
  const places = (layersOf[mesh] ?? []).flatMap((names, height) => names.map((name) => ({ height, name })));
  return places
    .filter(({ name }) => path === name || path.startsWith(`${name}/`))
    .toSorted((a, b) => b.name.length - a.name.length)[0];
}

/** Why a file of a mesh may not import another one of it, or undefined if it may. */
function innerObjection(importer: readonly string[], imported: readonly string[]): string | undefined {
  const mesh = importer.slice(0, 3).join('/');
  if (layersOf[mesh] === undefined || mesh !== imported.slice(0, 3).join('/')) return undefined;
  const [from, to] = [importer, imported].map((path) => placeIn(mesh, path.slice(3).join('/')));
  if (from === undefined) return `${importer.join('/')} has no layer in ${mesh}: give it one in scripts/lint/layers.ts`;
  return to !== undefined && from.height < to.height
    ? `imports point downwards: ${mesh}/${from.name} must not know ${mesh}/${to.name}`
    : undefined;
}

/** Why a file may not import another, or undefined if it may. */
function objection(importer: string, imported: string): string | undefined {
  const [, from = ''] = segments(importer);
  const [top = '', to = ''] = segments(imported);
  if (top !== 'src') return `src must not depend on ${top}/`;
  if (from === to) return innerObjection(segments(importer), segments(imported));
  if (heightOf(from) < 0) return `src/${from} has no layer: give it one in scripts/lint/layers.ts`;
  return heightOf(to) >= 0 && heightOf(to) < heightOf(from)
    ? undefined
    : `imports point downwards: src/${from} must not know src/${to}`;
}

interface ImportLike {
  readonly source?: { readonly value?: unknown } | null;
}

/** Imports between the folders of src, and inside of a mesh, point downwards, and never out of src. */
export const layerRule: Rule.RuleModule = {
  meta: { type: 'problem', schema: [] },
  create(context) {
    function check(node: Rule.Node): void {
      const specifier = (node as ImportLike).source?.value;
      if (typeof specifier !== 'string' || !specifier.startsWith('.')) return;
      const message = objection(context.filename, resolve(dirname(context.filename), specifier));
      if (message !== undefined) context.report({ node, message });
    }
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
    };
  },
};

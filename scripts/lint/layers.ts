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

const root = resolve(import.meta.dirname, '..', '..');

/** `src/kube/lease.ts` gives `['src', 'kube', 'lease.ts']`. */
function segments(file: string): readonly string[] {
  return relative(root, file).split(sep);
}

function heightOf(folder: string | undefined): number {
  return layers.findIndex((layer) => layer.some((name) => name === folder));
}

/** Why a file may not import another, or undefined if it may. */
function objection(importer: string, imported: string): string | undefined {
  const [, from = ''] = segments(importer);
  const [top = '', to = ''] = segments(imported);
  if (top !== 'src') return `src must not depend on ${top}/`;
  if (from === to) return undefined;
  if (heightOf(from) < 0) return `src/${from} has no layer: give it one in scripts/lint/layers.ts`;
  return heightOf(to) >= 0 && heightOf(to) < heightOf(from)
    ? undefined
    : `imports point downwards: src/${from} must not know src/${to}`;
}

interface ImportLike {
  readonly source?: { readonly value?: unknown } | null;
}

/** Imports between the folders of src point downwards, and never out of src. */
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

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../src/api/object.ts';

/** One object of each kind that anything reads. */
export const corpus: readonly KubeObject[] = parseAllDocuments(
  readFileSync(join(import.meta.dirname, 'corpus.yaml'), 'utf8'),
).map((document) => document.toJS() as KubeObject);

/** The objects of some kinds. */
export function ofKinds(objects: readonly KubeObject[], ...kinds: readonly string[]): readonly KubeObject[] {
  return objects.filter(({ kind }) => kind !== undefined && kinds.includes(kind));
}

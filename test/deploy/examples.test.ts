import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { MeshMigrationSpec } from '../../src/api/mesh-migration-spec.ts';
import { windowFindings } from '../../src/plan/window-findings.ts';

interface Example {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: unknown;
}

const folder = join(import.meta.dirname, '..', '..', 'docs', 'examples');
const examples = readdirSync(folder).map(
  (file) => [file, parse(readFileSync(join(folder, file), 'utf8')) as Example] as const,
);

describe('the examples', () => {
  it.each(examples)('%s has no field that the schema does not know', (_file, example) => {
    expect(example).toMatchObject({ apiVersion: 'meshmigration.dev/v1alpha1', kind: 'MeshMigration' });
    // zod drops what it does not know, so whatever the parsed spec lacks is a misspelt or foreign field.
    expect(MeshMigrationSpec.parse(example.spec)).toMatchObject(example.spec as object);
  });

  it.each(examples)('%s has windows in which something begins', (_file, { metadata, spec }) => {
    const now = Date.parse('2026-11-30T12:00:00Z');
    expect(windowFindings({ metadata, spec: MeshMigrationSpec.parse(spec) }, [], now)).toEqual([]);
  });

  it('can be applied together: their names differ', () => {
    expect(new Set(examples.map(([, example]) => example.metadata.name)).size).toBe(examples.length);
  });
});

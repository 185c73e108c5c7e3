import { describe, expect, it } from '@jest/globals';
import { defaultSpec, filledIn } from './default-spec.ts';
import type { MeshMigrationSpec } from './mesh-migration-spec.ts';

const route = { from: 'IstioSidecar', to: 'IstioAmbient' } as const;
const full = defaultSpec(route);

/** Every path to a default, the deepest too. */
function paths(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path];
  const below = Object.entries(value).flatMap(([key, member]) => paths(member, [...path, key]));
  return path.length === 0 ? below : [path, ...below];
}

function without(path: readonly string[]): MeshMigrationSpec {
  const copy = structuredClone(full) as unknown as Record<string, unknown>;
  let at = copy;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>;
  delete at[path.at(-1) ?? ''];
  return copy as unknown as MeshMigrationSpec;
}

const told = ['from', 'to', 'namespaces'];

describe('a spec that CRDs of a version before this one have let through', () => {
  it.each(paths(full).filter(([first = '']) => !told.includes(first)))(
    'is read as ever without %s %s %s',
    (...path) => {
      expect(filledIn(without(path))).toEqual(full);
    },
  );

  it('keeps what somebody has said, and what nobody knows', () => {
    const spec = { ...full, action: 'Migrate', approval: { mode: 'Required', plans: ['sha256:0'] }, later: { a: 1 } };
    expect(filledIn(spec as MeshMigrationSpec)).toEqual(spec);
  });

  it('is not made whole where it says something of another kind', () => {
    const odd = { ...full, restart: 'soon', from: 'Linkerd' } as unknown as MeshMigrationSpec;
    expect(filledIn(odd)).toEqual(odd);
  });
});

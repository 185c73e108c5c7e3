import { MeshMigrationSpec } from './mesh-migration-spec.ts';

/** What the spec of a MeshMigration between these data planes says where nobody says anything. */
export function defaultSpec({ from, to }: Pick<MeshMigrationSpec, 'from' | 'to'>): MeshMigrationSpec {
  return MeshMigrationSpec.parse({ from, to, namespaces: { names: ['any'] } });
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Of what everybody has to say nothing is taken. */
const {
  from: _from,
  to: _to,
  namespaces: _namespaces,
  ...defaults
} = defaultSpec({ from: 'None', to: 'IstioAmbient' });

function filled(given: unknown, otherwise: unknown): unknown {
  if (given === undefined) return otherwise;
  if (!isMap(given) || !isMap(otherwise)) return given;
  const entries = Object.entries(otherwise).map(([key, value]) => [key, filled(given[key], value)] as const);
  return { ...given, ...Object.fromEntries(entries) };
}

/**
 * A spec with what the API server did not fill in, because the CRDs of the cluster are those of a version before this
 * one, which had fewer fields.
 */
export function filledIn(spec: MeshMigrationSpec): MeshMigrationSpec {
  return filled(spec, defaults) as MeshMigrationSpec;
}

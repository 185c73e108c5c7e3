import { describe, expect, it } from '@jest/globals';
import type { KubeObject, Resource } from '../../src/api/object.ts';
import { memoize } from '../../src/base/memoize.ts';
import { definitionSpec } from './apiserver/crd-types.ts';
import { validateValue } from './apiserver/schema-validate.ts';
import type { StatusCause } from './apiserver/errors.ts';
import type { Schema } from './apiserver/schema.ts';
import { gatewayDefinitions, istioDefinitions } from './fixtures/custom-resource-definitions.ts';
import { modelCauses } from './models.ts';
import { kindSchema, type KindSchema } from './schemas.ts';

type Path = readonly (string | number)[];

const kinds = [...istioDefinitions, ...gatewayDefinitions]
  .map(definitionSpec)
  .map(({ group, names: { plural } }) => kindSchema({ group, plural })!);

function resourceOf({ group, kind, plural, versions, scope }: KindSchema): Resource {
  return { group, kind, plural, version: versions[0]!, namespaced: scope === 'Namespaced' };
}

/** Every field that the schema knows. */
function* fieldsOf(schema: Schema, path: Path): Generator<readonly [Path, Schema]> {
  if (path.length > 0) yield [path, schema];
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    if (path.length > 0 || key === 'spec') yield* fieldsOf(property, [...path, key]);
  }
  if (schema.items !== undefined) yield* fieldsOf(schema.items, [...path, 0]);
  if (typeof schema.additionalProperties === 'object') yield* fieldsOf(schema.additionalProperties, [...path, 'key']);
}

/** Values of every type, those that are just within the bounds of the field, and those just without. */
function valuesFor({ enum: allowed = [], minimum, maximum, minLength, maxLength, maxItems }: Schema) {
  const around = (bound: number | undefined) => (bound === undefined ? [] : [bound - 1, bound, bound + 1]);
  return [
    ...allowed,
    ...[...around(minimum), ...around(maximum)],
    ...[...around(minLength), ...around(maxLength)].map((length) => 'a'.repeat(Math.max(0, length))),
    ...around(maxItems).map((length) => Array.from({ length }, () => 'a')),
    ...[1, 1.5, true, 'A b', '10s', [], ['a'], {}, { key: {} }],
  ];
}

/** Nothing but this field, and what it is in. */
function holding(path: Path, value: unknown): unknown {
  return path.reduceRight((inner, key) => (typeof key === 'number' ? [inner] : { [key]: inner }), value);
}

function fieldName(path: Path): string {
  return path.map((key, index) => (typeof key === 'number' ? `[${key}]` : `${index === 0 ? '' : '.'}${key}`)).join('');
}

interface Difference {
  readonly field: string;
  readonly refusedBy: 'CRD' | 'model';
}

/** Where one refuses a value in a field and the other does not; nothing of what is below such a field. */
const differences = memoize((kind: KindSchema): readonly Difference[] => {
  const resource = resourceOf(kind);
  const found: Difference[] = [];
  for (const [path, schema] of fieldsOf(kind.schema, [])) {
    const field = fieldName(path);
    if (found.some((above) => field.startsWith(above.field))) continue;
    const refuses = (causes: readonly StatusCause[]) => causes.some((cause) => cause.field?.startsWith(field));
    for (const value of valuesFor(schema)) {
      const object = { metadata: { name: 'web' }, ...(holding(path, value) as object) } as KubeObject;
      const byCrd = refuses(validateValue(object, undefined, kind.schema, ''));
      if (byCrd !== refuses(modelCauses(resource, object)!)) {
        found.push({ field, refusedBy: byCrd ? 'CRD' : 'model' });
        break;
      }
    }
  }
  return found;
});

/** `DestinationRule http2KeepAlive`, wherever that is in a DestinationRule. */
function named(refusedBy: Difference['refusedBy'], modelled: readonly KindSchema[]): readonly string[] {
  const names = modelled.flatMap((kind) =>
    differences(kind)
      .filter((difference) => difference.refusedBy === refusedBy)
      .map(({ field }) => `${kind.kind} ${field.split('.').at(-1)!}`),
  );
  return [...new Set(names)].sort();
}

describe('the models of @kubernetes-models, against the CRDs of the versions that are tested', () => {
  const modelled = kinds.filter((kind) => modelCauses(resourceOf(kind), { metadata: { name: 'web' } }) !== undefined);

  // The models know no rules in CEL, let unknown fields and null pass, and are made of Istio 1.29.
  it('say the same of each type and bound of each field, but for fields that are newer', () => {
    expect(named('CRD', modelled)).toEqual([
      'AuthorizationPolicy notTrustDomains',
      'AuthorizationPolicy trustDomains',
      'DestinationRule budgetInterval',
      'DestinationRule http2KeepAlive',
      'DestinationRule outlierDetectionHttpErrorCodes',
      'DestinationRule zoneAwareLbSetting',
      'Gateway insecureSkipVerify',
      'GatewayClass description',
      'Sidecar http2KeepAlive',
      'Sidecar insecureSkipVerify',
      'Telemetry disableContextPropagation',
      'VirtualService prefixRewrite',
    ]);
  });

  it('refuse nothing that the CRDs take, but for values that are newer', () => {
    expect(named('model', modelled)).toEqual(['EnvoyFilter operation']);
  });

  it('are missing for a kind that is newer', () => {
    expect(kinds.filter((kind) => !modelled.includes(kind)).map(({ kind }) => kind)).toEqual(['TrafficExtension']);
  });
});

import { createRequire } from 'node:module';
import type { KubeObject, Resource } from '../../src/api/object.ts';
import type { StatusCause } from './apiserver/errors.ts';

interface ModelClass {
  readonly apiVersion: string;
  readonly prototype: { readonly validate: (this: object) => void };
}

/** By API group and kind. */
type ModelClasses = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** What they throw (ajv). */
interface Complaint {
  readonly errors: readonly { readonly instancePath: string; readonly message?: string }[];
}

let { modelClasses } = globalThis as { readonly modelClasses?: ModelClasses };

/**
 * Jest gives each test file modules of its own, and these are many: jest.environment.mjs has one set for all files. A
 * program loads them when it asks.
 */
function loaded(): ModelClasses {
  const load = createRequire(import.meta.url) as (path: string) => { readonly modelClasses: ModelClasses };
  modelClasses ??= load('./model-classes.ts').modelClasses;
  return modelClasses;
}

/** `/spec/rules/0/from` as the API server writes it: `spec.rules[0].from`. */
function fieldOf(instancePath: string): string {
  return instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/'))
    .map((part, index) => (/^\d+$/.test(part) ? `[${part}]` : `${index === 0 ? '' : '.'}${part}`))
    .join('');
}

/**
 * What the models of @kubernetes-models say against an object, apart from its metadata; undefined when there is no model
 * of its kind.
 */
export function modelCauses({ group, kind }: Resource, object: KubeObject): readonly StatusCause[] | undefined {
  const Model = loaded()[group]?.[kind] as ModelClass | undefined;
  if (Model === undefined) return undefined;
  try {
    Model.prototype.validate.call({ ...object, apiVersion: Model.apiVersion, metadata: {} });
    return [];
  } catch (error) {
    return (error as Complaint).errors.map(({ instancePath, message = '' }) => ({
      reason: 'FieldValueInvalid',
      message: `its model says: ${message}`,
      field: fieldOf(instancePath),
    }));
  }
}

import type { KubeObject, Resource } from '../../src/api/object.ts';
import type { StatusCause } from './apiserver/errors.ts';

interface ModelClass {
  readonly apiVersion: string;
  readonly prototype: { readonly validate: (this: object) => void };
}

interface Loaded {
  /** By API group and kind. */
  readonly modelClasses: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** What they throw (ajv). */
interface Complaint {
  readonly errors: readonly { readonly instancePath: string; readonly message?: string }[];
}

/** Jest gives each test file modules of its own, and these are many; jest.environment.mjs keeps one set for all. */
const { loadModelClasses = () => import('./model-classes.ts') } = globalThis as {
  readonly loadModelClasses?: () => Promise<Loaded>;
};
const { modelClasses }: Loaded = await loadModelClasses();

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
  const Model = modelClasses[group]?.[kind] as ModelClass | undefined;
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

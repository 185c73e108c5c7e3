/** A validation rule in CEL (x-kubernetes-validations). */
export interface SchemaRule {
  readonly rule: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason?: string;
  readonly fieldPath?: string;
  readonly optionalOldSelf?: boolean;
}

/** A node of a structural schema (apiextensions JSONSchemaProps), as far as the API server acts on it. */
export interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly default?: unknown;
  readonly nullable?: boolean;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly exclusiveMaximum?: boolean;
  readonly multipleOf?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly not?: Schema;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: 'atomic' | 'granular';
  readonly 'x-kubernetes-validations'?: readonly SchemaRule[];
}

/** The schema of the members that `properties` does not name; undefined when there is none. */
export function additionalSchema(schema: Schema): Schema | undefined {
  if (schema.additionalProperties === true) return { 'x-kubernetes-preserve-unknown-fields': true };
  return schema.additionalProperties === false ? undefined : schema.additionalProperties;
}

/** The schema of one member of an object. */
export function memberSchema(schema: Schema, key: string): Schema | undefined {
  return schema.properties?.[key] ?? additionalSchema(schema);
}

/** Fields at the root of every object that schemas need not mention. */
export const rootFields: readonly string[] = ['apiVersion', 'kind', 'metadata'];

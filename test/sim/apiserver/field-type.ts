/**
 * How server-side apply and strategic merge see a value (structured-merge-diff schema). Without anything said, an
 * object is a struct whose fields merge one by one and a list is taken whole.
 */
export interface FieldType {
  /** The object or list is taken whole. */
  readonly atomic?: true;
  /** The object is a map: its keys are data and belong to somebody themselves. The value types its members. */
  readonly map?: FieldType;
  /** Types of the struct's fields; a field that is not named here has the type `rest`, or the default. */
  readonly fields?: Readonly<Record<string, FieldType>>;
  /** The type of fields that `fields` does not name; they count as map keys (a CRD's unknown fields). */
  readonly rest?: FieldType;
  /** The list is a map by these fields of its items (x-kubernetes-list-map-keys). */
  readonly keys?: readonly string[];
  /** Values of key fields that an item leaves out. */
  readonly keyDefaults?: Readonly<Record<string, unknown>>;
  /** The list is a set of scalars. */
  readonly set?: true;
  /** The type of the list's items. */
  readonly items?: FieldType;
}

/** Scalars, structs and atomic lists. */
export const plain: FieldType = {};

/** A value without a schema: its maps are granular, its lists whole. */
export const untyped: FieldType = (() => {
  const type: { map?: FieldType } = {};
  type.map = type;
  return type;
})();

/** The type of the member `key` of an object. */
export function memberType(type: FieldType, key: string): FieldType {
  return type.fields?.[key] ?? type.map ?? type.rest ?? plain;
}

/** Whether `key` is data (a map key) and not a field that the type names. */
export function isMapKey(type: FieldType, key: string): boolean {
  return type.fields?.[key] === undefined && (type.map !== undefined || type.rest !== undefined);
}

/** Whether the list's items are merged one by one. */
export function isAssociative(type: FieldType): boolean {
  return type.atomic !== true && (type.set === true || type.keys !== undefined);
}

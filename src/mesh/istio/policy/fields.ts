import type { Operation, Source, When } from './types.ts';

/*
 * The fields of a rule in one form: each asks about one attribute of a request. `from` and `to` have fields for most attributes
 * that `when` has keys for, and istiod treats both alike (istio/istio pilot/pkg/security/authz/model/model.go, New).
 */

/** Values that an attribute must have, and values that it must not. Both empty: the field is not set. */
export interface Predicate {
  /** A key of `when`, or one of `operation.host`, `operation.method`, `operation.path`, which have none. */
  readonly attribute: string;
  readonly field: string;
  readonly values: readonly string[];
  readonly notField: string;
  readonly notValues: readonly string[];
}

interface FieldRow<Part> {
  readonly attribute: string;
  readonly field: keyof Part & string;
  readonly notField: keyof Part & string;
}

/**
 * In the order in which istiod puts them into Envoy's configuration: each goes to the front, so the last one is first.
 */
const sourceFields: readonly FieldRow<Source>[] = [
  { attribute: 'source.principal', field: 'principals', notField: 'notPrincipals' },
  { attribute: 'request.auth.principal', field: 'requestPrincipals', notField: 'notRequestPrincipals' },
  { attribute: 'source.serviceAccount', field: 'serviceAccounts', notField: 'notServiceAccounts' },
  { attribute: 'source.trustDomain', field: 'trustDomains', notField: 'notTrustDomains' },
  { attribute: 'source.namespace', field: 'namespaces', notField: 'notNamespaces' },
  { attribute: 'remote.ip', field: 'remoteIpBlocks', notField: 'notRemoteIpBlocks' },
  { attribute: 'source.ip', field: 'ipBlocks', notField: 'notIpBlocks' },
];

const operationFields: readonly FieldRow<Operation>[] = [
  { attribute: 'operation.host', field: 'hosts', notField: 'notHosts' },
  { attribute: 'operation.method', field: 'methods', notField: 'notMethods' },
  { attribute: 'operation.path', field: 'paths', notField: 'notPaths' },
  { attribute: 'destination.port', field: 'ports', notField: 'notPorts' },
];

function predicates<Part extends Source | Operation>(
  rows: readonly FieldRow<Part>[],
  part: Part & Readonly<Record<string, readonly string[]>>,
): readonly Predicate[] {
  return rows
    .map((row) => ({ ...row, values: part[row.field] ?? [], notValues: part[row.notField] ?? [] }))
    .filter(isSet);
}

function isSet({ values, notValues }: Predicate): boolean {
  return values.length > 0 || notValues.length > 0;
}

/** The fields that are set in a `from` element, in istiod's order. */
export function sourcePredicates(source: Source): readonly Predicate[] {
  return predicates(sourceFields, { ...source });
}

/** The fields that are set in a `to` element, in istiod's order. */
export function operationPredicates(operation: Operation): readonly Predicate[] {
  return predicates(operationFields, { ...operation });
}

/** The conditions of a rule, in their order; one without values restricts nothing, as in istiod. */
export function whenPredicates(when: readonly When[]): readonly Predicate[] {
  return when
    .map(({ key, values, notValues }) => ({ attribute: key, field: key, values, notField: key, notValues }))
    .filter(isSet);
}

/** Every name that `from[].source` may have. */
export const sourceFieldNames: readonly string[] = sourceFields.flatMap(({ field, notField }) => [field, notField]);

/** Every name that `to[].operation` may have. */
export const operationFieldNames: readonly string[] = operationFields.flatMap(({ field, notField }) => [
  field,
  notField,
]);

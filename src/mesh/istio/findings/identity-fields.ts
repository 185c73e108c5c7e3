import { list, record, records, text, type Json } from '../../json.ts';

/* What an AuthorizationPolicy asks of the identity of its caller, which plaintext does not carry. */

/** What holds of a caller without an identity: never what asks for one, always what asks that he is not somebody. */
type Nameless = 'Never' | 'Always';

/**
 * A field of a source, its negation, the key of a condition, and the namespaces of whose workloads a value may speak;
 * undefined: of any.
 */
interface IdentityField {
  readonly field: string;
  readonly not: string;
  readonly key: string;
  readonly namespaceOf: (value: string, home: string) => string | undefined;
}

const principal = /^[^/*]+\/ns\/([^/*]+)\/sa\/[^/]+$/;

const fields: readonly IdentityField[] = [
  {
    field: 'principals',
    not: 'notPrincipals',
    key: 'source.principal',
    namespaceOf: (value) => principal.exec(value)?.[1],
  },
  {
    field: 'namespaces',
    not: 'notNamespaces',
    key: 'source.namespace',
    namespaceOf: (value) => (value.includes('*') ? undefined : value),
  },
  {
    field: 'serviceAccounts',
    not: 'notServiceAccounts',
    key: 'source.serviceAccount',
    namespaceOf: (value, home) => (value.includes('/') ? value.split('/')[0] : home),
  },
];

/** The part of a rule that decides by the identity: what it asks for, and what it excludes. */
interface Asked {
  readonly field: IdentityField;
  readonly values: readonly unknown[];
  readonly notValues: readonly unknown[];
}

/** Each way in which a rule can hold, as what it asks about the identity. */
function ways(rule: Json): readonly (readonly Asked[])[] {
  const conditions = records(rule['when']).flatMap((condition) =>
    fields
      .filter(({ key }) => key === text(condition['key']))
      .map((field): Asked => ({ field, values: list(condition['values']), notValues: list(condition['notValues']) })),
  );
  const sources = records(rule['from']).map((from) => record(from['source']));
  return (sources.length === 0 ? [{}] : sources).map((source: Json) => [
    ...conditions,
    ...fields.map((field): Asked => ({ field, values: list(source[field.field]), notValues: list(source[field.not]) })),
  ]);
}

function mayName(caller: string, { namespaceOf }: IdentityField, value: unknown, home: string): boolean {
  const namespace = typeof value === 'string' ? namespaceOf(value, home) : undefined;
  return namespace === undefined || namespace === caller;
}

/**
 * What becomes of one way to hold for a caller of a namespace who shows no identity any more; undefined: it never spoke
 * of him, or does as before.
 */
function becomes(way: readonly Asked[], caller: string, home: string): Nameless | undefined {
  const asking = way.filter(({ values }) => values.length > 0);
  if (asking.some(({ field, values }) => !values.some((value) => mayName(caller, field, value, home))))
    return undefined;
  if (asking.length > 0) return 'Never';
  return way.some(({ field, notValues }) => notValues.some((value) => mayName(caller, field, value, home)))
    ? 'Always'
    : undefined;
}

/**
 * What becomes of what a policy of namespace `home` says of workloads of `caller` whose calls carry no identity any
 * more: `Opens` where something that it refuses may get through, `Refuses` where it refuses what it lets through.
 */
export function withoutIdentity(spec: Json, caller: string, home: string): ReadonlySet<'Opens' | 'Refuses'> {
  const action = text(spec['action']) ?? 'ALLOW';
  if (action === 'AUDIT') return new Set();
  const found = records(spec['rules'])
    .flatMap(ways)
    .map((way) => becomes(way, caller, home))
    .filter((each) => each !== undefined);
  return new Set(found.map((each) => ((each === 'Always') === (action === 'ALLOW') ? 'Opens' : 'Refuses')));
}

/** Whether a policy lets somebody in who shows no identity. */
export function admitsNameless(spec: Json): boolean {
  return records(spec['rules'])
    .flatMap(ways)
    .some((way) => way.every(({ values }) => values.length === 0));
}

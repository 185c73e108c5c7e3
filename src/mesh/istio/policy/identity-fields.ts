import { memoize } from '../../../base/memoize.ts';
import { list, record, records, text, type Json } from '../../json.ts';
import type { ConfigView } from '../../views.ts';

/* What an AuthorizationPolicy asks of the identity of its caller, which plaintext does not carry. */

/** Whom a value names: one account, or all that call from the namespace. */
export interface Named {
  readonly namespace: string;
  readonly serviceAccount?: string;
}

/**
 * A field of a source, its negation, the key of a condition, and whom a value names; undefined: it may be somebody of
 * any namespace.
 */
interface IdentityField {
  readonly field: 'principals' | 'serviceAccounts' | 'namespaces' | 'trustDomains';
  readonly not: string;
  readonly key: string;
  readonly namedBy: (value: string, home: string) => Named | undefined;
}

/**
 * `*` stands for the begin or the end of a value (security/authz/matcher in istio): a namespace that is whole between
 * two slashes is named all the same.
 */
const principals = [/^[^/]*\/ns\/([^/*]+)\/(?:sa\/([^/]+)|[^/]*\*)$/, /^\*[^/]*\/([^/*]+)\/sa\/([^/]+)$/];

function byPrincipal(value: string): Named | undefined {
  const match = principals.map((each) => each.exec(value)).find((each) => each !== null);
  const [, namespace, serviceAccount] = match ?? [];
  if (namespace === undefined) return undefined;
  return serviceAccount === undefined || serviceAccount.includes('*') ? { namespace } : { namespace, serviceAccount };
}

function byAccount(value: string, home: string): Named {
  const [first = '', second] = value.split('/');
  return second === undefined
    ? { namespace: home, serviceAccount: first }
    : { namespace: first, serviceAccount: second };
}

/** By what a policy names callers; where a source does so by several fields, the first that is precise enough counts. */
export const identityFields: readonly IdentityField[] = [
  { field: 'principals', not: 'notPrincipals', key: 'source.principal', namedBy: byPrincipal },
  { field: 'serviceAccounts', not: 'notServiceAccounts', key: 'source.serviceAccount', namedBy: byAccount },
  {
    field: 'namespaces',
    not: 'notNamespaces',
    key: 'source.namespace',
    namedBy: (value) => (value.includes('*') ? undefined : { namespace: value }),
  },
  // Since Istio 1.31. It names nobody, but plaintext carries none.
  { field: 'trustDomains', not: 'notTrustDomains', key: 'source.trustDomain', namedBy: () => undefined },
];

/** The namespaces of which something speaks. */
type Spoken = 'Any' | ReadonlySet<string>;

function spokenOf({ namedBy }: IdentityField, values: readonly unknown[], home: string): Spoken {
  const found = new Set<string>();
  for (const value of values) {
    const namespace = typeof value === 'string' ? namedBy(value, home)?.namespace : undefined;
    if (namespace === undefined) return 'Any';
    found.add(namespace);
  }
  return found;
}

/** What a source, or the conditions of a rule, ask of the identity: of whom they may speak, and whom they exclude. */
interface Asked {
  readonly asks: readonly Spoken[];
  readonly excludes: readonly Spoken[];
}

function askedBy(of: readonly (readonly [IdentityField, unknown, unknown])[], home: string): Asked {
  const spoken = (place: 1 | 2): readonly Spoken[] =>
    of.flatMap((each) => {
      const values = list(each[place]);
      return values.length === 0 ? [] : [spokenOf(each[0], values, home)];
    });
  return { asks: spoken(1), excludes: spoken(2) };
}

/** Those of whom all of them speak. */
function common(all: readonly Spoken[]): Spoken {
  const [smallest, ...others] = all.filter((each) => each !== 'Any').toSorted((a, b) => a.size - b.size);
  if (smallest === undefined) return 'Any';
  if (others.length === 0) return smallest;
  return new Set([...smallest].filter((name) => others.every((other) => other.has(name))));
}

/** Of whom at least one of them speaks; what is the same is gone through once. */
function together(all: Iterable<Spoken>): Spoken {
  const found = new Set<string>();
  for (const each of new Set(all)) {
    if (each === 'Any') return 'Any';
    for (const name of each) found.add(name);
  }
  return found;
}

/**
 * What becomes of a policy for callers who show no identity any more: what asks for one never holds, and what asks that
 * he is not somebody always does.
 */
interface Reading {
  /** Whose calls some way to hold speaks of, and never again. */
  readonly never: Spoken;
  /** Whom some way to hold excludes, and no longer. */
  readonly always: Spoken;
  /** Whether some way to hold asks for no identity. */
  readonly admits: boolean;
}

/** A policy, as far as it tells who it is about. */
type Asking = Pick<ConfigView, 'spec' | 'namespace'>;

/**
 * Read once for as long as it stays as it is, whoever calls: each look asks about the policies of everybody. What the
 * conditions of a rule ask is worked out once and not for each of its sources.
 */
const readingOf = memoize(({ spec, namespace: home }: Asking): Reading => {
  const [never, always] = [new Set<Spoken>(), new Set<Spoken>()];
  let admits = false;
  for (const rule of records(spec['rules'])) {
    const conditions = askedBy(
      records(rule['when']).flatMap((condition) =>
        identityFields
          .filter(({ key }) => key === text(condition['key']))
          .map((field) => [field, condition['values'], condition['notValues']] as const),
      ),
      home,
    );
    const shared = conditions.asks.length === 0 ? [] : [common(conditions.asks)];
    const sources = records(rule['from']).map((from) => record(from['source']));
    for (const source of sources.length === 0 ? [{}] : sources) {
      const own = ofSource(source, home);
      const asks = [...shared, ...own.asks];
      if (asks.length > 0) never.add(common(asks));
      else for (const each of [...conditions.excludes, ...own.excludes]) always.add(each);
      admits ||= asks.length === 0;
    }
  }
  return { never: together(never), always: together(always), admits };
});

function ofSource(source: Json, home: string): Asked {
  return askedBy(
    identityFields.map((field) => [field, source[field.field], source[field.not]] as const),
    home,
  );
}

function speaksOf(spoken: Spoken, namespace: string): boolean {
  return spoken === 'Any' || spoken.has(namespace);
}

/**
 * What becomes of what a policy says of workloads of `caller` whose calls carry no identity any more: `Opens` where
 * something that it refuses may get through, `Refuses` where it refuses what it lets through.
 */
export function withoutIdentity(policy: Asking, caller: string): ReadonlySet<'Opens' | 'Refuses'> {
  const action = text(policy.spec['action']) ?? 'ALLOW';
  if (action === 'AUDIT') return new Set();
  const { never, always } = readingOf(policy);
  const [ofNever, ofAlways] = action === 'ALLOW' ? (['Refuses', 'Opens'] as const) : (['Opens', 'Refuses'] as const);
  return new Set([...(speaksOf(never, caller) ? [ofNever] : []), ...(speaksOf(always, caller) ? [ofAlways] : [])]);
}

/** Whether a policy lets somebody in who shows no identity. */
export function admitsNameless(policy: ConfigView): boolean {
  return readingOf(policy).admits;
}

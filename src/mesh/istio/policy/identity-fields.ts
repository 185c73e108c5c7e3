import { memoize } from '../../../base/memoize.ts';
import { list, record, records, text, type Json } from '../../json.ts';
import type { ConfigView } from '../../views.ts';

/* What an AuthorizationPolicy asks of the identity of its caller, which plaintext does not carry. */

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

/** The namespaces of which something speaks. */
type Spoken = 'Any' | ReadonlySet<string>;

function spokenOf({ namespaceOf }: IdentityField, values: readonly unknown[], home: string): Spoken {
  const found = new Set<string>();
  for (const value of values) {
    const namespace = typeof value === 'string' ? namespaceOf(value, home) : undefined;
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
        fields
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
    fields.map((field) => [field, source[field.field], source[field.not]] as const),
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

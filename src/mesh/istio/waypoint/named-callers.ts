import { memoize } from '../../../base/memoize.ts';
import { text } from '../../json.ts';
import type { ConfigView } from '../../views.ts';
import { identityFields } from '../policy/identity-fields.ts';
import { parsed } from '../policy/parsed.ts';
import type { Rule, Source } from '../policy/types.ts';
import type { Caller } from './callers.ts';

/* Whom ALLOW policies name as callers. */

/** By what a source names callers. */
type Names = Pick<Source, (typeof identityFields)[number]['field']>;

/**
 * The callers that a source names; undefined if it leaves open who they are. Several fields restrict each other, so one
 * that names them is enough.
 */
function ofSource(source: Names, home: string): readonly Caller[] | undefined {
  for (const { field, namedBy } of identityFields) {
    const callers = source[field].flatMap((value) => namedBy(value, home) ?? []);
    if (callers.length > 0 && callers.length === source[field].length) return callers;
  }
  return undefined;
}

/** The callers that a rule names; undefined if it leaves open who they are. */
export function ofRule(rule: Rule, home: string): readonly Caller[] | undefined {
  const found = rule.from.map((source) => ofSource(source, home));
  return found.length === 0 || found.some((callers) => callers === undefined)
    ? undefined
    : found.flatMap((callers) => callers ?? []);
}

/** Those that a source names one by one, whoever else it is about: by any of its fields, because nobody may be missing. */
function someOfSource(source: Names, home: string): readonly Caller[] {
  const each = identityFields.flatMap(({ field, namedBy }) =>
    source[field].flatMap((value) => namedBy(value, home) ?? []),
  );
  return ofSource(source, home) ?? each;
}

/**
 * Those whom a rule names one by one that leaves open who else calls. Its sources and its conditions count both:
 * another source of it may be open, and then a condition says who comes through that.
 */
export function namedInRule({ from, when }: Rule, home: string): readonly Caller[] {
  return [
    ...from.flatMap((source) => someOfSource(source, home)),
    ...when.flatMap(({ key, values }) =>
      identityFields
        .filter((field) => field.key === key)
        .flatMap(({ namedBy }) => values.flatMap((value) => namedBy(value, home) ?? [])),
    ),
  ];
}

/**
 * The namespaces that an ALLOW policy names as those of its callers, and whether one of its rules leaves open who they
 * are.
 */
export interface NamedNamespaces {
  readonly namespaces: ReadonlySet<string>;
  readonly open: boolean;
}

/**
 * Read once for as long as the policy stays as it is: everybody asks whether his own is among them. Undefined of what
 * lets nobody through.
 */
export const namespacesNamedBy: (config: ConfigView) => NamedNamespaces | undefined = memoize(
  (config: ConfigView): NamedNamespaces | undefined => {
    // What lets nobody through need not be parsed for that, however large it is.
    if (['DENY', 'AUDIT', 'CUSTOM'].includes(text(config.spec['action']) ?? '')) return undefined;
    const policy = parsed(config);
    if (policy?.kind !== 'AuthorizationPolicy' || policy.action !== 'ALLOW' || policy.dryRun) return undefined;
    const found = policy.rules.map((rule) => ofRule(rule, policy.namespace));
    return {
      namespaces: new Set(found.flatMap((callers) => callers ?? []).map(({ namespace }) => namespace)),
      open: found.includes(undefined),
    };
  },
);

/** All callers that an ALLOW policy names, also beside what leaves open who calls: a rule, a source, another name. */
export const callersNamedBy: (config: ConfigView) => readonly Caller[] = memoize(
  (config: ConfigView): readonly Caller[] => {
    const policy = namespacesNamedBy(config) === undefined ? undefined : parsed(config);
    if (policy?.kind !== 'AuthorizationPolicy') return [];
    const { namespace, rules } = policy;
    return rules.flatMap((rule) => ofRule(rule, namespace) ?? namedInRule(rule, namespace));
  },
);

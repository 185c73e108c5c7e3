import fc from 'fast-check';
import type { Json } from '../../../src/mesh/json.ts';
import { oddKeys, operationKinds, sourceKinds, valuesOf, whenKinds, type ValueKind } from './arbitrary-values.ts';

/** How many times more often a value is one that Istio accepts. */
const oddness = 400;

/** Where policies of a batch may be, and what they may be attached to. */
export interface Surface {
  readonly namespaces: readonly string[];
  readonly labels: readonly Readonly<Record<string, string>>[];
  readonly targets: readonly { readonly group?: string; readonly kind: string; readonly name: string }[];
  readonly providers: readonly string[];
}

/** An AuthorizationPolicy that has no name yet. */
export interface GeneratedPolicy {
  readonly namespace: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: Json;
}

/** A field and its negation, either or both. */
function pair(name: string, negation: string, kind: ValueKind): fc.Arbitrary<Json> {
  const values = valuesOf(kind, oddness);
  return fc.oneof(
    { weight: 5, arbitrary: fc.record({ [name]: values }) },
    { weight: 3, arbitrary: fc.record({ [negation]: values }) },
    { weight: 1, arbitrary: fc.record({ [name]: values, [negation]: values }) },
  );
}

function negationOf(field: string): string {
  return `not${field.slice(0, 1).toUpperCase()}${field.slice(1)}`;
}

/** One element of `from` or `to`: some of its fields. */
function element(kinds: Readonly<Record<string, ValueKind>>): fc.Arbitrary<Json> {
  const fields = Object.entries(kinds);
  return fc
    .subarray(fields, { minLength: 1, maxLength: 3 })
    .chain((chosen) =>
      fc
        .tuple(...chosen.map(([field, kind]) => pair(field, negationOf(field), kind)))
        .map((parts) => Object.assign({}, ...parts) as Json),
    );
}

/**
 * Istio refuses ServiceAccounts beside namespaces or principals: such a combination says nothing new, and is made
 * rarely.
 */
function compatible(source: Json): Json {
  const accounts = ['serviceAccounts', 'notServiceAccounts'];
  const others = ['principals', 'notPrincipals', 'namespaces', 'notNamespaces'];
  const clash = accounts.some((field) => field in source) && others.some((field) => field in source);
  return clash && JSON.stringify(source).length % 20 !== 0
    ? Object.fromEntries(Object.entries(source).filter(([field]) => !accounts.includes(field)))
    : source;
}

const when: fc.Arbitrary<Json> = fc.oneof(
  {
    weight: oddness,
    arbitrary: fc
      .constantFrom(...Object.entries(whenKinds))
      .chain(([key, kind]) => pair('values', 'notValues', kind).map((values) => ({ key, ...values }))),
  },
  { weight: 1, arbitrary: fc.constantFrom(...oddKeys).map((key) => ({ key, values: ['a'] })) },
  { weight: 1, arbitrary: fc.constantFrom(...Object.keys(whenKinds)).map((key) => ({ key })) },
  { weight: 1, arbitrary: fc.constant({ values: ['a'] }) },
);

function oddly(usual: fc.Arbitrary<Json>, ...odd: readonly unknown[]): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: oddness, arbitrary: usual }, { weight: 1, arbitrary: fc.constantFrom<unknown>(...odd) });
}

const from = oddly(
  element(sourceKinds).map((source) => ({ source: compatible(source) })),
  {},
  { source: {} },
  { source: { principals: [] } },
);
const to = oddly(
  element(operationKinds).map((operation) => ({ operation })),
  {},
  { operation: {} },
  { operation: { ports: [] } },
);

function upTo<T>(value: fc.Arbitrary<T>): fc.Arbitrary<readonly T[] | undefined> {
  return fc.oneof(
    { weight: 120, arbitrary: fc.constant(undefined) },
    { weight: 240, arbitrary: fc.array(value, { minLength: 1, maxLength: 1 }) },
    { weight: 90, arbitrary: fc.array(value, { minLength: 2, maxLength: 3 }) },
    { weight: 1, arbitrary: fc.constant([]) },
  );
}

/** Members that are undefined are left out, as YAML does. */
function present(members: Readonly<Record<string, unknown>>): Json {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

const rule: fc.Arbitrary<Json> = fc.record({ from: upTo(from), to: upTo(to), when: upTo(when) }).map(present);

const rules: fc.Arbitrary<readonly Json[] | undefined> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.constant([]) },
  { weight: 70, arbitrary: fc.array(rule, { minLength: 1, maxLength: 1 }) },
  { weight: 36, arbitrary: fc.array(rule, { minLength: 2, maxLength: 3 }) },
);

function actionAndProvider(providers: readonly string[]): fc.Arbitrary<Json> {
  return fc.oneof(
    { weight: 30, arbitrary: fc.constant({}) },
    { weight: 120, arbitrary: fc.constant({ action: 'ALLOW' }) },
    { weight: 160, arbitrary: fc.constant({ action: 'DENY' }) },
    { weight: 30, arbitrary: fc.constant({ action: 'AUDIT' }) },
    { weight: 20, arbitrary: fc.constantFrom(...providers).map((name) => ({ action: 'CUSTOM', provider: { name } })) },
    {
      weight: 1,
      arbitrary: fc.constantFrom<Json>(
        { action: 'CUSTOM' },
        { action: 'DENY', provider: { name: 'x' } },
        { action: 'CUSTOM', provider: {} },
        { action: 'REJECT' },
        { action: 'deny' },
        { provider: {} },
      ),
    },
  );
}

function attachment(surface: Surface): fc.Arbitrary<Json> {
  const target = fc.constantFrom(...surface.targets);
  const labels = fc.constantFrom(...surface.labels);
  return fc.oneof(
    { weight: 80, arbitrary: fc.constant({}) },
    { weight: 80, arbitrary: labels.map((matchLabels) => ({ selector: { matchLabels } })) },
    { weight: 10, arbitrary: fc.constantFrom<Json>({ selector: {} }, { selector: { matchLabels: {} } }) },
    { weight: 50, arbitrary: fc.array(target, { minLength: 1, maxLength: 3 }).map((targetRefs) => ({ targetRefs })) },
    { weight: 10, arbitrary: target.map((targetRef) => ({ targetRef })) },
    {
      weight: 3,
      arbitrary: fc.constantFrom<Json>(
        { targetRefs: [] },
        { selector: { matchLabels: { app: '*' } } },
        { selector: { matchLabels: { '': 'x' } } },
        { targetRefs: [{ kind: 'Pod', name: 'x' }] },
        { targetRefs: [{ kind: 'Service', name: 'web', namespace: 'other' }] },
        { selector: { matchLabels: { app: 'web' } }, targetRefs: [{ kind: 'Service', name: 'web' }] },
        { targetRef: { kind: 'Service', name: 'web' }, targetRefs: [{ kind: 'Service', name: 'api' }] },
        { targetRefs: [{ group: 'core', kind: 'Service', name: 'web' }] },
        { targetRefs: [{ kind: 'Service', name: '' }] },
      ),
    },
  );
}

const annotations: fc.Arbitrary<Readonly<Record<string, string>>> = fc.oneof(
  { weight: 30, arbitrary: fc.constant({}) },
  { weight: 3, arbitrary: fc.constant({ 'istio.io/dry-run': 'true' }) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('false', 'True', 'TRUE', 'T', 't', '1', '0', 'yes', 'tRue', '', ' true', 'F')
      .map((value) => ({ 'istio.io/dry-run': value })),
  },
);

/** AuthorizationPolicies of every action, scope, field and form of value. */
export function arbitraryPolicy(surface: Surface): fc.Arbitrary<GeneratedPolicy> {
  return fc
    .record({
      namespace: fc.constantFrom(...surface.namespaces),
      annotations,
      action: actionAndProvider(surface.providers),
      attached: attachment(surface),
      rules,
    })
    .map((parts) => ({
      namespace: parts.namespace,
      annotations: parts.annotations,
      spec: present({ ...parts.attached, ...parts.action, rules: parts.rules }),
    }));
}

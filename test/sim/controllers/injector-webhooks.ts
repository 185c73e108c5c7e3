import { selects } from './label-selector.ts';
import type { LabelSelector, SelectorRequirement } from './pod-types.ts';

type Labels = Readonly<Record<string, string>> | undefined;

/** One injection webhook: fires when both selectors match. */
export interface InjectionWebhook {
  readonly name: string;
  readonly namespaceSelector: LabelSelector;
  readonly objectSelector: LabelSelector;
}

const injection = 'istio-injection';
const revision = 'istio.io/rev';
const inject = 'sidecar.istio.io/inject';

/** Prefix of the name, requirements on the namespace, requirements on the pod. */
type Row = readonly [prefix: string, namespace: readonly SelectorRequirement[], pod: readonly SelectorRequirement[]];

const notRefused: SelectorRequirement = { key: inject, operator: 'NotIn', values: ['false'] };
const unlabelled: readonly SelectorRequirement[] = [absent(injection), absent(revision)];

function absent(key: string): SelectorRequirement {
  return { key, operator: 'DoesNotExist' };
}

function among(key: string, value: string): SelectorRequirement {
  return { key, operator: 'In', values: [value] };
}

function revisionRows(name: string): readonly Row[] {
  return [
    ['rev.namespace.', [among(revision, name), absent(injection)], [notRefused]],
    ['rev.object.', unlabelled, [notRefused, among(revision, name)]],
  ];
}

const defaultRows: readonly Row[] = [
  ['namespace.', [among(injection, 'enabled')], [notRefused]],
  ['object.', unlabelled, [among(inject, 'true'), absent(revision)]],
];

const byDefaultRow: Row = ['auto.', unlabelled, [absent(inject), absent(revision)]];

/**
 * The webhooks of one revision of istiod, as its chart installs them (istio-discovery `mutatingwebhook.yaml`): the
 * default revision also serves the labels that name no revision, with `enableNamespacesByDefault` even namespaces
 * without any label.
 */
export function injectionWebhooks(
  name: string,
  options: { readonly enableNamespacesByDefault?: boolean } = {},
): readonly InjectionWebhook[] {
  const rows = [
    ...revisionRows(name),
    ...(name === 'default' ? defaultRows : []),
    ...(name === 'default' && options.enableNamespacesByDefault === true ? [byDefaultRow] : []),
  ];
  return rows.map(([prefix, namespaceExpressions, podExpressions]) => ({
    name: `${prefix}sidecar-injector.istio.io`,
    namespaceSelector: { matchExpressions: namespaceExpressions },
    objectSelector: { matchExpressions: podExpressions },
  }));
}

/** Whether the webhook is called for a pod. */
export function firesFor(webhook: InjectionWebhook, podLabels: Labels, namespaceLabels: Labels): boolean {
  return selects(webhook.namespaceSelector, namespaceLabels) && selects(webhook.objectSelector, podLabels);
}

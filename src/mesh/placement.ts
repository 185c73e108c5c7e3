import { own } from '../base/own.ts';
import { list, record, records, stringMap, strings, text, type Json } from './json.ts';
import type { ConfigView } from './views.ts';

/*
 * On which nodes a pod may run, as the scheduler documents it: its node selector, its required node affinity, and what taints it tolerates.
 */

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values: readonly string[];
}

/** One of several: what it asks of the labels of a node, and of its name. */
interface Term {
  readonly labels: readonly Requirement[];
  readonly names: readonly Requirement[];
}

interface Toleration {
  readonly key: string;
  readonly operator: string;
  readonly value: string;
  readonly effect: string;
}

/** What a pod says about nodes. */
export interface Placement {
  /** Somebody has chosen the node himself. */
  readonly node?: string;
  readonly selector: Readonly<Record<string, string>>;
  /** Absent if it says none. */
  readonly terms?: readonly Term[];
  readonly tolerations: readonly Toleration[];
}

/** More is not kept of a template: it may run anywhere. */
const longest = 10_000;

const anywhere: Placement = { selector: {}, tolerations: [{ key: '', operator: 'Exists', value: '', effect: '' }] };

function requirements(value: unknown): readonly Requirement[] {
  return records(value).map(({ key, operator, values }) => ({
    key: text(key) ?? '',
    operator: text(operator) ?? '',
    values: strings(values),
  }));
}

function termsOf(podSpec: Json): Pick<Placement, 'terms'> {
  const required = record(record(podSpec['affinity'])['nodeAffinity'])[
    'requiredDuringSchedulingIgnoredDuringExecution'
  ];
  if (required === undefined || required === null) return {};
  const terms = records(record(required)['nodeSelectorTerms']).map(({ matchExpressions, matchFields }) => ({
    labels: requirements(matchExpressions),
    names: requirements(matchFields),
  }));
  return { terms };
}

function tolerationsOf(podSpec: Json): readonly Toleration[] {
  return records(podSpec['tolerations']).map(({ key, operator, value, effect }) => ({
    key: text(key) ?? '',
    operator: text(operator) ?? 'Equal',
    value: text(value) ?? '',
    effect: text(effect) ?? '',
  }));
}

/** What the spec of a pod says about nodes; nothing for most. */
export function placementOf(podSpec: Json): { readonly placement?: Placement } {
  const node = text(podSpec['nodeName']);
  const placement: Placement = {
    ...(node !== undefined && node !== '' && { node }),
    selector: stringMap(podSpec['nodeSelector']),
    ...termsOf(podSpec),
    tolerations: tolerationsOf(podSpec),
  };
  const says =
    placement.node !== undefined ||
    placement.terms !== undefined ||
    placement.tolerations.length > 0 ||
    Object.keys(placement.selector).length > 0;
  if (!says) return {};
  return { placement: JSON.stringify(placement).length > longest ? anywhere : placement };
}

/** What is looked at of a Node: its taints. Its labels are kept as of every object. */
export function nodeSpec(spec: unknown): Json {
  const taints = records(record(spec)['taints']).map(({ key, value, effect }) => ({ key, value, effect }));
  return taints.length === 0 ? {} : { taints };
}

function compares(value: string | undefined, { operator, values }: Requirement): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return value !== undefined && Number(value) > Number(values[0]);
    default:
      return operator === 'Lt' && value !== undefined && Number(value) < Number(values[0]);
  }
}

/** A term that asks for nothing is one for no node. */
function holds({ labels, names }: Term, node: ConfigView): boolean {
  return (
    labels.length + names.length > 0 &&
    labels.every((each) => compares(own(node.labels, each.key), each)) &&
    names.every((each) => each.key === 'metadata.name' && compares(node.name, each))
  );
}

/** Taints of a state that passes: of a node that starts, is cordoned, or is short of something. */
const passing: readonly string[] = [
  'node.kubernetes.io/',
  'node.cloudprovider.kubernetes.io/',
  'node.cilium.io/agent-not-ready',
  'cni.istio.io/not-ready',
  'ToBeDeletedByClusterAutoscaler',
  'DeletionCandidateOfClusterAutoscaler',
  'karpenter.sh/disrupted',
  'karpenter.sh/disruption',
];

function tolerates({ tolerations }: Placement, { key, value, effect }: Json): boolean {
  return tolerations.some(
    (each) =>
      (each.effect === '' || each.effect === effect) &&
      (each.key === '' ? each.operator === 'Exists' : each.key === key) &&
      (each.operator === 'Exists' || each.value === (text(value) ?? '')),
  );
}

function isKeptOut(placement: Placement, { spec }: ConfigView): boolean {
  return records(list(spec['taints'])).some((taint) => {
    const key = text(taint['key']) ?? '';
    const counts = taint['effect'] === 'NoSchedule' || taint['effect'] === 'NoExecute';
    return counts && !passing.some((known) => key.startsWith(known)) && !tolerates(placement, taint);
  });
}

/** Of a pod that says nothing. */
const silent: Placement = { selector: {}, tolerations: [] };

/** Whether a pod may run on a node, which may be full, as soon as it is ready. */
export function mayRunOn(node: ConfigView, placement: Placement = silent): boolean {
  if (placement.node !== undefined) return placement.node === node.name;
  return (
    Object.entries(placement.selector).every(([key, value]) => own(node.labels, key) === value) &&
    (placement.terms === undefined || placement.terms.some((term) => holds(term, node))) &&
    !isKeptOut(placement, node)
  );
}

/** How long it takes to tell, in things that are compared. */
export function weightOf({ selector, terms = [], tolerations }: Placement = silent): number {
  const asked = terms.flatMap(({ labels, names }) => [...labels, ...names]);
  const values = asked.reduce((sum, each) => sum + each.values.length, 0);
  return 1 + Object.keys(selector).length + tolerations.length + asked.length + values / 16;
}

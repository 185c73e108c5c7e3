import type { NamespaceCallers, Surroundings } from '../../adapter.ts';
import { concerns } from '../pod-mode.ts';
import { isSelected } from '../policy/attachment.ts';
import type { ServiceFacts, World } from '../policy/translate/world.ts';
import { declaredCallers, isGateway, ofRule, type Caller } from './callers.ts';
import { makesGateway } from './gateway-pods.ts';
import { askedOf } from './neighbour.ts';
import { isNeverTaken } from './never-taken.ts';
import { fromMetrics } from './observed.ts';
import { worldOf } from './world.ts';

type Labels = Readonly<Record<string, string>>;

/** Labels of everything in a namespace that can be called by its own address: what runs, and what its templates would start. */
function callable({ pods, workloads, otherTemplates }: Surroundings): readonly Labels[] {
  const running = pods.filter((pod) => concerns(pod) && !pod.finished && !isGateway(pod)).map(({ labels }) => labels);
  const templates = [...workloads, ...otherTemplates].filter((template) => !makesGateway(template) && !isNeverTaken(template)).map(({ templateLabels }) => templateLabels);
  return [...running, ...templates];
}

/** Whom the ALLOW policies of a pod let through, if each of their rules names them: whoever else calls is refused, known or not. */
function admitted(labels: Labels, { policies }: World): readonly Caller[] | undefined {
  const allows = policies.map(({ policy }) => policy).filter((policy) =>
    policy.action === 'ALLOW' && !policy.dryRun && policy.targetRefs.length === 0 && isSelected(policy.selector, labels));
  if (allows.length === 0) return undefined;
  const found = allows.flatMap((policy) => policy.rules.map((rule) => ofRule(rule, policy.namespace)));
  return found.some((callers) => callers === undefined) ? undefined : found.flatMap((callers) => callers ?? []);
}

function byPolicies(there: Surroundings): NamespaceCallers {
  const world = worldOf(there);
  const found = callable(there).map((labels) => admitted(labels, world));
  if (found.length === 0) return { kind: 'Unknown', why: 'it has no pods whose policies could tell' };
  if (found.some((callers) => callers === undefined)) return { kind: 'Unknown', why: 'its ALLOW policies do not name the callers of all its pods' };
  return known(found.flatMap((callers) => callers ?? []), 'its ALLOW policies');
}

/** The metrics of everything in the namespace together: one workload of which they tell nothing may be called by anybody. */
function byMetrics(there: Surroundings): NamespaceCallers | undefined {
  const { name } = there.namespace;
  const everything: ServiceFacts = { ...emptyService, namespace: name };
  const seen = fromMetrics(everything, there);
  return seen?.kind === 'Known' ? known(seen.callers, seen.from) : seen;
}

const emptyService: ServiceFacts = { namespace: '', name: '', labels: {}, headless: false, externalName: false, selector: {}, ports: [] };

function known(callers: readonly Caller[], from: string): NamespaceCallers {
  return { kind: 'Known', namespaces: [...new Set(callers.map(({ namespace }) => namespace))].sort(), from };
}

/**
 * Which namespaces call a namespace, by what the user declared, else by the ALLOW policies of its pods, else by metrics. Unknown
 * means that everybody may.
 */
export function namespaceCallers(namespace: string, surroundings: Surroundings): NamespaceCallers {
  const declared = declaredCallers(namespace, surroundings.spec.callers);
  if (declared !== undefined) return known(declared.callers, declared.from);
  if (namespace === surroundings.namespace.name) return callersIn(surroundings);
  return askedOf<NamespaceCallers>(surroundings, namespace, callersIn, (why) => ({ kind: 'Unknown', why }));
}

function callersIn(there: Surroundings): NamespaceCallers {
  const told = byPolicies(there);
  if (told.kind === 'Known') return told;
  const seen = byMetrics(there);
  return seen?.kind === 'Unknown' ? { kind: 'Unknown', why: `${told.why}; ${seen.why}` } : seen ?? told;
}

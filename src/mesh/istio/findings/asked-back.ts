import type { Surroundings } from '../../adapter.ts';
import { workloadOf } from '../../look-up.ts';
import type { PodView, TemplateView } from '../../views.ts';
import { dataplaneModeLabel } from '../vocabulary/labels.ts';
import { configNamed } from '../waypoint/calls/mark.ts';
import { mirrored, turned } from './mirrored.ts';
import { isMade } from '../policy/translate/names.ts';
import { attachmentRules } from './attachment.ts';
import { capturedGatewayRules } from './captured-gateways.ts';
import { controlPlaneRules } from './control-plane.ts';
import { extensionRules } from './extensions.ts';
import { interfaceRules } from './interfaces.ts';
import { nodeRules } from './nodes.ts';
import { optedOutRules } from './opted-out.ts';
import { otherMeshRules } from './other-meshes.ts';
import { policyRules } from './policies.ts';
import { proxyPartRules } from './proxy-parts.ts';
import { isOfBefore, marksOf, marksOfNameless, namelessOfBefore } from './remembered.ts';
import { nameOf } from '../vocabulary/objects.ts';
import type { Evidence, Rule } from './rule.ts';
import { topologyRules } from './topology.ts';
import { exitRules } from './waypoint-exit.ts';
import { workloadRules } from './workloads.ts';

/*
 * What the way back asks. It goes the other way, and meets templates, policies and a mesh that may have changed since. What was so before the start is none of
 * it: a rollback leads back to that, so waiting for it would be waiting for ever, and for nothing. Nobody can tell that afterwards by the age of objects (they
 * are edited, and made anew by tools), so it is asked once at the start and kept in the journal.
 */

/** Whether the way back asks it too. */
export function isAskedBack(rule: Rule): boolean {
  return 'back' in rule && typeof rule.back === 'string';
}

/** The rules that a namespace which stands in its new data plane is asked in the other direction. */
export const askedBack: readonly Rule[] = [
  ...controlPlaneRules,
  ...capturedGatewayRules,
  ...policyRules,
  ...attachmentRules,
  ...extensionRules,
  ...exitRules,
  ...workloadRules,
  ...optedOutRules,
  ...otherMeshRules,
  ...proxyPartRules,
  ...nodeRules,
  ...interfaceRules,
  ...topologyRules,
].filter(isAskedBack);

/** The namespace without pods, and with none of its templates awake: what is said then is said of templates. */
function asleep(surroundings: Surroundings): Surroundings {
  return {
    ...surroundings,
    pods: [],
    workloads: surroundings.workloads.map((workload) => ({ ...workload, replicas: 0 })),
  };
}

/** What sidecars enforce may be lost where they end, and ztunnel is to do it. */
function isOfWay(rule: Rule, { route: { from, to } }: Surroundings): boolean {
  return !('back' in rule) || rule.back !== 'AskedToAmbient' || (from === 'IstioAmbient' && to === 'IstioSidecar');
}

/**
 * Not what is no reason to stay: a rule that is asked always says more than what the way back may lose. Nor what the
 * migration itself has made, which goes with the way back, nor what others have but where it protects them.
 */
function counts({ when }: Rule, { object, others, onlyThere }: Evidence, surroundings: Surroundings): boolean {
  if (when !== 'Always') return true;
  if ((others !== undefined && others !== 'Protects') || onlyThere === true) return false;
  const config = configNamed(object, surroundings);
  return config === undefined || !isMade(config, surroundings);
}

/** What others have is told, and keeps nobody from where he was. */
function toldOfOthers({ when }: Rule, evidence: Evidence): Evidence {
  return when === 'Always' && evidence.others !== undefined ? { ...evidence, onlyThere: true } : evidence;
}

/** Templates of which a rule said all that it says at the start already. */
function templatesOfBefore(rule: Rule, awake: Surroundings, surroundings: Surroundings): ReadonlySet<string> {
  const there = asleep(awake);
  const said = Map.groupBy(rule.find(there), ({ object }) => object);
  const known = [...said].filter(([, all]) => all.every((each) => isOfBefore(rule, each, there, surroundings)));
  return new Set(known.map(([object]) => object));
}

function without(
  there: Surroundings,
  names: ReadonlySet<string>,
  nameless: ReadonlySet<PodView | TemplateView>,
): Surroundings {
  const known = there.workloads.filter((workload) => names.has(nameOf(workload)));
  return {
    ...there,
    workloads: there.workloads.filter((workload) => !names.has(nameOf(workload))),
    otherTemplates: there.otherTemplates.filter((template) => !names.has(nameOf(template)) && !nameless.has(template)),
    pods: there.pods.filter((pod) => !nameless.has(pod) && workloadOf(pod, known) === undefined),
  };
}

/** What a rule says of the way back, but for what it would have said at the start. */
function newBack(rule: Rule, surroundings: Surroundings): readonly Evidence[] {
  if (!isOfWay(rule, surroundings)) return [];
  const there = mirrored(surroundings);
  const said = rule.find(there);
  if (surroundings.heldBefore?.size === 0 || said.length === 0)
    return said.filter((each) => counts(rule, each, surroundings));
  const known = templatesOfBefore(rule, there, surroundings);
  const nameless = namelessOfBefore(rule, surroundings);
  const left = known.size + nameless.size === 0 ? said : rule.find(without(there, known, nameless));
  // What selects pods is no less about them for their being known: only what is said of pods and templates goes.
  const isOfMesh = ({ object }: Evidence): boolean => configNamed(object, there) !== undefined;
  const all = [...said.filter(isOfMesh), ...left.filter((each) => !isOfMesh(each))];
  return all.filter((each) => counts(rule, each, surroundings) && !isOfBefore(rule, each, there, surroundings));
}

/** The rule as the way back asks it. */
export function asBack(rule: Rule): Rule {
  return { ...rule, find: (surroundings) => newBack(rule, surroundings).map((each) => toldOfOthers(rule, each)) };
}

/** The marks of what would hold a way back right now. */
export function* marksOfNow(surroundings: Surroundings): Generator<string> {
  const { [dataplaneModeLabel]: _mode, ...labels } = surroundings.namespace.labels;
  const back = turned({ ...surroundings, namespace: { ...surroundings.namespace, labels } });
  const there = asleep(back);
  for (const rule of askedBack) for (const each of rule.find(there)) yield* marksOf(rule, each, there, surroundings);
  yield* marksOfNameless(askedBack, back, surroundings);
}

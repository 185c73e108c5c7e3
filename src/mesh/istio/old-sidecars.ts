import type { MeshState, Surroundings } from '../adapter.ts';
import { records, text } from '../json.ts';
import { whyNotRestartable } from '../restartable.ts';
import type { ConfigView, PodView } from '../views.ts';
import { asksWhoCalls } from './findings/policy-fields.ts';
import { selectorOf, targetRefs } from './findings/rule.ts';
import { lacksHbone } from './pod-mode.ts';
import { isSelected } from './policy/attachment.ts';
import { parsed } from './policy/parsed.ts';
import { effectiveMtls, type EffectiveMtls } from './policy/peer-authentication.ts';
import { isGateway } from './waypoint/callers.ts';
import { namespaceCallers } from './waypoint/namespace-callers.ts';

/** Sidecars of one namespace that were injected before ambient was enabled, and that the namespace which is looked at may call. */
export interface OldSidecars {
  readonly namespace: string;
  readonly pods: readonly PodView[];
  /** How it is known that they are called, or why nobody knows. */
  readonly called: string;
  /** What plaintext would change there; undefined if nothing decides by who calls. */
  readonly matters: string | undefined;
  /** Whether the migration itself restarts all of them. */
  readonly restarted: boolean;
}

/** Gateways take plaintext anyway, and no restart makes HBONE servers of them. What is on its way out counts for as long as it serves. */
function isOld(pod: PodView): boolean {
  return lacksHbone(pod) && !pod.finished && !isGateway(pod) && (pod.ready || !pod.terminating);
}

const oldOnes = new WeakMap<readonly PodView[], readonly PodView[]>();

/** Pods of a list that are old; a list that has not changed is not gone through again, because every look asks about the whole mesh. */
function oldAmong(pods: readonly PodView[]): readonly PodView[] {
  const known = oldOnes.get(pods) ?? pods.filter(isOld);
  oldOnes.set(pods, known);
  return known;
}

/** The lists that an answer about a namespace was worked out from: the same lists, the same answer. */
interface Remembered {
  readonly from: readonly unknown[];
  readonly answer: string | undefined;
}

const answers = new WeakMap<readonly PodView[], Remembered>();

/** A policy that decides by the identity of the caller: without one a DENY does not match any more, and an ALLOW refuses. */
function decidesByCaller({ spec, ...policy }: ConfigView, pod: PodView): boolean {
  if (text(spec['action']) === 'AUDIT' || targetRefs({ spec, ...policy }).length > 0 || !isSelected(selectorOf({ spec, ...policy }), pod.labels)) return false;
  const bySni = records(spec['rules']).some((rule) => records(rule['when']).some(({ key }) => key === 'connection.sni'));
  return bySni || asksWhoCalls(spec);
}

/** What PeerAuthentications ask of connections to a pod. */
export function mtlsAt(pod: Pick<PodView, 'namespace' | 'labels'>, peers: readonly ConfigView[], rootNamespace: string): EffectiveMtls {
  const policies = peers.flatMap((object) => {
    const policy = parsed(object);
    return policy?.kind === 'PeerAuthentication' ? [policy] : [];
  });
  return effectiveMtls(policies, { namespace: pod.namespace, labels: pod.labels }, rootNamespace);
}

/** Whether STRICT is asked for on some port. */
export function asksStrict({ mode, ports }: EffectiveMtls): boolean {
  return mode === 'STRICT' || Object.values(ports).includes('STRICT');
}

/** What plaintext would change for the old ones of the pods of a namespace; undefined if nothing. */
function whatMatters(namespace: string, pods: readonly PodView[], mesh: MeshState): string | undefined {
  const homes = [...new Set([namespace, mesh.rootNamespace])];
  const [policies, peers] = ['AuthorizationPolicy', 'PeerAuthentication'].map((kind) => homes.map((home) => mesh.configs(kind, home)));
  const from = [...policies ?? [], ...peers ?? []];
  const known = answers.get(pods);
  if (known?.from.every((list, index) => list === from[index]) === true) return known.answer;
  const old = oldAmong(pods);
  const policy = policies?.flat().find((each) => old.some((pod) => decidesByCaller(each, pod)));
  const strict = old.some((pod) => asksStrict(mtlsAt(pod, peers?.flat() ?? [], mesh.rootNamespace)));
  const reasons = [...(policy === undefined ? [] : [`AuthorizationPolicy ${policy.namespace}/${policy.name} decides by who calls`]), ...(strict ? ['STRICT refuses plaintext'] : [])];
  const answer = reasons.length === 0 ? undefined : reasons.join(', and ');
  answers.set(pods, { from, answer });
  return answer;
}

/** How it is known that the namespace calls these, or why nobody knows; undefined if it does not. */
export function mayCall({ namespace: { name } }: Surroundings, called: ReturnType<typeof namespaceCallers>): string | undefined {
  if (called.kind === 'Unknown') return `nobody knows who calls them: ${called.why}`;
  return called.namespaces.includes(name) ? `${called.from} say so` : undefined;
}

/** Whether the migration restarts the pod for HBONE before anybody moves. */
function isRestarted(pod: PodView, { mesh, namespace: home, spec, scope, workloads }: Surroundings): boolean {
  const { namespace } = pod;
  const isOurs = namespace === home.name || scope?.moves(namespace) === true;
  const may = (isOurs && spec.restart.hbone === 'Auto') || (!isOurs && scope?.restartsForHbone(namespace) === true);
  return may && whyNotRestartable(pod, namespace === home.name ? workloads : mesh.workloads(namespace)) === undefined;
}

/**
 * Every namespace with sidecars that ztunnel reaches only in plaintext, as far as this one may call it. From ambient such calls carry no
 * identity: a DENY of the caller lets them in, STRICT and an ALLOW refuse them.
 */
export function oldSidecars(surroundings: Surroundings): readonly OldSidecars[] {
  const { mesh, namespace: home, route } = surroundings;
  if (route.from !== 'IstioSidecar' || route.to !== 'IstioAmbient') return [];
  return [...new Set([home.name, ...mesh.namespacesWithPods()])].sort().flatMap((namespace): readonly OldSidecars[] => {
    const all = namespace === home.name ? surroundings.pods : mesh.pods(namespace);
    const pods = oldAmong(all);
    if (pods.length === 0) return [];
    const called = mayCall(surroundings, namespaceCallers(namespace, surroundings));
    if (called === undefined) return [];
    return [{ namespace, pods, called, matters: whatMatters(namespace, all, mesh), restarted: pods.every((pod) => isRestarted(pod, surroundings)) }];
  });
}

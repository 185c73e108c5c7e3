import { memoize } from '../../base/memoize.ts';
import type { MeshState, Surroundings } from '../adapter.ts';
import { records, text } from '../json.ts';
import { whyNotRestartable } from '../restartable.ts';
import type { ConfigView, PodView } from '../views.ts';
import { asksWhoCalls } from './findings/policy-fields.ts';
import { selectorOf, targetRefs } from './findings/rule.ts';
import { lacksHbone } from './pod-mode.ts';
import { bounded, spend } from './policy/effort.ts';
import { parsed } from './policy/parsed.ts';
import { byAge, effectiveMtls, isWide, scopes, type EffectiveMtls } from './policy/peer-authentication.ts';
import { selecting, type Selecting } from './policy/selecting.ts';
import type { PeerAuthentication } from './policy/types.ts';
import { isGateway } from './waypoint/callers.ts';
import { namespaceCallers } from './waypoint/namespace-callers.ts';

/**
 * Sidecars of one namespace that were injected before ambient was enabled, and that the namespace which is looked at
 * may call.
 */
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

/**
 * Gateways take plaintext anyway, and no restart makes HBONE servers of them. What is on its way out counts for as long
 * as it serves.
 */
function isOld(pod: PodView): boolean {
  return lacksHbone(pod) && !pod.finished && !isGateway(pod) && (pod.ready || !pod.terminating);
}

const oldOnes = new WeakMap<readonly PodView[], readonly PodView[]>();

/**
 * Pods of a list that are old; a list that has not changed is not gone through again, because every look asks about the
 * whole mesh.
 */
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

/**
 * A policy that decides by the identity of the caller: without one a DENY does not match any more, and an ALLOW
 * refuses.
 */
const decidesByCaller = memoize((policy: ConfigView): boolean => {
  const { spec } = policy;
  if (text(spec['action']) === 'AUDIT' || targetRefs(policy).length > 0) return false;
  const bySni = records(spec['rules']).some((rule) =>
    records(rule['when']).some(({ key }) => key === 'connection.sni'),
  );
  return bySni || asksWhoCalls(spec);
});

/** Of the pods and policies of one namespace: they may be anybody's, and everybody asks. */
const steps = 200_000;

function peersAmong(objects: readonly ConfigView[]): readonly PeerAuthentication[] {
  return objects.flatMap((object) => {
    const policy = parsed(object);
    return policy?.kind === 'PeerAuthentication' ? [policy] : [];
  });
}

/** What PeerAuthentications ask of connections to a pod. */
export function mtlsAt(
  pod: Pick<PodView, 'namespace' | 'labels'>,
  peers: readonly ConfigView[],
  rootNamespace: string,
): EffectiveMtls {
  return effectiveMtls(peersAmong(peers), { namespace: pod.namespace, labels: pod.labels }, rootNamespace);
}

/** Whether STRICT is asked for on some port. */
export function asksStrict({ mode, ports }: EffectiveMtls): boolean {
  return mode === 'STRICT' || Object.values(ports).includes('STRICT');
}

/** Whether some pod takes no plaintext on some port. Pods of which the same policy of workloads counts are alike. */
function isStrict(
  pods: readonly PodView[],
  select: Selecting,
  peers: readonly PeerAuthentication[],
  rootNamespace: string,
): boolean {
  const { mesh, namespace } = scopes(peers, rootNamespace);
  const wide = [mesh, namespace].filter((policy) => policy !== undefined);
  const left = new Set(pods.keys());
  const first = new Map<PeerAuthentication | undefined, PodView | undefined>();
  for (const policy of byAge(peers.filter((peer) => !isWide(peer) && peer.namespace !== rootNamespace))) {
    const own = select(policy.selector).filter((place) => left.delete(place));
    spend(1 + (own.length + Object.keys(policy.ports).length) / 8);
    if (own[0] !== undefined) first.set(policy, pods[own[0]]);
  }
  for (const place of left) first.set(undefined, pods[place]);
  return [...first].some(([policy, pod]) => {
    if (pod === undefined) return false;
    return asksStrict(effectiveMtls(policy === undefined ? wide : [...wide, policy], pod, rootNamespace));
  });
}

/** What plaintext would change for the old ones of the pods of a namespace; undefined if nothing. */
function whatMatters(namespace: string, pods: readonly PodView[], mesh: MeshState): string | undefined {
  const homes = [...new Set([namespace, mesh.rootNamespace])];
  const [policies = [], peers = []] = ['AuthorizationPolicy', 'PeerAuthentication'].map((kind) =>
    homes.map((home) => mesh.configs(kind, home)),
  );
  const from = [...policies, ...peers];
  const known = answers.get(pods);
  if (known?.from.every((list, index) => list === from[index]) === true) return known.answer;
  const found = bounded(steps, () => reasonsOf(oldAmong(pods), policies.flat(), peersAmong(peers.flat()), mesh));
  const answer =
    found.kind === 'Done'
      ? found.value
      : 'it takes more steps to tell what decides by who calls than one look may take';
  answers.set(pods, { from, answer });
  return answer;
}

function reasonsOf(
  old: readonly PodView[],
  policies: readonly ConfigView[],
  peers: readonly PeerAuthentication[],
  { rootNamespace }: MeshState,
): string | undefined {
  const select = selecting(
    old.map(({ labels }) => labels),
    spend,
  );
  const policy = policies.find((each) => decidesByCaller(each) && select(selectorOf(each)).length > 0);
  const strict = isStrict(old, select, peers, rootNamespace);
  const reasons = [
    ...(policy === undefined ? [] : [`AuthorizationPolicy ${policy.namespace}/${policy.name} decides by who calls`]),
    ...(strict ? ['STRICT refuses plaintext'] : []),
  ];
  return reasons.length === 0 ? undefined : reasons.join(', and ');
}

/** How it is known that the namespace calls these, or why nobody knows; undefined if it does not. */
export function mayCall(
  { namespace: { name } }: Surroundings,
  called: ReturnType<typeof namespaceCallers>,
): string | undefined {
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
 * Every namespace with sidecars that ztunnel reaches only in plaintext, as far as this one may call it. From ambient
 * such calls carry no identity: a DENY of the caller lets them in, STRICT and an ALLOW refuse them.
 */
export function oldSidecars(surroundings: Surroundings): readonly OldSidecars[] {
  const { mesh, namespace: home, route } = surroundings;
  if (route.from !== 'IstioSidecar' || route.to !== 'IstioAmbient') return [];
  // What sleeps wakes with a sidecar of today: only what runs can be old.
  return [...new Set([home.name, ...mesh.inhabitedNamespaces()])]
    .sort()
    .flatMap((namespace): readonly OldSidecars[] => {
      const all = namespace === home.name ? surroundings.pods : mesh.pods(namespace);
      const pods = oldAmong(all);
      if (pods.length === 0) return [];
      const called = mayCall(surroundings, namespaceCallers(namespace, surroundings));
      if (called === undefined) return [];
      return [
        {
          namespace,
          pods,
          called,
          matters: whatMatters(namespace, all, mesh),
          restarted: pods.every((pod) => isRestarted(pod, surroundings)),
        },
      ];
    });
}

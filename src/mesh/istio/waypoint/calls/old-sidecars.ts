import { memoize } from '../../../../base/memoize.ts';
import type { Surroundings } from '../../../adapter.ts';
import { records, text } from '../../../json.ts';
import { whyNotRestartable } from '../../../restartable.ts';
import type { ConfigView, PodView } from '../../../views.ts';
import { asksWhoCalls } from '../../policy/policy-fields.ts';
import { selectorOf, targetRefs } from '../../vocabulary/objects.ts';
import { lacksHbone } from '../../vocabulary/pod-mode.ts';
import { spend } from '../../../../base/effort.ts';
import { parsed } from '../../policy/parsed.ts';
import { mtlsOfMany } from '../../policy/mtls-of-many.ts';
import type { EffectiveMtls } from '../../policy/peer-authentication.ts';
import { selecting } from '../../policy/selecting.ts';
import type { PeerAuthentication } from '../../policy/types.ts';
import { everywhere, ofEach, question } from './question.ts';
import { isGateway } from '../callers.ts';
import { namespaceCallers } from '../namespace-callers.ts';

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

/**
 * Pods of a list that are old; a list that has not changed is not gone through again, because every look asks about the
 * whole mesh.
 */
const oldAmong = memoize((pods: readonly PodView[]): readonly PodView[] => pods.filter(isOld));

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

/** The PeerAuthentications among some objects. */
export function peersAmong(objects: readonly ConfigView[]): readonly PeerAuthentication[] {
  return objects.flatMap((object) => {
    const policy = parsed(object);
    return policy?.kind === 'PeerAuthentication' ? [policy] : [];
  });
}

/** Whether STRICT is asked for on some port. */
export function asksStrict({ mode, ports }: EffectiveMtls): boolean {
  return mode === 'STRICT' || Object.values(ports).includes('STRICT');
}

/** What plaintext would change for the old ones of the pods of a namespace; undefined if nothing. */
const whatMatters = question<string | undefined>({
  ask: (there) => {
    const labels = oldAmong(there.pods()).map((pod) => pod.labels);
    const select = selecting(labels, spend);
    const policy = there
      .configs('AuthorizationPolicy')
      .find((each) => decidesByCaller(each) && select(selectorOf(each)).length > 0);
    const peers = peersAmong(there.configs('PeerAuthentication'));
    const strict = mtlsOfMany(labels, select, peers, there.name, there.mesh.rootNamespace).some(({ mtls }) =>
      asksStrict(mtls),
    );
    const reasons = [
      ...(policy === undefined ? [] : [`AuthorizationPolicy ${policy.namespace}/${policy.name} decides by who calls`]),
      ...(strict ? ['STRICT refuses plaintext'] : []),
    ];
    return reasons.length === 0 ? undefined : reasons.join(', and ');
  },
  otherwise: () => 'it takes more steps to tell what decides by who calls than one look may take',
});

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
  const { route } = surroundings;
  if (route.from !== 'IstioSidecar' || route.to !== 'IstioAmbient') return [];
  // What sleeps wakes with a sidecar of today: only what runs can be old.
  return ofEach(everywhere(surroundings), surroundings, (there): readonly OldSidecars[] => {
    const namespace = there.namespace.name;
    const pods = oldAmong(there.pods);
    if (pods.length === 0) return [];
    const called = mayCall(surroundings, namespaceCallers(namespace, surroundings));
    if (called === undefined) return [];
    const restarted = pods.every((pod) => isRestarted(pod, surroundings));
    return [{ namespace, pods, called, matters: whatMatters(there, undefined), restarted }];
  });
}

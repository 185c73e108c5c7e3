import { counted, listed } from '../../../base/counted.ts';
import type { Surroundings } from '../../adapter.ts';
import type { Hold } from '../../others.ts';
import type { WorkloadView } from '../../views.ts';
import { arrived } from '../itinerary.ts';
import {
  callersInAmbient,
  callsItself,
  unseenFromAmbient,
  unseenHere,
  unseenOnceRestarted,
  type Called,
  type Unseen,
} from '../waypoint/calls/unseen-callers.ts';
import { tooManyUnseen } from '../waypoint/calls/unseen-before.ts';
import { unseenForGood } from '../waypoint/awaits-called.ts';
import { onlyRestarts } from '../waypoint/choose.ts';
import { isExit } from '../waypoint/exit/route.ts';
import { found, severityOfRefusals, type Evidence, type Rule } from './rule.ts';
import { nameOf } from '../vocabulary/objects.ts';

const consequences: Readonly<Record<Unseen['effect'], string>> = {
  Opens: 'what it refuses may get through',
  Refuses: 'it refuses what it lets through now',
};

const decisive: Readonly<Record<Unseen['asked'], string>> = {
  Connection: 'the address or the server name of the caller',
  ConnectionOrHeaders: 'headers that come with the certificate or the sidecar of the caller (x-forwarded-client-cert)',
};

/** Old sidecars see no identities either: both are needed until they are restarted. */
const fixOfRestarts =
  'Add a policy that names the callers by principals, namespaces or serviceAccounts, keep this one, and restart these workloads yourself (kubectl rollout restart): the finding clears by itself. Or, if nobody in ambient calls them, say so by naming their callers in spec.callers.';

function evidenceOf(
  { policy, effect, asked }: Pick<Unseen, 'policy' | 'effect' | 'asked'>,
  where: string,
  surroundings: Surroundings,
): Evidence {
  return {
    object: nameOf(policy),
    ...(effect === 'Refuses' && { severity: severityOfRefusals(surroundings) }),
    message: `it decides by ${decisive[asked]}, which sidecars do not see of callers in ambient: ${consequences[effect]} ${where}`,
  };
}

/** Manifests need not show the pods that a policy is for. */
function placeOf({ namespace, pods }: Called): string {
  const names = pods.filter((name) => name !== '');
  return names.length === 0 ? namespace : `${namespace} (${listed(names)})`;
}

/** One finding for each policy, wherever it decides. */
function byPolicy(all: readonly Called[], surroundings: Surroundings): readonly Evidence[] {
  return [...Map.groupBy(all, ({ policy }) => policy).values()].flatMap((places): readonly Evidence[] => {
    const [first] = places;
    if (first === undefined) return [];
    const where = listed(places.map(placeOf));
    return [evidenceOf(first, `at the sidecars of ${where}; ${first.called}`, surroundings)];
  });
}

/**
 * Sidecars that take no HBONE are going to be restarted, on the way there or by going back: callers that are in ambient
 * already reach them in plaintext now, which shows where it comes from. Who is in ambient meanwhile is not the
 * namespace's own to decide, so it is held where it is.
 */
function ofRestarts(surroundings: Surroundings): readonly Evidence[] {
  const unseen = unseenOnceRestarted(surroundings);
  const callers = unseen.length === 0 ? [] : [...callersInAmbient(surroundings)];
  const [first] = callers;
  if (first === undefined) return [];
  return unseen.map(({ policy, effect, pods }) => ({
    object: nameOf(policy),
    others: 'Holds',
    fix: fixOfRestarts,
    ...(effect === 'Refuses' && { severity: severityOfRefusals(surroundings) }),
    message:
      `it decides by the address or the server name of the caller: ${consequences[effect]} at ${listed(pods)} as soon as they are restarted. ` +
      `They were injected before ambient was enabled, so that callers in ambient reach them in plaintext and are seen; by HBONE they are not: ${listed(callers.map(([name]) => name))}; ${first[1]}`,
  }));
}

/**
 * A rollback would wait for ever for so many that were in ambient before: of each that is one too many to remember
 * nobody could tell.
 */
function ofTooMany(surroundings: Surroundings): readonly Evidence[] {
  const unseen = tooManyUnseen(surroundings);
  if (unseen === undefined) return [];
  return [
    {
      object: `Namespace ${surroundings.namespace.name}`,
      message: `it could not go back: ${isExit(surroundings.route) ? `it may call ${counted(unseen.namespaces.length, 'namespace')} with sidecars` : `${counted(unseen.namespaces.length, 'namespace')} in ambient may call it`}, more than can be remembered, and AuthorizationPolicies there (${listed(unseen.policies.map((policy) => policy.split(' ')[0] ?? ''))}) decide by the address or the server name of the caller, which sidecars do not see of callers in ambient`,
      fix: 'Say in spec.callers who calls whom. Or name the callers in these policies by principals, namespaces or serviceAccounts.',
    },
  ];
}

/** Callers go to ambient: beside whom they call, nobody waits for anybody; elsewhere that is what others have. */
function ofMovers(surroundings: Surroundings): readonly Evidence[] {
  const {
    namespace: { name: home, labels },
    route,
  } = surroundings;
  const all = unseenForGood(surroundings);
  const own = arrived(route, labels) ? [] : all.filter(({ namespace }) => namespace === home);
  return [
    ...byPolicy(own, surroundings),
    ...byPolicy(
      all.filter(({ namespace }) => namespace !== home),
      surroundings,
    ).map((each) => ({ ...each, others: 'Holds' as const })),
  ];
}

/** The called go to sidecars: one after the other, so that for a while their own callers are in ambient too. */
function ofReturners(surroundings: Surroundings): readonly Evidence[] {
  const unseen = unseenHere(surroundings);
  if (unseen.length === 0) return [];
  const own = callsItself(surroundings);
  const callers = [
    ...(own === undefined ? [] : [[surroundings.namespace.name, own] as const]),
    ...callersInAmbient(surroundings),
  ];
  const [first] = callers;
  if (first === undefined) return [];
  return unseen.map((each) =>
    evidenceOf(
      each,
      `at ${listed(each.pods)}, which would have sidecars while these are in ambient: ${listed(callers.map(([name]) => name))}; ${first[1]}`,
      surroundings,
    ),
  );
}

function find(surroundings: Surroundings): readonly Evidence[] {
  const {
    route,
    namespace: { labels },
  } = surroundings;
  if (onlyRestarts(surroundings)) return ofRestarts(surroundings);
  if (route.to === 'IstioAmbient')
    return [
      ...ofMovers(surroundings),
      ...(arrived(route, labels) ? [] : [...ofRestarts(surroundings), ...ofTooMany(surroundings)]),
    ];
  return isExit(route) && !arrived(route, labels) ? [...ofReturners(surroundings), ...ofTooMany(surroundings)] : [];
}

const rule: Rule = {
  id: 'MM123',
  severity: 'Critical',
  when: 'Always',
  back: { notAsked: 'callers that are not seen are waited for on the way back' },
  title: 'A sidecar does not see where a caller in ambient comes from',
  fix: 'Name the callers in the policy by principals, namespaces or serviceAccounts instead. Or, where the called are another namespace, migrate that first, or in the same migration. Or, if these do not call them, say so by naming their callers in spec.callers.',
  find,
};

/** What sidecars cannot decide about callers in ambient. */
export const unseenCallerRules: readonly Rule[] = [rule];

/**
 * What keeps a workload from being restarted once the labels have changed: a policy that came since, and by which
 * requests beside it would be decided that nobody sees then. Before the labels change nothing moves by a restart.
 */
export function unseenBeside(surroundings: Surroundings, workload: WorkloadView): Hold | undefined {
  const {
    route,
    namespace: { labels },
  } = surroundings;
  // Out of ambient such a policy takes the namespace back at once (MM089).
  if (onlyRestarts(surroundings) || route.to !== 'IstioAmbient' || !arrived(route, labels)) return undefined;
  const { unseen = [], callers = '' } = unseenFromAmbient(surroundings, workload) ?? {};
  const evidence = unseen.map((each) =>
    evidenceOf(each, `at sidecars of ${listed(each.pods)}, called from ambient by ${callers}`, surroundings),
  );
  const critical = found({ ...rule, find: () => evidence }, surroundings).find(
    ({ finding }) => finding.severity === 'Critical',
  );
  return critical && { finding: critical.finding, others: false };
}

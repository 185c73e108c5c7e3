import type { Surroundings } from '../../adapter.ts';
import type { ConfigView } from '../../views.ts';
import { decidesNothing, judgedPolicies, misread, unaskedText, undecidedText } from './misread.ts';
import { asksWhoCalls } from '../policy/policy-fields.ts';
import { spend } from '../../../base/effort.ts';
import { parsed } from '../policy/parsed.ts';
import { selecting } from '../policy/selecting.ts';
import { sidecarLabels } from '../policy/translate/world.ts';
import { isMade } from '../policy/translate/names.ts';
import { declaredCallers } from '../waypoint/callers.ts';
import { itineraryOf } from '../waypoint/choose.ts';
import { isLeaving } from '../waypoint/exit/leaving.ts';
import { isExit } from '../waypoint/exit/route.ts';
import { directPods } from '../waypoint/direct-pods.ts';
import { worldOf } from '../waypoint/world.ts';
import { unlessOnSidecars } from './of-sidecars.ts';
import { isStranger } from '../waypoint/reach.ts';
import { meshKnowledge } from '../settings/mesh-settings.ts';
import { applicable } from './applicable.ts';
import { severityOfRefusals, type Evidence, type Rule } from './rule.ts';
import { asksForStrict, mtlsModes, nameOf, targetRefs } from '../vocabulary/objects.ts';

/** Policies that select workloads; those with targetRefs are for waypoints and gateways (MM022). */
function workloadPolicies(surroundings: Surroundings): readonly ConfigView[] {
  return applicable('AuthorizationPolicy', surroundings).filter((policy) => targetRefs(policy).length === 0);
}

/**
 * What ztunnel would not do. Behind a waypoint all of it is enforced; what is not is MM080. On the way to sidecars it
 * is what ztunnel does not do today, and MM090 and MM091 say what comes of that; outside of the mesh nobody does
 * anything, which is MM026.
 */
function atZtunnel(
  find: (surroundings: Surroundings) => readonly Evidence[],
): (surroundings: Surroundings) => readonly Evidence[] {
  return (surroundings) =>
    surroundings.route.to !== 'IstioAmbient' || itineraryOf(surroundings) === 'L7' ? [] : find(surroundings);
}

/** Of pods that leave no waypoint behind: nothing checks the tokens that they get today. */
function checkedBySidecars(surroundings: Surroundings): readonly Evidence[] {
  if (!isLeaving(surroundings)) return [];
  const world = worldOf(surroundings);
  const select = selecting(directPods(surroundings, world).map(sidecarLabels), spend);
  return world.requestAuthentications
    .filter(({ policy }) => policy.targetRefs.length === 0 && select(policy.selector).length > 0)
    .map(({ object }) => ({
      object: nameOf(object),
      severity: severityOfRefusals(surroundings),
      message:
        'sidecars check tokens, which ztunnel does not: requests with an invalid one get through today, and would be refused',
      fix: 'Remove it, or set spec.policies.refusals to Accept, or keep this namespace in ambient.',
    }));
}

const aliasedFix =
  'Use serviceAccounts or namespaces instead of principals: these have no trust domain. Or take trustDomainAliases out of the mesh configuration, once nobody has a certificate of one of them.';

/** Where the mesh has aliases, no principal means the same to both: another one is no way out. */
function misreadPrincipals(surroundings: Surroundings): readonly Evidence[] {
  const known = meshKnowledge(surroundings.mesh);
  const isAliased = known.kind !== 'Unknown' && known.settings.trustDomainAliases.length > 0;
  return misread('principal')(surroundings).map((each) => (isAliased ? { ...each, fix: aliasedFix } : each));
}

/** One without issuers refuses nothing. */
function checksTokens(config: ConfigView): boolean {
  const policy = parsed(config);
  return policy?.kind !== 'RequestAuthentication' || policy.issuers.length > 0;
}

const uncheckedByZtunnel = atZtunnel((surroundings) =>
  applicable('RequestAuthentication', surroundings)
    .filter(checksTokens)
    .map((policy) => ({
      object: nameOf(policy),
      message: 'ztunnel does not check tokens: requests without a valid one would pass',
    })),
);

function disabledMtls(surroundings: Surroundings): readonly Evidence[] {
  return applicable('PeerAuthentication', surroundings)
    .filter((policy) => mtlsModes(policy).mode === 'DISABLE' || mtlsModes(policy).ports.includes('DISABLE'))
    .map((policy) => ({
      object: nameOf(policy),
      message: 'mTLS is DISABLEd; ztunnel treats that as PERMISSIVE and cannot force plaintext',
    }));
}

/**
 * Whether somebody has said who calls the namespace of a policy elsewhere, and nobody here does. Metrics are no proof:
 * who is refused is not seen.
 */
function isUncalled(policy: ConfigView, surroundings: Surroundings): boolean {
  const callers = isStranger(policy, surroundings)
    ? declaredCallers(policy.namespace, surroundings.spec.callers)
    : undefined;
  return callers?.callers.every(({ namespace }) => namespace !== surroundings.namespace.name) === true;
}

/** Outside the mesh pods have no identity either: a policy elsewhere that denies them by it would let them in. */
function enforced(surroundings: Surroundings): readonly Evidence[] {
  if (surroundings.route.to !== 'None') return [];
  const strict = surroundings.mesh.configs('PeerAuthentication').filter(asksForStrict);
  const own = workloadPolicies(surroundings);
  const elsewhere = surroundings.mesh
    .configs('AuthorizationPolicy')
    .filter((policy) => asksWhoCalls(policy.spec) && !own.includes(policy));
  return [...own, ...applicable('RequestAuthentication', surroundings), ...strict, ...elsewhere]
    .filter((policy) => !isUncalled(policy, surroundings))
    .map((policy) => ({
      object: nameOf(policy),
      message:
        'nothing enforces this policy for pods outside the mesh, or it refuses their plaintext, or it does not know them without their identity',
      ...(isStranger(policy, surroundings) && {
        others: 'Protects' as const,
        fix: 'Remove the policy first, or stay in the mesh; or, if nothing here calls its namespace, say so by naming its callers in spec.callers.',
      }),
    }));
}

/** What policies and authentication need that the other data plane cannot do. */
export const policyRules: readonly Rule[] = [
  {
    id: 'MM020',
    severity: 'Critical',
    when: 'Always',
    back: 'AskedToAmbient',
    title: 'AuthorizationPolicy needs HTTP',
    fix: 'Put a Service with a cluster address before the pods, so that a waypoint can enforce it; or rewrite the policy with identities, namespaces and ports only; or keep this namespace on sidecars.',
    find: atZtunnel(misread('http')),
  },
  {
    id: 'MM021',
    severity: 'Critical',
    when: 'Always',
    back: 'AskedToAmbient',
    title: 'AuthorizationPolicy with CUSTOM action',
    fix: 'Put a Service with a cluster address before the pods, so that a waypoint can enforce it; or remove the policy; or keep this namespace on sidecars.',
    find: atZtunnel((surroundings) =>
      judgedPolicies(surroundings)
        .filter(
          ({ policy, planes }) =>
            policy.action === 'CUSTOM' &&
            !decidesNothing([planes.sidecar, planes.ztunnel]) &&
            planes.ztunnel.effect !== 'Exact',
        )
        .map(({ object }) => ({ object, message: unaskedText })),
    ),
  },
  {
    id: 'MM022',
    severity: 'Critical',
    when: 'Always',
    back: { notAsked: 'what people have attached to a waypoint is held by itself, and told by MM124' },
    title: 'AuthorizationPolicy for a waypoint',
    fix: 'Delete the policy, which nobody enforces today; or have it select pods instead of naming the Service in targetRefs: then it is in force at once, and goes to the waypoint as a copy; or keep this namespace out of the migration.',
    find: (surroundings) =>
      surroundings.mesh
        .configs('AuthorizationPolicy', surroundings.namespace.name)
        .filter((policy) => !isMade(policy, surroundings))
        .filter((policy) =>
          targetRefs(policy).some((target) => target['kind'] === 'Service' && !isExit(surroundings.route)),
        )
        .map((policy) => ({
          object: nameOf(policy),
          message:
            'targetRefs to a Service are enforced by a waypoint only; sidecars ignore it, and what it means would change',
        })),
  },
  {
    id: 'MM023',
    severity: 'Critical',
    when: 'Always',
    back: 'AskedToAmbient',
    title: 'Principal of another trust domain',
    fix: 'Name principals by the trust domain of the mesh, or use serviceAccounts or namespaces instead.',
    find: atZtunnel(misreadPrincipals),
  },
  {
    id: 'MM024',
    severity: 'Critical',
    when: 'Always',
    back: 'AskedToAmbient',
    title: 'RequestAuthentication',
    fix: 'Put a Service with a cluster address before the pods, so that a waypoint can check tokens; or have the application or the ingress gateway check them, and remove it; or keep this namespace on sidecars.',
    find: (surroundings) => [...uncheckedByZtunnel(surroundings), ...checkedBySidecars(surroundings)],
  },
  {
    id: 'MM025',
    severity: 'Critical',
    when: 'Always',
    back: { notAsked: 'it opens nothing, and forces no more plaintext there than where it is' },
    title: 'PeerAuthentication DISABLE',
    fix: 'Use PERMISSIVE (it admits plaintext and mTLS) before the migration.',
    find: unlessOnSidecars(disabledMtls),
  },
  {
    id: 'MM026',
    severity: 'Critical',
    when: 'Always',
    back: 'Asked',
    title: 'Leaving the mesh would end enforcement',
    fix: 'Remove the policy first, or stay in the mesh.',
    find: enforced,
  },
  {
    id: 'MM064',
    severity: 'Info',
    when: 'Start',
    title: 'Policy that never decides',
    fix: 'Nothing, if you can do without its log lines; otherwise copy it to a waypoint with targetRefs.',
    find: (surroundings) =>
      surroundings.route.to !== 'IstioAmbient' || surroundings.route.from !== 'IstioSidecar'
        ? []
        : judgedPolicies(surroundings)
            .filter(({ planes }) => decidesNothing([planes.sidecar, planes.ztunnel]))
            .map(({ object, policy }) => ({ object, message: undecidedText(policy) })),
  },
  {
    id: 'MM065',
    severity: 'Critical',
    when: 'Always',
    back: 'AskedToAmbient',
    title: 'Trust domains that ztunnel ignores',
    fix: 'Name the callers by principals, which contain the trust domain, instead of by trustDomains or notTrustDomains.',
    find: atZtunnel(misread('trustDomain')),
  },
  {
    id: 'MM077',
    severity: 'Critical',
    when: 'Always',
    back: 'AskedToAmbient',
    title: 'Value that ztunnel reads otherwise',
    fix: 'Write names in full, or with one wildcard at an end; name service accounts by serviceAccounts of a source instead of the condition source.serviceAccount.',
    find: atZtunnel(misread('connection')),
  },
];

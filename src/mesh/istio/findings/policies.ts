import { goBoolean } from '../../../base/go-boolean.ts';
import { shown } from '../../../base/shown.ts';
import type { Surroundings } from '../../adapter.ts';
import { text } from '../../json.ts';
import type { ConfigView } from '../../views.ts';
import { asksWhoCalls, l7Fields, principals } from '../policy/policy-fields.ts';
import { spend } from '../../../base/effort.ts';
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

function action(policy: ConfigView): string {
  return shown(text(policy.spec['action']) ?? 'ALLOW');
}

/** Policies that select workloads; those with targetRefs are for waypoints and gateways (MM022). */
function workloadPolicies(surroundings: Surroundings): readonly ConfigView[] {
  return applicable('AuthorizationPolicy', surroundings).filter((policy) => targetRefs(policy).length === 0);
}

/** As istiod reads it. */
function isDryRun(policy: ConfigView): boolean {
  return goBoolean(policy.annotations['istio.io/dry-run'] ?? '') === true;
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

/** Policies that ztunnel is not sent at all, whatever they ask for. */
function isKeptBack(policy: ConfigView): boolean {
  return ['CUSTOM', 'AUDIT'].includes(action(policy)) || isDryRun(policy);
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

const uncheckedByZtunnel = atZtunnel((surroundings) =>
  applicable('RequestAuthentication', surroundings).map((policy) => ({
    object: nameOf(policy),
    message: 'ztunnel does not check tokens: requests without a valid one would pass',
  })),
);

function needsHttp(surroundings: Surroundings): readonly Evidence[] {
  return workloadPolicies(surroundings)
    .map((policy) => ({ policy, fields: l7Fields(policy.spec) }))
    .filter(({ policy, fields }) => fields.length > 0 && !isKeptBack(policy))
    .map(({ policy, fields }) => ({
      object: nameOf(policy),
      message:
        `the ${action(policy)} policy uses ${fields.join(', ')}, which ztunnel cannot evaluate: ` +
        (action(policy) === 'DENY' ? 'it would stop denying' : 'it would refuse everything it selects'),
    }));
}

const aliasedFix =
  'Use serviceAccounts or namespaces instead of principals: these have no trust domain. Or take trustDomainAliases out of the mesh configuration, once nobody has a certificate of one of them.';

function foreignTrustDomain(surroundings: Surroundings): readonly Evidence[] {
  const known = meshKnowledge(surroundings.mesh);
  // What cannot be known is MM016.
  if (known.kind === 'Unknown') return [];
  const { trustDomain, trustDomainAliases } = known.settings;
  const aliased = trustDomainAliases.length > 0;
  return workloadPolicies(surroundings).flatMap((policy) => {
    const odd = principals(policy.spec).find((principal) => {
      const domain = principal.split('/')[0] ?? '';
      return !domain.includes('*') && (aliased || domain !== trustDomain);
    });
    return odd === undefined
      ? []
      : [
          {
            object: nameOf(policy),
            message: aliased
              ? `the mesh has trustDomainAliases, so sidecars let principal ${shown(odd)} stand for the same one in each of them; ztunnel does not`
              : `principal ${shown(odd)} is not in the trust domain ${trustDomain}; sidecars translate trust domain aliases, ztunnel does not`,
            ...(aliased && { fix: aliasedFix }),
          },
        ];
  });
}

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
    find: atZtunnel(needsHttp),
  },
  {
    id: 'MM021',
    severity: 'Critical',
    when: 'Always',
    back: 'AskedToAmbient',
    title: 'AuthorizationPolicy with CUSTOM or AUDIT action, or dry-run',
    fix: 'Put a Service with a cluster address before the pods, so that a waypoint can enforce it; or remove the policy; or keep this namespace on sidecars.',
    find: atZtunnel((surroundings) =>
      workloadPolicies(surroundings)
        .filter(isKeptBack)
        .map((policy) => ({
          object: nameOf(policy),
          message: `ztunnel is not sent ${isDryRun(policy) ? 'dry-run policies' : `${action(policy)} policies`}: it would have no effect`,
        })),
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
    find: unlessOnSidecars(foreignTrustDomain),
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
];

import { shown } from '../../base/shown.ts';
import { nameOf } from '../../mesh/istio/vocabulary/objects.ts';
import {
  decidesNothing,
  isOf,
  misreadBecause,
  rulesNamed,
  unaskedText,
  undecidedText,
  type Cause,
} from '../../mesh/istio/findings/misread.ts';
import { principals } from '../../mesh/istio/policy/policy-fields.ts';
import { rules } from '../../mesh/istio/rules.ts';
import { injectedLabels } from '../../mesh/istio/policy/injected.ts';
import { makeSmaller } from '../../mesh/istio/policy/translate/size.ts';
import type { AuditContext, AuditEvidence, AuditedPolicy, AuditRule } from './context.ts';

/**
 * AuthorizationPolicies that sidecars enforce now and ztunnel would be given: targetRefs are for waypoints and
 * gateways.
 */
function forZtunnel({ policies }: AuditContext): readonly AuditedPolicy[] {
  return policies.filter(
    ({ policy, reach }) =>
      policy.kind === 'AuthorizationPolicy' && policy.targetRefs.length === 0 && reach !== 'Gateways',
  );
}

function evidence({ view, source }: AuditedPolicy, message: string): AuditEvidence {
  return { object: nameOf(view), message, source };
}

/** One finding for each policy with rules that ztunnel reads otherwise because of fields of a cause. */
function misread(cause: Cause): AuditRule['find'] {
  return (context) =>
    forZtunnel(context).flatMap((audited) => {
      const { policy, classification } = audited;
      if (policy.kind !== 'AuthorizationPolicy') return [];
      const message = misreadBecause(cause, policy, classification.planes.ztunnel);
      return message === undefined ? [] : [evidence(audited, message)];
    });
}

/** Policies with a selector that ztunnel attaches to nothing, or to no pod without a sidecar. */
function unattached(context: AuditContext): readonly AuditEvidence[] {
  const byInjection = context.policies
    .filter(
      ({ policy }) =>
        policy.kind !== 'RequestAuthentication' &&
        Object.keys(policy.selector ?? {}).some((key) => injectedLabels.includes(key)),
    )
    .map((policy) =>
      evidence(
        policy,
        'it selects pods by a label that only the injector sets: pods without a sidecar do not have it, so the policy would not apply to them',
      ),
    );
  const empty = forZtunnel(context)
    .filter(
      ({ classification: { planes } }) =>
        planes.ztunnel.effect !== 'Exact' && planes.ztunnel.rules.some(({ fields }) => fields.some(isOf('selector'))),
    )
    .map((policy) =>
      evidence(policy, 'its selector is there but empty: sidecars apply it to every pod, ztunnel to none'),
    );
  return [...byInjection, ...empty];
}

/** A dry-run CUSTOM policy, which istiod puts among those that Envoy enforces. */
function isEnforcedDryRun({ policy, classification }: AuditedPolicy): boolean {
  return (
    policy.kind === 'AuthorizationPolicy' && policy.dryRun && classification.planes.sidecar.effect === 'FailsClosed'
  );
}

/** Checks of the operator, for policies of which the manifests show no pod too. */
const finds: Readonly<Record<string, AuditRule['find']>> = {
  MM020: misread('http'),
  MM021: (context) =>
    forZtunnel(context)
      .filter(
        ({ classification: { action, planes } }) =>
          action === 'CUSTOM' && !decidesNothing(Object.values(planes)) && planes.ztunnel.effect !== 'Exact',
      )
      .map((policy) => evidence(policy, unaskedText)),
  MM023: misread('principal'),
  MM064: (context) =>
    forZtunnel(context).flatMap((audited) =>
      audited.policy.kind === 'AuthorizationPolicy' && decidesNothing(Object.values(audited.classification.planes))
        ? [evidence(audited, undecidedText(audited.policy))]
        : [],
    ),
  MM065: misread('trustDomain'),
  MM077: misread('connection'),
};

const ofOperator: readonly AuditRule[] = rules.flatMap(({ id, severity, title, fix }) => {
  const find = finds[id];
  return find === undefined ? [] : [{ id, severity, title, fix, find }];
});

/** What ztunnel makes of AuthorizationPolicies. */
export const policyRules: readonly AuditRule[] = [
  ...ofOperator,
  {
    id: 'MM027',
    severity: 'Critical',
    title: 'Policy would not apply to pods without a sidecar',
    fix: 'Select the pods by labels of their own template, or leave the selector out to mean every pod of the namespace.',
    find: unattached,
  },
  {
    id: 'MM068',
    severity: 'Critical',
    title: 'Principal with spiffe://',
    fix: 'Leave spiffe:// out: write cluster.local/ns/NAMESPACE/sa/NAME.',
    find: ({ policies }) =>
      policies
        .map((policy) => ({
          policy,
          principal: principals(policy.view.spec).find((name) => name.startsWith('spiffe://')),
        }))
        .filter(({ principal }) => principal !== undefined)
        .map(({ policy, principal }) =>
          evidence(
            policy,
            `principal ${shown(principal ?? '')} matches no caller in any data plane: identities are compared without spiffe://`,
          ),
        ),
  },
  {
    id: 'MM076',
    severity: 'Warning',
    title: 'Dry-run CUSTOM policy that refuses',
    fix: 'Remove the policy, or take away the annotation istio.io/dry-run if its external authorizer is to decide.',
    find: (context) =>
      forZtunnel(context)
        .filter(isEnforcedDryRun)
        .map((policy) =>
          evidence(
            policy,
            'sidecars refuse what it matches although it is a dry run; ztunnel is not sent it, and would let that pass',
          ),
        ),
  },
  {
    id: 'MM079',
    severity: 'Warning',
    title: 'Value that sidecars read otherwise',
    fix: 'Write the value in full: names without wildcards, ports as numbers, valid addresses and CIDR blocks.',
    find: (context) =>
      forZtunnel(context)
        .filter((policy) => !isEnforcedDryRun(policy))
        .flatMap((policy) => {
          const rules = policy.classification.planes.sidecar.rules.filter(
            ({ effect, fields }) =>
              (effect === 'FailsOpen' || effect === 'FailsClosed') && !fields.includes('provider'),
          );
          return rules.length === 0
            ? []
            : [
                evidence(
                  policy,
                  `sidecars match other requests than ${rulesNamed(rules)} names, so what is enforced changes with the data plane`,
                ),
              ];
        }),
  },
  {
    id: 'MM119',
    severity: 'Critical',
    title: 'Too large to prove',
    fix: makeSmaller,
    find: ({ policies }) =>
      policies
        .filter(({ classification: { tooLarge } }) => tooLarge === true)
        .map((policy) =>
          evidence(policy, 'what each data plane makes of it takes more steps to work out than one policy may take'),
        ),
  },
];

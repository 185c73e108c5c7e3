import { nameOf } from '../../mesh/istio/vocabulary/objects.ts';
import { principals } from '../../mesh/istio/policy/policy-fields.ts';
import { headerNotes } from '../../mesh/istio/policy/classify-notes.ts';
import { injectedLabels } from '../../mesh/istio/policy/injected.ts';
import { makeSmaller } from '../../mesh/istio/policy/translate/size.ts';
import type { Effect } from '../../requests/semantics.ts';
import type { AuditContext, AuditEvidence, AuditedPolicy, AuditRule } from './context.ts';
import type { RuleReport } from './report.ts';

/** Why ztunnel reads a rule otherwise, by the field that causes it; every other field needs HTTP. */
const causes: Readonly<Record<string, readonly string[]>> = {
  /**
   * The fields of a source are left out without a word in the status of the policy (convertAuthorizationPolicy has no
   * mention of them).
   */
  trustDomain: ['trustDomains', 'notTrustDomains', 'source.trustDomain'],
  /**
   * For sidecars istiod replaces trust domain aliases in them (MigrateTrustDomain in pilot/pkg/security/authz/model),
   * for ztunnel it does not.
   */
  principal: ['principals', 'notPrincipals', 'source.principal'],
  selector: ['selector'],
  /** What ztunnel evaluates, but not with every value, and not in every form. */
  connection: [
    'namespaces',
    'notNamespaces',
    'serviceAccounts',
    'notServiceAccounts',
    'ipBlocks',
    'notIpBlocks',
    'ports',
    'notPorts',
    'source.namespace',
    'source.serviceAccount',
    'source.ip',
    'destination.ip',
    'destination.port',
  ],
};

function isOf(cause: string): (field: string) => boolean {
  return (field) => causes[cause]?.includes(field) === true;
}

function needsHttp(field: string): boolean {
  return !Object.values(causes).some((fields) => fields.includes(field));
}

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

/** What ztunnel does instead, by the action of the policy. */
const consequences: Readonly<Record<'ALLOW' | 'DENY', Readonly<Partial<Record<Effect, readonly [string, string]>>>>> = {
  ALLOW: {
    FailsClosed: ['allows less than', 'requests that pass today would be refused'],
    FailsOpen: ['allows more than', 'requests that are refused today would pass'],
  },
  DENY: {
    FailsOpen: ['denies less than', 'requests that are refused today would pass'],
    FailsClosed: ['denies more than', 'requests that pass today would be refused'],
  },
};

/** `ztunnel denies less than rule 0 (methods), rule 2 (paths): requests that are refused today would pass`. */
function describe(action: 'ALLOW' | 'DENY', rules: readonly RuleReport[]): string {
  return [...Map.groupBy(rules, ({ effect }) => effect)]
    .map(([effect, members]) => {
      const [does, then] = consequences[action][effect] ?? [effect, ''];
      return `ztunnel ${does} ${members.map(({ index, fields }) => `rule ${index} (${fields.join(', ')})`).join(', ')}: ${then}`;
    })
    .join('; ');
}

function inexact(policy: AuditedPolicy, concerns: (field: string) => boolean): readonly RuleReport[] {
  return policy.classification.planes.ztunnel.rules.filter(
    ({ effect, fields }) => effect !== 'Exact' && effect !== 'NoEffect' && fields.some(concerns),
  );
}

/** One finding for each policy with rules that ztunnel reads otherwise because of some fields. */
function misread(context: AuditContext, concerns: (field: string) => boolean): readonly AuditEvidence[] {
  return forZtunnel(context).flatMap((policy) => {
    const { action } = policy.classification;
    const rules = inexact(policy, concerns);
    if ((action !== 'ALLOW' && action !== 'DENY') || rules.length === 0) return [];
    const unseen = policy.policy.kind === 'AuthorizationPolicy' ? headerNotes(policy.policy) : [];
    return [evidence(policy, [describe(action, rules), ...unseen].join('; and in a copy '))];
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

function hasNoEffect({ classification }: AuditedPolicy): boolean {
  return Object.values(classification.planes).every(({ effect }) => effect === 'NoEffect');
}

/** What ztunnel makes of AuthorizationPolicies. */
export const policyRules: readonly AuditRule[] = [
  {
    id: 'MM020',
    severity: 'Critical',
    title: 'AuthorizationPolicy needs HTTP',
    fix: 'A migration does what is needed by itself where a Service stands before the pods (mesh-migration plan): a waypoint, and copies for it. Without one keep this namespace on sidecars, give it a waypoint and copy the policy to it with targetRefs, or rewrite the policy with identities, namespaces and ports only.',
    find: (context) => misread(context, needsHttp),
  },
  {
    id: 'MM021',
    severity: 'Critical',
    title: 'AuthorizationPolicy with CUSTOM or AUDIT action, or dry-run',
    fix: 'Keep this namespace on sidecars, or give it a waypoint and copy the policy to it with targetRefs.',
    find: (context) =>
      forZtunnel(context)
        .filter(
          (policy) => policy.classification.action === 'CUSTOM' && !hasNoEffect(policy) && !isEnforcedDryRun(policy),
        )
        .map((policy) =>
          evidence(
            policy,
            'ztunnel is not sent CUSTOM policies: the external authorizer would not be asked, and everything it refuses would pass',
          ),
        ),
  },
  {
    id: 'MM023',
    severity: 'Critical',
    title: 'Principal of another trust domain',
    fix: 'Name principals by the trust domain of the mesh, or use serviceAccounts or namespaces instead.',
    find: (context) =>
      misread(context, isOf('principal')).map(({ object, message, source }) => ({
        object,
        message: `${message} (for sidecars cluster.local and trust domain aliases stand for the trust domain of the mesh, ztunnel compares the text)`,
        source,
      })),
  },
  {
    id: 'MM027',
    severity: 'Critical',
    title: 'Policy would not apply to pods without a sidecar',
    fix: 'Select the pods by labels of their own template, or leave the selector out to mean every pod of the namespace.',
    find: unattached,
  },
  {
    id: 'MM064',
    severity: 'Info',
    title: 'Policy that never decides',
    fix: 'Nothing, if you can do without its log lines; otherwise copy it to a waypoint with targetRefs.',
    find: (context) =>
      forZtunnel(context)
        .filter(hasNoEffect)
        .map((policy) =>
          evidence(
            policy,
            `${policy.classification.action === 'AUDIT' ? 'an AUDIT policy' : 'a dry-run policy'} decides about nothing; ztunnel is not sent it, so what it logs would end`,
          ),
        ),
  },
  {
    id: 'MM065',
    severity: 'Critical',
    title: 'Trust domains that ztunnel ignores',
    fix: 'Name the callers by principals, which contain the trust domain, instead of by trustDomains or notTrustDomains.',
    find: (context) => misread(context, isOf('trustDomain')),
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
            `principal ${principal ?? ''} matches no caller in any data plane: identities are compared without spiffe://`,
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
    id: 'MM077',
    severity: 'Critical',
    title: 'Value that ztunnel reads otherwise',
    fix: 'Write names in full, or with one wildcard at an end; name service accounts by serviceAccounts of a source instead of the condition source.serviceAccount.',
    find: (context) => misread(context, isOf('connection')),
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
          const named = rules.map(({ index, fields }) => `rule ${index} (${fields.join(', ')})`).join(', ');
          return rules.length === 0
            ? []
            : [
                evidence(
                  policy,
                  `sidecars match other requests than ${named} names, so what is enforced changes with the data plane`,
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

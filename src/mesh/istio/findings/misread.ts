import { listed } from '../../../base/counted.ts';
import { memoize } from '../../../base/memoize.ts';
import { Recent } from '../../../base/recent.ts';
import { digestOf } from '../../../base/sha256.ts';
import { shown } from '../../../base/shown.ts';
import type { Surroundings } from '../../adapter.ts';
import type { ConfigView } from '../../views.ts';
import { policyOptionsOf } from '../settings/policy-options.ts';
import { isKnownAttribute } from '../policy/attribute.ts';
import { fieldNames } from '../policy/classify-fields.ts';
import { headerNotes } from '../policy/classify-notes.ts';
import { classifyPlane, type PlaneClassification, type RuleClassification } from '../policy/classify-plane.ts';
import { bounded, charged, costed, recount, type Costed } from '../../../base/effort.ts';
import { operationFieldNames, sourceFieldNames } from '../policy/fields.ts';
import { defaultIstioVersion } from '../policy/istio-version.ts';
import type { PolicyOptions } from '../policy/options.ts';
import { parsed } from '../policy/parsed.ts';
import type { Effect } from '../../../requests/semantics.ts';
import { isSameAtZtunnel } from '../policy/translate/needs.ts';
import type { AuthorizationPolicy } from '../policy/types.ts';
import { l7Fields } from '../policy/policy-fields.ts';
import { applicable } from './applicable.ts';
import type { Evidence } from './rule.ts';
import { nameOf } from '../vocabulary/objects.ts';

/** Why ztunnel reads a rule otherwise, by the field that causes it; every other field needs HTTP. */
const causes = {
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
  /** Is MM027. */
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
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** Why ztunnel reads a rule otherwise. */
export type Cause = keyof typeof causes | 'http';

/** Whether a field is of a cause. */
export function isOf(cause: Cause): (field: string) => boolean {
  const fields: readonly string[] = cause === 'http' ? Object.values(causes).flat() : causes[cause];
  return (field) => fields.includes(field) !== (cause === 'http');
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

/** `rule 0 (methods, paths), rule 2 (paths)`: rules with the fields that cause something; keys are their authors' own. */
export function rulesNamed(rules: readonly Pick<RuleClassification, 'index' | 'fields'>[]): string {
  return listed(rules.map(({ index, fields }) => `rule ${index} (${listed(fields.map(shown))})`));
}

/** `ztunnel denies less than rule 0 (methods), rule 2 (paths): requests that are refused today would pass`. */
function describe(action: 'ALLOW' | 'DENY', rules: readonly RuleClassification[]): string {
  return [...Map.groupBy(rules, ({ effect }) => effect)]
    .map(([effect, members]) => {
      const [does, then] = consequences[action][effect] ?? [effect, ''];
      return `ztunnel ${does} ${rulesNamed(members)}: ${then}`;
    })
    .join('; ');
}

const details: Readonly<Partial<Record<Cause, string>>> = {
  principal:
    ' (for sidecars cluster.local and trust domain aliases stand for the trust domain of the mesh, ztunnel compares the text)',
};

/** What ztunnel makes otherwise of the rules of a policy because of fields of a cause; undefined if nothing. */
export function misreadBecause(
  cause: Cause,
  policy: AuthorizationPolicy,
  { rules }: Pick<PlaneClassification, 'rules'>,
): string | undefined {
  const { action } = policy;
  const found = rules.filter(
    ({ effect, fields }) => effect !== 'Exact' && effect !== 'NoEffect' && fields.some(isOf(cause)),
  );
  if ((action !== 'ALLOW' && action !== 'DENY') || found.length === 0) return undefined;
  const unseen = cause === 'http' ? headerNotes(policy) : [];
  return [`${describe(action, found)}${details[cause] ?? ''}`, ...unseen].join('; and in a copy ');
}

/** Whether nobody wanted a decision of it, and nobody takes one: AUDIT, and a dry run. */
export function decidesNothing(planes: readonly PlaneClassification[]): boolean {
  return planes.every(({ effect }) => effect === 'NoEffect');
}

/** What is said of a policy that decides nothing. */
export function undecidedText({ action }: Pick<AuthorizationPolicy, 'action'>): string {
  return `${action === 'AUDIT' ? 'an AUDIT policy' : 'a dry-run policy'} decides about nothing; ztunnel is not sent it, so what it logs would end`;
}

/** What is said of an external authorizer that is not asked any more. */
export const unaskedText =
  'ztunnel is not sent CUSTOM policies: the external authorizer would not be asked, and everything it refuses would pass';

/** Of one policy in one look: most are read alike, which is known of them. */
const stepsOfPolicy = 100_000;

/** Of all policies of a namespace in one look. */
const stepsOfNamespace = 1_000_000;

/** Of one of those that come after that. */
const stepsAtOnce = 2_000;

/** Of all of those together: what is left then is judged by the names of its fields, too. */
const stepsOfOthers = 500_000;

/** A policy that is not read alike, and takes too long, is judged by the names of its fields. */
function byNames({ action, rules }: AuthorizationPolicy, needing: readonly string[]): PlaneClassification {
  const effect = action === 'ALLOW' ? 'FailsClosed' : 'FailsOpen';
  const fields = needing.length > 0 ? needing : [...new Set(rules.flatMap(fieldNames))];
  return { effect, rules: [{ index: 0, effect, fields }] };
}

type Planes = Readonly<Record<'sidecar' | 'ztunnel', PlaneClassification>>;

const known = new Recent<Costed<Planes>>(5_000);

const exact: PlaneClassification = { effect: 'Exact', rules: [] };
const alike = { sidecar: exact, ztunnel: exact };

/** Whether nothing of what is enforced changes, whatever its author meant. What decides nothing is told for itself. */
function isReadAlike(policy: AuthorizationPolicy, options: PolicyOptions): boolean {
  return (
    policy.action !== 'AUDIT' &&
    !policy.dryRun &&
    (['http', 'tcp'] as const).every((protocol) => isSameAtZtunnel(policy, protocol, options))
  );
}

function worst({ spec }: ConfigView, policy: AuthorizationPolicy): Planes {
  const named = byNames(policy, l7Fields(spec));
  return { sidecar: named, ztunnel: named };
}

function classified(config: ConfigView, policy: AuthorizationPolicy, options: PolicyOptions): Costed<Planes> {
  const key = `${digestOf(options)} ${digestOf(policy)} ${digestOf(config.spec)}`;
  const before = known.get(key);
  if (before !== undefined) {
    recount(before);
    return before;
  }
  const found = costed((): Planes => {
    // A namespace may have many: what each takes counts for the look.
    const planes = charged(() =>
      bounded(stepsOfPolicy, () =>
        isReadAlike(policy, options)
          ? alike
          : {
              sidecar: classifyPlane(policy, 'sidecar', options),
              ztunnel: classifyPlane(policy, 'ztunnel', options),
            },
      ),
    );
    return planes.kind === 'Done' ? planes.value : worst(config, policy);
  });
  known.set(key, found);
  return found;
}

/** What is known of it without being worked out. */
function atOnce(config: ConfigView, policy: AuthorizationPolicy, options: PolicyOptions): Costed<Planes> {
  const isAlike = costed(() => charged(() => bounded(stepsAtOnce, () => isReadAlike(policy, options))));
  const { value, steps } = isAlike;
  return { value: value.kind === 'Done' && value.value ? alike : worst(config, policy), steps };
}

/** Fields that Istio has got since: nobody here knows what they mean, but that ztunnel cannot evaluate them. */
function newFields({ spec }: ConfigView): readonly string[] {
  const fields: readonly string[] = [...sourceFieldNames, ...operationFieldNames];
  return l7Fields(spec).filter((field) => !fields.includes(field) && !isKnownAttribute(field, defaultIstioVersion));
}

/** An AuthorizationPolicy that selects pods, with what planes make of it. */
export interface Judged {
  readonly object: string;
  readonly config: ConfigView;
  readonly policy: AuthorizationPolicy;
  readonly planes: Planes;
}

/** However many there are, they take no more together than a look may: each in turn, as well as is left for it. */
function judging(options: PolicyOptions): (config: ConfigView, policy: AuthorizationPolicy) => Planes {
  let [left, others] = [stepsOfNamespace, stepsOfOthers];
  return (config, policy) => {
    if (left > 0 || policy.action === 'AUDIT' || policy.dryRun) {
      const { value, steps } = classified(config, policy, options);
      left -= steps;
      return value;
    }
    if (others <= 0) return worst(config, policy);
    const { value, steps } = atOnce(config, policy, options);
    others -= 1 + steps;
    return value;
  };
}

/** Those that apply to pods of the namespace: some five rules ask. */
export const judgedPolicies = memoize((surroundings: Surroundings): readonly Judged[] => {
  const judge = judging(policyOptionsOf(surroundings.mesh));
  return applicable('AuthorizationPolicy', surroundings).flatMap((config) => {
    const policy = parsed(config);
    if (policy?.kind !== 'AuthorizationPolicy') return [];
    return [{ object: nameOf(config), config, policy, planes: judge(config, policy) }];
  });
});

/**
 * What counts of a policy for the operator: fields that ztunnel is not given. What comes of values that it compares in
 * another way is worked out for the pods themselves (MM086, MM099).
 */
function ofUnknownFields({ spec }: ConfigView, { rules }: PlaneClassification): Pick<PlaneClassification, 'rules'> {
  const fields = l7Fields(spec);
  const isGiven = isOf('connection');
  return {
    rules: rules.filter((rule) => rule.fields.some((field) => !isGiven(field) || fields.includes(field))),
  };
}

/** Policies that ztunnel reads otherwise because of fields of a cause. */
export function misread(cause: Cause): (surroundings: Surroundings) => readonly Evidence[] {
  return (surroundings) =>
    judgedPolicies(surroundings).flatMap(({ object, config, policy, planes }) => {
      const message = misreadBecause(cause, policy, ofUnknownFields(config, planes.ztunnel));
      const fields = cause === 'http' && message === undefined ? newFields(config) : [];
      if (fields.length > 0)
        return [
          {
            object,
            message: `the ${shown(policy.action)} policy uses ${listed(fields)}, which ztunnel cannot evaluate`,
          },
        ];
      return message === undefined ? [] : [{ object, message }];
    });
}

import { bounded } from '../../base/effort.ts';
import { shown } from '../../base/shown.ts';
import { istioVersionText, type IstioVersion } from '../../mesh/istio/policy/istio-version.ts';
import { classify, type Classification } from '../../mesh/istio/policy/classify.ts';
import type { PolicyOptions } from '../../mesh/istio/policy/options.ts';
import { unenforcedThere } from '../../mesh/istio/findings/unenforced-there.ts';
import { parsePolicy, policyKinds, type ParsedPolicy } from '../../mesh/istio/policy/parse.ts';
import type { PeerAuthentication, Plane, Policy } from '../../mesh/istio/policy/types.ts';
import type { Meshes } from '../../mesh/registry.ts';
import type { Manifests, Source } from '../manifests/manifest.ts';
import type { ConfigView } from '../../mesh/views.ts';
import { attachmentRules } from './attachment-rules.ts';
import { homeOf, inAmbient, withWaypoints } from './carried.ts';
import type { AuditContext, AuditedPolicy, AuditEvidence, AuditRule, Read } from './context.ts';
import { configKindsOf } from './config-kinds.ts';
import { duplicateRules } from './duplicate-rules.ts';
import { hasOnlyGateways, isInAmbient, route, whyNever } from './staying.ts';
import { takeInventory, type Inventory, type Located } from './inventory.ts';
import { judgedIn, unjudged, type Live } from './judged.ts';
import { namespacesOf } from './namespaces.ts';
import { policyOptions } from './mesh-config.ts';
import { operatorRules } from './operator-rules.ts';
import { podRules } from './pod-rules.ts';
import { policyRules } from './policy-rules.ts';
import { proxyRules } from './proxy-rules.ts';
import { reachOf, type Reach } from './reach.ts';
import {
  severities,
  unplaced,
  type AuditFinding,
  type AuditReport,
  type PlaneReport,
  type PolicyReport,
} from './report.ts';
import { surroundingsOf } from './surroundings.ts';
import { syntaxRules } from './syntax-rules.ts';

/** Rules about single objects, whichever namespaces are asked about. */
const rulesOfObjects: readonly AuditRule[] = [
  ...policyRules,
  ...attachmentRules,
  ...proxyRules,
  ...syntaxRules,
  ...duplicateRules,
];

/** Every rule of the audit, in the order of the catalogue. */
export const auditRules: readonly AuditRule[] = [...operatorRules, ...podRules, ...rulesOfObjects].sort((a, b) =>
  a.id < b.id ? -1 : 1,
);

/** What the manifests do not say. */
export interface AuditOptions {
  readonly istioVersion: IstioVersion;
  /** For objects that name no namespace. */
  readonly namespace: string;
  /** Where mesh-wide policies are. */
  readonly rootNamespace: string;
  /** What is known of meshes. */
  readonly meshes: Meshes;
  /** Where they are what a cluster has. */
  readonly live?: Live | undefined;
}

interface Parsed extends Located, ParsedPolicy {}

/** What is the same for all policies. */
interface Audited {
  readonly peers: readonly PeerAuthentication[];
  readonly inventory: Inventory;
  readonly options: PolicyOptions;
}

/** There may be tens of thousands of them, so that what each is asked stands in one place for all. */
class Judged implements AuditedPolicy {
  readonly policy: Policy;
  readonly view: ConfigView;
  readonly source: Source;
  readonly reach: Reach;
  readonly #given: Audited;
  #known: Classification | undefined;

  constructor(policy: Policy, { view, source }: Located, given: Audited) {
    const { inventory, options } = given;
    this.policy = policy;
    this.view = view;
    this.source = source;
    this.reach = policy.targetRefs.length > 0 ? 'Workloads' : reachOf(policy, inventory, options.rootNamespace);
    this.#given = given;
  }

  // For whoever asks for it: it may take seconds, and a plan asks the rules of the operator instead.
  get classification(): Classification {
    return (this.#known ??= classify(this.policy, this.#given.options, this.#given.peers));
  }

  get needsWaypoint(): boolean {
    return this.classification.needsWaypoint && this.reach !== 'Gateways';
  }
}

const planes: readonly Plane[] = ['sidecar', 'ztunnel', 'waypoint'];

function report({ policy, classification, needsWaypoint, source }: AuditedPolicy): PolicyReport {
  const { action, scope, notes } = classification;
  const plane = (name: Plane): PlaneReport => {
    const { effect, rules } = classification.planes[name];
    return {
      effect,
      rules: rules.map(({ index, effect: ruleEffect, fields }) => ({
        index,
        effect: ruleEffect,
        fields: fields.map(shown),
      })),
    };
  };
  return {
    kind: policy.kind,
    namespace: policy.namespace,
    name: policy.name,
    action,
    scope,
    planes: Object.fromEntries(planes.map((name) => [name, plane(name)])) as Record<Plane, PlaneReport>,
    needsWaypoint,
    notes,
    source,
  };
}

/**
 * Those that may leave their sidecars. The root namespace never does: it stands for all others where it is alone, whose
 * objects count in each.
 */
function leaving(read: Read): ReadonlySet<string> {
  const all = [...namespacesOf(read)].filter((name) => !isInAmbient(name, read) && !hasOnlyGateways(name, read));
  const others = all.filter((name) => whyNever(name, read) === undefined);
  return new Set(others.length > 0 ? others : all);
}

/** What is not enforced in namespaces that are in ambient already, and no check of policies alone says. */
function unenforced(read: Read, isJudged: (name: string) => boolean): readonly AuditFinding[] {
  const { inventory, options } = read;
  const there = [...namespacesOf(read)].filter((name) => isJudged(name) && isInAmbient(name, read));
  return surroundingsOf(inventory, options.rootNamespace, new Set(there))
    .flatMap(unenforcedThere)
    .filter(({ id }) => id === 'MM024')
    .map((finding) => ({ ...finding, fix: inAmbient, source: inventory.sourceOf(finding.object) }))
    .map(({ source, ...finding }) => ({ ...finding, ...(source !== undefined && { source }) }));
}

/** A fault of ours, with the rule in which it is. */
export class InternalError extends Error {
  override readonly name = 'InternalError';
}

/** Of all manifests: whoever asks waits for it, and each policy is bounded by itself. */
const unlimited = Number.POSITIVE_INFINITY;

function found(rule: AuditRule, context: AuditContext): readonly AuditEvidence[] {
  try {
    const done = bounded(unlimited, () => rule.find(context));
    if (done.kind === 'Done') return done.value;
  } catch (error) {
    throw new InternalError(`rule ${rule.id}`, { cause: error });
  }
  throw new InternalError(`rule ${rule.id} was given up`);
}

/**
 * What some rules have to say, the gravest first. Throws an {@link InternalError}: a result with a rule left out would
 * look like a whole one.
 */
export function findingsOf(rules: readonly AuditRule[], context: AuditContext): readonly AuditFinding[] {
  const all = rules.flatMap((rule) =>
    found(rule, context).map(({ object, message, fix, source, severity = rule.severity }): AuditFinding => ({
      id: rule.id,
      severity,
      object,
      message,
      fix: fix ?? rule.fix,
      ...(source !== undefined && { source }),
    })),
  );
  return byGravity(all);
}

function byGravity(findings: readonly AuditFinding[]): readonly AuditFinding[] {
  return findings.toSorted((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
}

/** The manifests with every policy read; without surroundings, which depend on what is asked. */
export function readPolicies(
  manifests: Manifests['manifests'],
  { istioVersion, namespace, rootNamespace, meshes, live }: AuditOptions,
): Read {
  const mesh = meshes.along(route);
  const taken = takeInventory(manifests, namespace, configKindsOf(mesh));
  // What was applied was filled in: whatever looks like a blank is meant.
  const inventory = live === undefined ? taken : { ...taken, placeholders: [] };
  const options = policyOptions(inventory, istioVersion, rootNamespace);
  const parsed: readonly Parsed[] = policyKinds
    .flatMap((kind) => inventory.located(kind))
    .map((located) => ({ ...located, ...parsePolicy(located.view) }));
  const peers = parsed.flatMap(({ policy }) => (policy?.kind === 'PeerAuthentication' ? [policy] : []));
  const given = { peers, inventory, options };
  return {
    mesh,
    inventory,
    options,
    policies: parsed.flatMap(({ policy, ...located }) =>
      policy === undefined ? [] : [new Judged(policy, located, given)],
    ),
    problems: parsed.flatMap(({ view, source, problems: found }) =>
      found.map((problem) => ({ view, source, problem })),
    ),
  };
}

/** What all that is there says of some namespaces: the checks of the operator, and those of single objects. */
function findingsIn(context: AuditContext, isHere: (name: string) => boolean): readonly AuditFinding[] {
  const here = {
    ...context,
    policies: context.policies.filter(({ policy }) => isHere(policy.namespace)),
    problems: context.problems.filter(({ view }) => isHere(view.namespace)),
  };
  const found = auditRules.flatMap((rule) =>
    rulesOfObjects.includes(rule)
      ? findingsOf([rule], here).filter(({ object }) => isHere(homeOf(object)))
      : // Asked for each namespace that is judged: what it tells of others is about that.
        findingsOf([rule], context),
  );
  return byGravity(found);
}

/**
 * What each data plane makes of the policies of some manifests, and what stands in the way of a migration to ambient.
 */
export function audit({ manifests, unreadable }: Manifests, options: AuditOptions): AuditReport {
  const { live } = options;
  const read = readPolicies(manifests, options);
  const { rootNamespace } = read.options;
  const isJudged = judgedIn(read, live);
  const isHere = (name: string): boolean => live === undefined || name === rootNamespace || isJudged(name);
  const surroundings = surroundingsOf(read.inventory, rootNamespace, new Set([...leaving(read)].filter(isJudged)));
  // What a migration made is not what somebody wrote: its guard, for one, is meant to be read otherwise by ztunnel.
  const policies = read.policies.filter(({ view }) => !read.mesh.isOurs(view));
  const context = { ...read, policies, surroundings };
  const reports = read.policies.filter(({ policy }) => isHere(policy.namespace)).map(report);
  const findings = byGravity([...withWaypoints(findingsIn(context, isHere), context), ...unenforced(read, isJudged)]);
  const istioVersion = istioVersionText(options.istioVersion);
  if (live === undefined) return { istioVersion, policies: reports, findings, unreadable };
  return {
    cluster: live.server,
    istioVersion,
    policies: reports.map(unplaced),
    findings: findings.map(unplaced),
    left: unjudged(read, live),
    unreadable,
  };
}

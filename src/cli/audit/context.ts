import type { Severity } from '../../api/common.ts';
import type { MeshAdapter, Surroundings } from '../../mesh/adapter.ts';
import type { Classification } from '../../mesh/istio/policy/classify.ts';
import type { PolicyOptions } from '../../mesh/istio/policy/options.ts';
import type { Problem } from '../../mesh/istio/policy/parse-values.ts';
import type { Policy } from '../../mesh/istio/policy/types.ts';
import type { ConfigView } from '../../mesh/views.ts';
import type { Source } from '../manifests/manifest.ts';
import type { Inventory } from './inventory.ts';
import type { Reach } from './reach.ts';

/** One policy with everything that the rules ask about it. */
export interface AuditedPolicy {
  readonly policy: Policy;
  readonly view: ConfigView;
  readonly source: Source;
  readonly classification: Classification;
  readonly reach: Reach;
  /** A waypoint has to enforce it, and some workload that is no gateway needs that. */
  readonly needsWaypoint: boolean;
}

/** A policy's YAML that the API server would refuse or that does not do what it says. */
export interface PolicyProblem {
  readonly view: ConfigView;
  readonly source: Source;
  readonly problem: Problem;
}

/** What the rules of the audit look at. */
export interface AuditContext {
  /** The mesh that knows the way that is looked at. */
  readonly mesh: MeshAdapter;
  readonly inventory: Inventory;
  readonly options: PolicyOptions;
  readonly policies: readonly AuditedPolicy[];
  readonly problems: readonly PolicyProblem[];
  /** Each namespace of the manifests as the checks of the operator see it. */
  readonly surroundings: readonly Surroundings[];
}

/** What is read from manifests, whatever is asked about them. */
export type Read = Omit<AuditContext, 'surroundings'>;

/** What a rule saw. */
export interface AuditEvidence {
  readonly object: string;
  readonly message: string;
  readonly source?: Source | undefined;
  /** What to do about this very object, if it is more than what the rule says. */
  readonly fix?: string;
  /** If it is not that of the rule. */
  readonly severity?: Severity;
}

/** One check of manifests. The catalogue in docs/findings.md has a section for each. */
export interface AuditRule {
  /** Stable; never given to another meaning. */
  readonly id: string;
  readonly severity: Severity;
  /** Heading in the catalogue. */
  readonly title: string;
  readonly fix: string;
  readonly find: (context: AuditContext) => readonly AuditEvidence[];
}

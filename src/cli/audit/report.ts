import type { Finding, Severity } from '../../api/common.ts';
import type { Effect } from '../../requests/semantics.ts';
import type { Plane } from '../../mesh/istio/policy/types.ts';
import type { Source, Unreadable } from '../manifests/manifest.ts';

/** What a data plane makes of one rule of a policy. */
export interface RuleReport {
  /** Position in `spec.rules`, from 0. */
  readonly index: number;
  readonly effect: Effect;
  /** The fields that cause it; none if it is exact. */
  readonly fields: readonly string[];
}

/** What a data plane makes of a policy. */
export interface PlaneReport {
  readonly effect: Effect;
  readonly rules: readonly RuleReport[];
}

/** One policy as each data plane would enforce it. */
export interface PolicyReport {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly action: string;
  readonly scope: string;
  readonly planes: Readonly<Record<Plane, PlaneReport>>;
  readonly needsWaypoint: boolean;
  /** Sentences about what the effects do not tell. */
  readonly notes: readonly string[];
  /** Absent of what a cluster has. */
  readonly source?: Source;
}

/** A finding with the place of the object that it is about. */
export interface AuditFinding extends Finding {
  /** Undefined if the finding is about something without a manifest of its own, such as a namespace. */
  readonly source?: Source;
}

/** The result of an audit. */
export interface AuditReport {
  /** The API server, where a cluster was asked about. */
  readonly cluster?: string;
  readonly istioVersion: string;
  readonly policies: readonly PolicyReport[];
  readonly findings: readonly AuditFinding[];
  /** Of a cluster, who of those that were asked about is not judged. */
  readonly left?: readonly { readonly name: string; readonly why: string }[];
  readonly unreadable: readonly Unreadable[];
}

/** Without places: what a cluster has stands in no file. */
export function unplaced<T extends { readonly source?: Source }>(each: T): Omit<T, 'source'> {
  const { source: _source, ...rest } = each;
  return rest;
}

/** From bad to good. */
export const severities: readonly Severity[] = ['Critical', 'Warning', 'Info'];

import type { Finding } from '../../src/api/common.ts';
import type { NamespaceMigration } from '../../src/api/resources.ts';
import type { Labels, Observed } from './observe.ts';

/** Pods by mode, in the words of the status. */
export type Counts = Readonly<Record<'Sidecar' | 'Ambient' | 'None', number>>;

/** What `--report` says of one namespace. */
export interface NamespaceReport {
  readonly name: string;
  readonly phase: string;
  readonly before: Counts;
  readonly after: Counts;
  readonly labelsBefore: Labels;
  readonly labelsAfter: Labels;
  readonly steps: readonly { readonly name: string; readonly startedAt: string; readonly completedAt?: string | undefined }[];
  readonly findings: readonly Finding[];
}

/** One thing that the demo promised, and whether it held. */
export interface Expectation {
  readonly what: string;
  readonly held: boolean;
}

/** What `--report` writes. */
export interface Report {
  readonly namespaces: readonly NamespaceReport[];
  readonly expectations: readonly Expectation[];
  readonly ok: boolean;
}

/** One namespace, from what was seen before and after and what the operator says. */
export function reportOf(name: string, before: Observed, after: Observed, child: NamespaceMigration | undefined): NamespaceReport {
  return {
    name,
    phase: child?.status?.phase ?? 'absent',
    before: before.counts,
    after: after.counts,
    labelsBefore: before.labels,
    labelsAfter: after.labels,
    steps: child?.status?.steps ?? [],
    findings: child?.status?.findings ?? [],
  };
}

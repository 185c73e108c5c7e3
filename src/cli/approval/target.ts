import { PlanHash } from '../../api/approval.ts';
import { listed } from '../../base/counted.ts';
import { nearest } from '../../base/nearest.ts';
import { quoted, shown } from '../../base/shown.ts';
import { UsageError } from '../usage-error.ts';
import type { PlannedNamespace, PlanView } from './view.ts';

/** A plan that the status shows. */
export type Target =
  | { readonly kind: 'Migration'; readonly hash: string }
  /** `place`: where it stands in status.plan.waves. */
  | { readonly kind: 'Wave'; readonly name: string; readonly hash: string; readonly place: number }
  | { readonly kind: 'Namespace'; readonly name: string; readonly hash: string };

/** What somebody wants to approve of: the plan of all without any of these. */
export interface Wanted {
  readonly wave?: string | undefined;
  readonly namespace?: string | undefined;
  readonly hash?: string | undefined;
}

/** The hash, or a UsageError. */
export function planHash(value: string): string {
  if (PlanHash.safeParse(value).success) return value;
  throw new UsageError(`--hash must be sha256: and 64 digits as status.plan has them, not ${quoted(value)}`);
}

/** Every plan that is shown, the largest first. */
export function targetsIn({ hash, waves, namespaces }: PlanView): readonly Target[] {
  return [
    ...(hash === undefined ? [] : [{ kind: 'Migration', hash } as const]),
    ...waves.map(({ name, hash: ofWave }, place) => ({ kind: 'Wave', name, hash: ofWave, place }) as const),
    ...namespaces.flatMap(({ namespace, hash: alone }) =>
      alone === undefined ? [] : [{ kind: 'Namespace', name: namespace, hash: alone } as const],
    ),
  ];
}

/** The plan in a sentence. */
export function planOf(target: Target): string {
  switch (target.kind) {
    case 'Migration':
      return 'the plan of the migration';
    case 'Wave':
      return `the plan of wave ${target.name}`;
    case 'Namespace':
      return `the plan of namespace ${target.name} alone`;
  }
}

/** The plan in a document. */
export function documentOf(target: Target): Pick<Target, 'kind' | 'hash'> & { readonly name?: string } {
  const { kind, hash } = target;
  return { kind, ...(target.kind !== 'Migration' && { name: target.name }), hash };
}

/** Whose plans it is about; where nobody may tell the waves apart, it may be anybody's. */
export function membersOf(target: Target, { namespaces, wavesUnread }: PlanView): readonly PlannedNamespace[] {
  switch (target.kind) {
    case 'Migration':
      return namespaces;
    case 'Wave':
      return wavesUnread === true ? namespaces : namespaces.filter(({ wave }) => wave === target.name);
    case 'Namespace':
      return namespaces.filter(({ namespace }) => namespace === target.name);
  }
}

function noWave(name: string, { waves }: PlanView): string {
  const names = waves.map((wave) => wave.name);
  if (names.length === 0) return `status.plan has no waves, so none ${shown(name)}: leave out --wave`;
  const near = nearest(name, names);
  const meant = near === undefined ? '' : `. Did you mean ${near}?`;
  return `status.plan has no wave ${shown(name)}; it has ${listed(names, 10)}${meant} One of which not all namespaces were looked at is not there yet`;
}

function noPlan({ wave, namespace }: Wanted, view: PlanView): string {
  if (wave !== undefined) return noWave(wave, view);
  if (namespace === undefined)
    return 'status.plan.hash is not there: not all namespaces in scope were looked at yet. Approve of a wave or of a namespace that was, or wait';
  return 'its record has no plan (status.planDigest): it was not looked at yet, or is where it shall be';
}

function unshown(hash: string, targets: readonly Target[]): string {
  const plans = targets.map((target) => `${target.hash} (${planOf(target)})`);
  return `the status does not show ${hash}${plans.length === 0 ? '' : `; it shows ${listed(plans, 3)}`}`;
}

/** The plan that is wanted, or why there is none such. */
export function targetOf(wanted: Wanted, view: PlanView): Target | string {
  const { wave, namespace, hash } = wanted;
  const all = targetsIn(view);
  const fits = (target: Target): boolean => {
    if (wave !== undefined) return target.kind === 'Wave' && target.name === wave;
    if (namespace !== undefined) return target.kind === 'Namespace' && target.name === namespace;
    return hash !== undefined || target.kind === 'Migration';
  };
  const fitting = all.filter(fits);
  if (fitting.length === 0 && hash === undefined) return noPlan(wanted, view);
  const found = fitting.find((target) => hash === undefined || target.hash === hash);
  return found ?? unshown(hash ?? '', fitting.length > 0 ? fitting : all);
}

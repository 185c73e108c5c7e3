import type { ApprovalMode } from '../../api/approval.ts';
import type { Finding } from '../../api/common.ts';
import type { NamespaceMigration } from '../../api/resources.ts';
import { mayStart } from '../../engine/plan-status.ts';
import { approvalsOf, type Approvals } from '../../plan/approval.ts';
import { hashAlone, whatDiffers } from '../../plan/digest.ts';
import { waveOf, wavesOf, type Waves } from '../../plan/waves.ts';
import type { Picture } from './picture.ts';

/** How the plan of a namespace stands to what somebody has approved of. */
export type Standing =
  /** It is what was approved of. */
  | 'Approved'
  /** It is not what was approved of any more. */
  | 'Changed'
  /** Nobody has approved of it, and it waits for that. */
  | 'Unapproved'
  /** Nobody has approved of it, and nobody has to. */
  | 'Free'
  /** It was started, or is done: what is under way asks for no approval. */
  | 'Begun'
  /** Nobody has looked at it yet: what its plan is nobody knows. */
  | 'Unknown';

/** The plan of one namespace, in short. */
export interface PlannedNamespace {
  readonly namespace: string;
  readonly standing: Standing;
  /** Of what was approved of and is otherwise now. */
  readonly changed?: string;
  /** The entry of spec.approval.plans that approved of it. */
  readonly approvedBy?: string;
  /** Of its plan alone. */
  readonly hash?: string;
  readonly wave?: string;
  readonly itinerary?: string;
  /** What it goes through, if that is somebody's own. */
  readonly through?: string;
  /** Names, in their order. */
  readonly steps: readonly string[];
  /** What keeps it from starting, whoever approves of it. */
  readonly critical: readonly Pick<Finding, 'id' | 'object' | 'message'>[];
}

/** The plan of a migration, and what of it was approved of. */
export interface PlanView {
  readonly migration: string;
  readonly from: string;
  readonly to: string;
  readonly mode: ApprovalMode;
  /** Of the plan of all; absent while not all were looked at. */
  readonly hash?: string;
  readonly waves: readonly { readonly name: string; readonly hash: string }[];
  /** Which wave each namespace is in is not told, because namespaces may not be read. */
  readonly wavesUnread?: true;
  readonly namespaces: readonly PlannedNamespace[];
}

/** Who may not tell the waves apart takes an approval for needed that any of them needs. */
function neededBlindly({ migration: { spec } }: Picture): boolean {
  return [spec.approval.mode, ...spec.waves.map(({ approval }) => approval)].includes('Required');
}

function standingOf(
  { status }: NamespaceMigration,
  approved: string | undefined,
  isNeeded: boolean,
): Pick<PlannedNamespace, 'standing' | 'changed'> {
  if (status?.writtenPhase === undefined) return { standing: 'Unknown' };
  const { planDigest } = status;
  if (!mayStart(status)) return { standing: 'Begun' };
  if (planDigest === undefined) return { standing: isNeeded ? 'Unapproved' : 'Free' };
  if (approved === undefined) return { standing: isNeeded ? 'Unapproved' : 'Free' };
  const changed = whatDiffers(approved, planDigest);
  return changed === undefined ? { standing: 'Approved' } : { standing: 'Changed', changed };
}

/** What the record says of the plan by itself. */
function told(
  { spec, status = {} }: NamespaceMigration,
  namespace: string,
): Omit<PlannedNamespace, 'namespace' | 'standing' | 'wave'> {
  const { planDigest, itinerary, waypoint: through, plan = [], findings = [] } = status;
  return {
    ...(planDigest !== undefined && { hash: hashAlone(spec, namespace, planDigest) }),
    ...(itinerary !== undefined && { itinerary }),
    ...(through !== undefined && { through }),
    steps: plan.map(({ name }) => name),
    critical: findings
      .filter(({ severity }) => severity === 'Critical')
      .map(({ id, object, message }) => ({ id, object, message })),
  };
}

/** Of whose plans somebody approved, by which entry. */
function approvedBy(namespace: string, { digests }: Approvals, { migration }: Picture): string | undefined {
  if (!digests.has(namespace)) return undefined;
  return migration.status?.plan?.approved?.find((entry) => entry.namespace === namespace)?.by;
}

function plannedNamespace(
  record: NamespaceMigration,
  picture: Picture,
  { waves, approvals }: { readonly waves: Waves; readonly approvals: Approvals },
): PlannedNamespace {
  const namespace = record.metadata.namespace ?? '';
  const isBlind = picture.migration.spec.waves.length > 0 && picture.homes === undefined;
  const isNeeded = isBlind ? neededBlindly(picture) : approvals.isNeeded(namespace);
  const by = approvedBy(namespace, approvals, picture);
  // Whoever is restarted before all waves belongs to the plan of the first.
  const wave = isBlind ? undefined : waves.names[Math.max(0, waveOf(namespace, waves))];
  return {
    namespace,
    ...standingOf(record, approvals.digests.get(namespace), isNeeded),
    ...(by !== undefined && { approvedBy: by }),
    ...(wave !== undefined && { wave }),
    ...told(record, namespace),
  };
}

/** What is told of what was read. */
export function planViewOf(picture: Picture): PlanView {
  const { migration, records, homes } = picture;
  const { metadata, spec, status } = migration;
  const waves = wavesOf(migration, homes ?? []);
  const approvals = approvalsOf(migration, waves);
  return {
    migration: metadata.name,
    from: spec.from,
    to: spec.to,
    mode: spec.approval.mode,
    ...(status?.plan?.hash !== undefined && { hash: status.plan.hash }),
    waves: status?.plan?.waves ?? [],
    ...(spec.waves.length > 0 && homes === undefined && { wavesUnread: true }),
    namespaces: records
      .map((record) => plannedNamespace(record, picture, { waves, approvals }))
      .toSorted((a, b) => (a.namespace < b.namespace ? -1 : 1)),
  };
}

import {
  meshMigrations,
  namespaceMigrations,
  type MeshMigration,
  type NamespaceMigration,
} from '../../api/resources.ts';
import { counted } from '../../base/counted.ts';
import type { Place } from '../../engine/command-lines.ts';
import type { KubeClient } from '../../kube/client.ts';
import { InvalidError, NotFoundError } from '../../kube/errors.ts';
import { hashAlone } from '../../plan/digest.ts';
import { answered } from '../cluster/reading.ts';
import { Refused } from '../cluster/refused.ts';
import { isItRunning } from '../cluster/unsure.ts';
import type { ExitCode } from '../exit-code.ts';
import type { Host } from '../host.ts';
import { confirmed } from './confirm.ts';
import { decidedOf, type Asked, type Decision } from './decided.ts';
import { detailOf } from './detail.ts';
import { approvalPatch } from './patch.ts';
import { lookAt, type Picture } from './picture.ts';
import { documentOf, membersOf, planOf, type Target } from './target.ts';
import { columnsOf, previewLines, writeDocument, writeLines, type Format } from './told.ts';
import { planViewOf, type PlanView } from './view.ts';

/** One call of `approve`. */
export interface Order {
  readonly place: Place;
  readonly asked: Asked;
  readonly dryRun: boolean;
  /** Somebody has to say yes first. */
  readonly asks: boolean;
  /** How long the operator has to answer; undefined: nobody waits. */
  readonly answerMs: number | undefined;
  readonly format: Format;
}

interface Seen {
  readonly picture: Picture;
  readonly view: PlanView;
  readonly decision: Decision;
}

async function look(client: KubeClient, { place, asked }: Order, { signal }: Host): Promise<Seen> {
  const picture = await lookAt(client, place, signal);
  const view = planViewOf(picture);
  return { picture, view, decision: decidedOf(picture, view, asked) };
}

type Result = 'Approved' | 'AlreadyApproved' | 'DryRun' | 'Unanswered' | 'StatedElsewhere';

/** What came of it, in a sentence; `lines` are what somebody has to write. */
interface Told {
  readonly result: Result;
  readonly message: string;
  readonly statedBy?: readonly string[];
  readonly lines?: string;
}

/** What has to stand in a manifest that states approvals, besides what is there. */
function linesFor(hash: string): string {
  return `spec:\n  approval:\n    plans:\n      - ${hash}\n`;
}

/** After the plan that was shown, or as the one document. */
function tell(told: Told, { view, picture }: Seen, target: Target, { format, place }: Order, host: Host): void {
  if (format === 'text') {
    writeLines([[{ text: `MeshMigration ${place.name}: ${told.message}` }]], host);
    host.stdout.write(told.lines ?? '');
    return;
  }
  const [record] = place.namespace === undefined ? [] : picture.records;
  const { namespaces: _all, ...rest } = view;
  const document = {
    ...rest,
    plan: documentOf(target),
    ...told,
    namespaces: membersOf(target, view),
    ...(record && { detail: detailOf(record, picture, host.meshes) }),
  };
  writeDocument(document, format, host);
}

function preview({ view, picture }: Seen, target: Target, { place, format }: Order, host: Host): void {
  if (format !== 'text') return;
  const [record] = place.namespace === undefined ? [] : picture.records;
  const detail = record && detailOf(record, picture, host.meshes);
  writeLines(previewLines(view, target, membersOf(target, view), detail, columnsOf(host)), host);
}

function stated(seen: Seen, { target, by }: Extract<Decision, { kind: 'Stated' }>, order: Order, host: Host): ExitCode {
  const names = by.join(', ');
  const message = `nothing was changed: spec.approval is stated by a manifest that ${names} applies, and what is changed beside it may be set back. Have it say this, besides what is there; --force patches the object all the same:`;
  tell({ result: 'StatedElsewhere', message, statedBy: by, lines: linesFor(target.hash) }, seen, target, order, host);
  return 1;
}

/** What was shown must be what is there: somebody may have taken his time. */
async function agreed(client: KubeClient, seen: Seen, target: Target, order: Order, host: Host): Promise<Seen> {
  if (!order.asks) return seen;
  if (!(await confirmed(`Approve of ${planOf(target)}?`, host)))
    throw new Refused(`MeshMigration ${order.place.name}: nothing was changed`);
  const now = await look(client, order, host);
  if (now.decision.kind === 'Approve' && now.decision.target.hash === target.hash) return now;
  throw changed(target, now);
}

function changed(target: Target, { decision, view }: Seen): Refused {
  const now =
    decision.kind === 'Refuse' ? decision.message : `${planOf(target)} is another one, or its spec was edited`;
  return new Refused(
    `MeshMigration ${view.migration}: nothing was changed: it is not what was shown any more: ${now}. Look at it anew`,
  );
}

async function patch(
  client: KubeClient,
  { picture }: Seen,
  { target, pruned }: Extract<Decision, { kind: 'Approve' }>,
  order: Order,
  host: Host,
): Promise<MeshMigration> {
  const { place, dryRun } = order;
  const { signal } = host;
  try {
    const operations = approvalPatch(picture, target, pruned);
    return await client.jsonPatch<MeshMigration>(meshMigrations, undefined, place.name, operations, { dryRun, signal });
  } catch (error) {
    if (!(error instanceof InvalidError) || !error.patchDoesNotApply) throw error;
    throw changed(target, await look(client, order, host));
  }
}

/** Whether the status shows the plan still, and what it says of those that wait. */
async function isShown(
  client: KubeClient,
  target: Target,
  { spec, status, metadata }: MeshMigration,
  signal: AbortSignal,
): Promise<boolean> {
  if (target.kind === 'Migration') return status?.plan?.hash === target.hash;
  if (target.kind === 'Wave') return status?.plan?.waves?.some(({ hash }) => hash === target.hash) === true;
  const reading = client.get<NamespaceMigration>(namespaceMigrations, target.name, metadata.name, signal);
  const record = await reading.catch((error: unknown) => {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  });
  const digest = record?.status?.planDigest;
  return digest !== undefined && hashAlone(spec, target.name, digest) === target.hash;
}

async function outcome(
  client: KubeClient,
  written: MeshMigration,
  seen: Seen,
  target: Target,
  order: Order,
  host: Host,
): Promise<ExitCode> {
  const added = `${planOf(target)} is approved of: ${target.hash} was added to spec.approval.plans`;
  if (order.answerMs === undefined) {
    tell({ result: 'Approved', message: added }, seen, target, order, host);
    return 0;
  }
  const now = await answered(client, written, order.answerMs, host);
  if (now === undefined) {
    const unanswered = `${target.hash} was added to spec.approval.plans, but the operator has not answered yet; ${isItRunning}`;
    tell({ result: 'Unanswered', message: unanswered }, seen, target, order, host);
    return 4;
  }
  if (!(await isShown(client, target, now, host.signal)))
    throw new Refused(
      `MeshMigration ${order.place.name}: ${planOf(target)} has changed meanwhile: ${target.hash} is in spec.approval.plans, and starts nobody whose plan is another one now. Look at it anew`,
    );
  const { awaiting = 0 } = now.status?.plan ?? {};
  const rest = awaiting === 0 ? 'no namespace waits for one' : `${counted(awaiting, 'namespace')} still without one`;
  tell({ result: 'Approved', message: `${added}, and the operator has taken it; ${rest}` }, seen, target, order, host);
  return 0;
}

/** Shows a plan, asks where somebody is there, and has it approved of as long as it is what was shown. */
export async function approve(client: KubeClient, order: Order, host: Host): Promise<ExitCode> {
  const first = await look(client, order, host);
  const { decision } = first;
  if (decision.kind === 'Refuse')
    throw new Refused(`MeshMigration ${order.place.name}: nothing was changed: ${decision.message}`);
  const { target } = decision;
  preview(first, target, order, host);
  if (decision.kind === 'Already') {
    tell(
      { result: 'AlreadyApproved', message: `${decision.message}; nothing was changed` },
      first,
      target,
      order,
      host,
    );
    return 0;
  }
  if (decision.kind === 'Stated') return stated(first, decision, order, host);
  const seen = await agreed(client, first, target, order, host);
  const { decision: last } = seen;
  if (last.kind !== 'Approve') throw changed(target, seen);
  const written = await patch(client, seen, last, order, host);
  if (!order.dryRun) return await outcome(client, written, seen, target, order, host);
  const would = `${target.hash} would be added to spec.approval.plans (server dry run); nothing was changed`;
  tell({ result: 'DryRun', message: would }, seen, target, order, host);
  return 0;
}

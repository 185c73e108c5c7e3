import {
  meshMigrations,
  migrationLabel,
  namespaceMigrations,
  type MeshMigration,
  type NamespaceMigration,
} from '../../api/resources.ts';
import type { Place } from '../../engine/command-lines.ts';
import type { KubeClient } from '../../kube/client.ts';
import { ConflictError } from '../../kube/errors.ts';
import { askUntil, readAt, resourceOf, unlessForbidden } from '../cluster/reading.ts';
import { Refused } from '../cluster/refused.ts';
import { isItRunning } from '../cluster/unsure.ts';
import type { ExitCode } from '../exit-code.ts';
import type { Host } from '../host.ts';
import { answerTo, type Answer } from './answer.ts';
import { decidedOf } from './decided.ts';
import { subjectOf, type Decision, type Edit, type Steering, type Typed } from './steering.ts';

/** One call of a command that steers. */
export interface Order {
  readonly steering: Steering;
  readonly place: Place;
  readonly dryRun: boolean;
  /** How long the operator has to answer; undefined: nobody waits. */
  readonly answerMs: number | undefined;
}

type Steered = MeshMigration | NamespaceMigration;

interface Seen {
  readonly object: Steered;
  readonly decision: Decision;
}

/** So often it is decided anew, on what is there then, when somebody else comes in between. */
const attempts = 5;

async function childrenOf(
  client: KubeClient,
  name: string,
  signal: AbortSignal,
): Promise<readonly NamespaceMigration[] | undefined> {
  const labelSelector = `${migrationLabel}=${name}`;
  const page = await unlessForbidden(client.list<NamespaceMigration>(namespaceMigrations, { labelSelector, signal }));
  return page?.items;
}

async function look(client: KubeClient, { steering, place }: Order, host: Host): Promise<Seen> {
  const { signal, program } = host;
  const typed: Typed = (command, { name, namespace }) =>
    `${program} ${command} ${name}${namespace === undefined ? '' : ` -n ${namespace}`}`;
  if (place.namespace !== undefined) {
    const record = await readAt<NamespaceMigration>(client, place, signal);
    const migration = await unlessForbidden(client.get<MeshMigration>(meshMigrations, undefined, place.name, signal));
    return { object: record, decision: decidedOf(record, () => steering.ofNamespace({ record, migration }, typed)) };
  }
  const object = await readAt<MeshMigration>(client, place, signal);
  const children = steering.needsChildren(object) ? await childrenOf(client, place.name, signal) : undefined;
  return { object, decision: decidedOf(object, () => steering.ofMigration({ object, children }, typed)) };
}

/** Only as long as the object is what it was decided by: its resourceVersion is a precondition. */
async function write(
  client: KubeClient,
  order: Order,
  { object }: Seen,
  edit: Edit,
  signal: AbortSignal,
): Promise<Steered> {
  const { place, dryRun } = order;
  const metadata = { resourceVersion: object.metadata.resourceVersion };
  const isPhase = edit.field === 'status.phase';
  return await client.mergePatch<Steered>(
    resourceOf(place),
    place.namespace,
    place.name,
    isPhase ? { metadata, status: { phase: edit.value } } : { metadata, spec: { action: edit.value } },
    { ...(isPhase && { subresource: 'status' }), dryRun, signal },
  );
}

async function awaited(
  client: KubeClient,
  { place, answerMs = 0 }: Order,
  edit: Edit,
  seen: Seen,
  written: Steered,
  host: Host,
): Promise<Answer | undefined> {
  return await askUntil(host, answerMs, async () => {
    const now = await client.get<Steered>(resourceOf(place), place.namespace, place.name, host.signal);
    return answerTo(edit, seen.object, written, now);
  });
}

async function told(
  client: KubeClient,
  order: Order,
  decision: Extract<Decision, { kind: 'Write' }>,
  seen: Seen,
  written: Steered,
  host: Host,
): Promise<ExitCode> {
  const { edit, says } = decision;
  const subject = subjectOf(order.place);
  const set = `${edit.field} was set to ${edit.value}`;
  const say = (text: string): unknown => host.stdout.write(`${subject}${text}\n`);
  if (order.answerMs === undefined) {
    say(` ${says}: ${set}`);
    return 0;
  }
  const answer = await awaited(client, order, edit, seen, written, host);
  if (answer === undefined) {
    say(`: ${set}, but the operator has not answered yet; ${isItRunning}`);
    return 4;
  }
  if (answer.kind === 'Rejected') throw new Refused(`${subject}: not carried out: ${answer.message}`);
  say(` ${says}: ${set}, and the operator has taken it. It is ${answer.phase} now.`);
  return 0;
}

/** Decides on what is there, edits it, and tells what the operator made of that. */
export async function carryOut(client: KubeClient, order: Order, host: Host): Promise<ExitCode> {
  const subject = subjectOf(order.place);
  for (let attempt = 1; ; attempt += 1) {
    const seen = await look(client, order, host);
    const { decision } = seen;
    if (decision.kind === 'Refuse') throw new Refused(`${subject}: nothing was changed: ${decision.message}`);
    if (decision.kind === 'Already') {
      host.stdout.write(`${subject} ${decision.message}; nothing was changed\n`);
      return 0;
    }
    try {
      const written = await write(client, order, seen, decision.edit, host.signal);
      if (!order.dryRun) return await told(client, order, decision, seen, written, host);
      const { field, value } = decision.edit;
      host.stdout.write(`${subject}: ${field} would be set to ${value} (server dry run); nothing was changed\n`);
      return 0;
    } catch (error) {
      if (!(error instanceof ConflictError) || attempt === attempts) throw error;
    }
  }
}

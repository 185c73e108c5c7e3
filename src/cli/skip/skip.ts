import {
  meshMigrations,
  namespaceMigrations,
  type MeshMigration,
  type NamespaceMigration,
} from '../../api/resources.ts';
import type { JsonPatchOperation, KubeClient } from '../../kube/client.ts';
import { InvalidError } from '../../kube/errors.ts';
import { lookAt } from '../approval/picture.ts';
import { answered, unlessForbidden } from '../cluster/reading.ts';
import { Refused } from '../cluster/refused.ts';
import { isItRunning } from '../cluster/unsure.ts';
import type { ExitCode } from '../exit-code.ts';
import type { Host } from '../host.ts';
import { decidedOf, type Asked, type Decision } from './decided.ts';

/** One call of `skip`. */
export interface Order {
  readonly name: string;
  readonly asked: Asked;
  readonly dryRun: boolean;
  /** How long the operator has to answer; undefined: nobody waits. */
  readonly answerMs: number | undefined;
}

interface Seen {
  readonly migration: MeshMigration;
  readonly decision: Decision;
}

/** So often it is decided anew, on what is there then, when somebody else comes in between. */
const attempts = 5;

async function look(client: KubeClient, { name, asked }: Order, { signal, program }: Host): Promise<Seen> {
  const picture = await lookAt(client, { name }, signal);
  return { migration: picture.migration, decision: decidedOf(picture, asked, (line) => `${program} ${line}`) };
}

/**
 * Leaves the namespace out, as long as the spec is what was seen (its generation). Safe: what is not in scope is never
 * started, and one that was started in the same moment is held where it is (spec.rollback.onScopeLost), which is told.
 * Dying before it is sent: nothing has changed; after: it stands, and a second call says so.
 */
function skipping(
  { metadata, spec }: MeshMigration,
  { namespace }: Asked,
  named: number | undefined,
): readonly JsonPatchOperation[] {
  const place = `/spec/namespaces/names/${named ?? 0}`;
  const unnamed: readonly JsonPatchOperation[] =
    named === undefined
      ? []
      : [
          { op: 'test', path: place, value: spec.namespaces.names[named] },
          { op: 'remove', path: place },
        ];
  return [
    { op: 'test', path: '/metadata/uid', value: metadata.uid },
    { op: 'test', path: '/metadata/generation', value: metadata.generation },
    ...unnamed,
    { op: 'add', path: '/spec/namespaces/exclude/-', value: namespace },
  ];
}

/** What has to stand in a manifest of somebody. */
function linesFor(namespace: string): string {
  return `spec:\n  namespaces:\n    exclude:\n      - ${namespace}\n`;
}

/** Whether it was started before the operator saw that it is left out. */
async function wasStarted(client: KubeClient, { name, asked }: Order, { signal }: Host): Promise<boolean> {
  const record = await unlessForbidden(
    client.get<NamespaceMigration>(namespaceMigrations, asked.namespace, name, signal),
  );
  return record?.status?.direction !== undefined && record.status.writtenPhase !== 'RolledBack';
}

async function outcome(client: KubeClient, written: MeshMigration, order: Order, host: Host): Promise<ExitCode> {
  const { name, asked, answerMs } = order;
  const added = `${asked.namespace} was added to spec.namespaces.exclude`;
  const say = (text: string): unknown => host.stdout.write(`MeshMigration ${name}: ${text}\n`);
  if (answerMs === undefined) {
    say(added);
    return 0;
  }
  if ((await answered(client, written, answerMs, host)) === undefined) {
    say(`${added}, but the operator has not answered yet; ${isItRunning}`);
    return 4;
  }
  if (await wasStarted(client, order, host))
    throw new Refused(
      `MeshMigration ${name}: ${added}, but it was started in the same moment, and is held where it is (spec.rollback.onScopeLost). Bring it back: ${host.program} rollback ${name} -n ${asked.namespace}`,
    );
  say(`${added}, and the operator has taken it: it is left as it is, and the others go on`);
  return 0;
}

function stated(by: readonly string[], { name, asked }: Order, { stdout }: Host): ExitCode {
  stdout.write(
    `MeshMigration ${name}: nothing was changed: spec.namespaces is stated by a manifest that ${by.join(', ')} applies, and what is changed beside it may be set back. Have it say this, and not name it in spec.namespaces.names; --force patches the object all the same:\n${linesFor(asked.namespace)}`,
  );
  return 1;
}

/** Decides on what is there, leaves the namespace out, and tells what the operator made of it. */
export async function skip(client: KubeClient, order: Order, host: Host): Promise<ExitCode> {
  const { name, asked, dryRun } = order;
  for (let attempt = 1; ; attempt += 1) {
    const { migration, decision } = await look(client, order, host);
    if (decision.kind === 'Refuse')
      throw new Refused(`MeshMigration ${name}: nothing was changed: ${decision.message}`);
    if (decision.kind === 'Stated') return stated(decision.by, order, host);
    if (decision.kind === 'Already') {
      host.stdout.write(`MeshMigration ${name}: ${decision.message} already; nothing was changed\n`);
      return 0;
    }
    try {
      const patch = skipping(migration, asked, decision.named);
      const written = await client.jsonPatch<MeshMigration>(meshMigrations, undefined, name, patch, {
        dryRun,
        signal: host.signal,
      });
      if (!dryRun) return await outcome(client, written, order, host);
      host.stdout.write(
        `MeshMigration ${name}: ${asked.namespace} would be added to spec.namespaces.exclude (server dry run); nothing was changed\n`,
      );
      return 0;
    } catch (error) {
      if (!(error instanceof InvalidError) || !error.patchDoesNotApply || attempt === attempts) throw error;
    }
  }
}

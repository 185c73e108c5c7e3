import {
  meshMigrations,
  namespaceMigrations,
  type MeshMigration,
  type NamespaceMigration,
} from '../../api/resources.ts';
import type { Resource } from '../../api/object.ts';
import { sleep } from '../../base/clock.ts';
import type { Place } from '../../engine/command-lines.ts';
import type { KubeClient } from '../../kube/client.ts';
import { ForbiddenError, NotFoundError } from '../../kube/errors.ts';
import type { Host } from '../host.ts';
import { orMissing } from './missing.ts';

/** What is read; undefined where one may not, or where it is not there. */
export async function unlessForbidden<T>(reading: Promise<T>): Promise<T | undefined> {
  return await reading.catch((error: unknown) => {
    if (error instanceof ForbiddenError || error instanceof NotFoundError) return undefined;
    throw error;
  });
}

/** The kind of object that a place is about. */
export function resourceOf({ namespace }: Place): Resource {
  return namespace === undefined ? meshMigrations : namespaceMigrations;
}

/**
 * A migration, or its record in a namespace. Throws `Refused`, with the names that there are, where it is missing, else
 * the error of the read.
 */
export async function readAt<T extends MeshMigration | NamespaceMigration>(
  client: KubeClient,
  place: Place,
  signal: AbortSignal,
): Promise<T> {
  try {
    return await client.get<T>(resourceOf(place), place.namespace, place.name, signal);
  } catch (error) {
    throw await orMissing(error, client, place, signal);
  }
}

const pollMs = 500;

/** Asks again and again until there is an answer; undefined where none has come within that time, in milliseconds. */
export async function askUntil<T>(
  { clock, signal }: Host,
  withinMs: number,
  ask: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const until = clock.monotonic() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined || clock.monotonic() >= until) return answer;
    await sleep(clock, pollMs, signal);
  }
}

/** A migration once the operator has looked at what was written of its spec; undefined where it has not within that time. */
export async function answered(
  client: KubeClient,
  written: MeshMigration,
  answerMs: number,
  host: Host,
): Promise<MeshMigration | undefined> {
  return await askUntil(host, answerMs, async () => {
    const now = await client.get<MeshMigration>(meshMigrations, undefined, written.metadata.name, host.signal);
    const isAnswered = (now.status?.observedGeneration ?? 0) >= (written.metadata.generation ?? Infinity);
    return isAnswered ? now : undefined;
  });
}

import { greatest } from '../base/lists.ts';
import type { KubeObject } from '../api/object.ts';
import type { Effort } from '../engine/efforts.ts';
import { otherWriters } from '../engine/writers.ts';
import type { KubeClient } from '../kube/client.ts';
import { ApiError, NotFoundError, UnavailableError } from '../kube/errors.ts';
import { deepest } from '../mesh/depth.ts';
import { record } from '../mesh/json.ts';
import type { Fights } from './fights.ts';
import type { Context, Result } from './reconciler.ts';

/** As deep as anything is read: fields may be nested as deeply as somebody nests what he writes. */
function holds(fields: unknown, key: string, levels = deepest): boolean {
  return (
    levels > 0 &&
    Object.entries(record(fields)).some(([name, inner]) => name === `f:${key}` || holds(inner, key, levels - 1))
  );
}

/** Who else writes the object, in words. */
function othersOf(object: KubeObject, keys: readonly string[]): string {
  const { names, own } = otherWriters(object, (fields) => keys.some((key) => holds(fields, key)));
  if (names.length === 0) return 'perhaps by a webhook, since nobody else owns a field of it';
  return `it is also written by ${names.join(', ')}${own ? '' : ', unless a webhook does it'}`;
}

/**
 * Labels, annotations (also those of a template) and the rest of an object side by side: what is wanted of it names no
 * more than the last part of a path.
 */
function valueOf({ metadata, ...object }: KubeObject, key: string): unknown {
  const spec = record(object['spec']);
  const { annotations: ofTemplate } = record(record(spec['template'])['metadata']);
  return record(ofTemplate)[key] ?? metadata.labels?.[key] ?? metadata.annotations?.[key] ?? spec[key] ?? null;
}

function written({ resource, namespace, name }: Effort): string {
  return `${resource.kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

/**
 * One sentence about an object that is not as we made it again and again: what is otherwise, and who else writes it.
 */
async function whoUndoes(client: KubeClient, effort: Effort, signal: AbortSignal): Promise<string> {
  const { resource, namespace, name, wanted } = effort;
  const title = written(effort);
  try {
    const seen = await client.get(resource, namespace, name, signal);
    const finalizers = seen.metadata.deletionTimestamp === undefined ? [] : (seen.metadata.finalizers ?? []);
    if (finalizers.length > 0)
      return `${title} is deleted and does not go: it has the finalizers ${finalizers.join(', ')}`;
    const otherwise = Object.keys(wanted ?? {}).filter((key) => valueOf(seen, key) !== (wanted?.[key] ?? null));
    const by = othersOf(seen, otherwise);
    if (wanted === undefined) return `${title} is made anew again and again after it was deleted: ${by}`;
    return `${title} is changed back again and again (${otherwise.join(', ') || 'for moments'}): ${by}`;
  } catch (error) {
    if (error instanceof NotFoundError) return `${title} is deleted again and again after it was made`;
    if (error instanceof ApiError && !(error instanceof UnavailableError))
      return `${title} is not as it was made again and again; it cannot be read who else writes it: ${error.message}`;
    throw error;
  }
}

/**
 * What was made so again and again without lasting waits for its turn, and before that the status says who undoes it.
 * Undefined if all of it may be sent now.
 */
export async function heldBack(
  { client }: Pick<Context, 'client'>,
  fights: Fights,
  key: string,
  efforts: readonly Effort[],
  signal: AbortSignal,
): Promise<Result | undefined> {
  const fought = efforts.filter((effort) => fights.isFought(key, effort));
  let isNews = false;
  for (const effort of fought.filter((each) => !fights.isTold(key, each))) {
    isNews = fights.tell(key, effort, await whoUndoes(client, effort, signal)) || isNews;
  }
  const ms = greatest([0, ...fought.map((effort) => fights.dueInMs(key, effort))]);
  // Not `Again`, which says that it was sent: what follows from a journal would be stored without it.
  if (isNews) return { kind: 'After', ms: 1 };
  return ms > 0 ? { kind: 'After', ms } : undefined;
}

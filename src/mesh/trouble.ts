import { count, record, records, text, type Json } from './json.ts';

/** As much of it as a status has room for. */
const longest = 300;

function bounded(sentence: string): string {
  return sentence.length > longest ? `${sentence.slice(0, longest)}...` : sentence;
}

/** What one container waits for, or how it ended last. */
function ofContainer(status: Json): readonly string[] {
  const state = record(status['state']);
  const waiting = record(state['waiting']);
  const ended = [record(state['terminated']), record(record(status['lastState'])['terminated'])].find(({ reason }) => reason !== undefined);
  if (status['ready'] === true || (waiting['reason'] === undefined && ended === undefined)) return [];
  const why = [waiting['reason'], waiting['message']].flatMap((part) => text(part) ?? []).join(': ');
  const last = ended === undefined ? '' : `last ended with ${text(ended['reason']) ?? ''}, exit code ${count(ended['exitCode'])}`;
  return [`container ${text(status['name']) ?? ''} ${[why, last].filter((part) => part !== '').join('; ')}`];
}

/** Why a pod is not Ready, in the words of its own status; undefined where it says nothing. */
export function troubleOfPod(status: Json): string | undefined {
  const containers = [...records(status['initContainerStatuses']), ...records(status['containerStatuses'])].flatMap(ofContainer);
  if (containers.length > 0) return bounded(containers.join(', '));
  const failing = records(status['conditions']).findLast((condition) => condition['status'] === 'False' && (text(condition['message']) ?? '') !== '');
  return failing && bounded(text(failing['message']) ?? '');
}

/** Why a controller cannot create pods: ReplicaFailure of a Deployment quotes the quota or the webhook. */
export function troubleOfWorkload(status: Json): string | undefined {
  const failing = records(status['conditions']).find((condition) => condition['type'] === 'ReplicaFailure' && condition['status'] === 'True');
  return failing && bounded(text(failing['message']) ?? '');
}

import { blank } from '../base/blank.ts';
import { count, record, records, text, type Json } from './json.ts';
import { inOwnWords } from './kubernetes-words.ts';

/** As much of it as a status has room for. */
const longest = 300;

/** More is not looked at. */
const longestRead = 2000;

const withBlank = new RegExp(blank, 'u');

/** As Go quotes. */
const quotation = /"((?:[^"\\]|\\.)*)(?:"|$)/g;

/**
 * Kubernetes quotes what stands in a template: the name of an image or a command may be a sentence, which would be read
 * as one of ours in a status. A name that is one has no blank; what has one is left out, wherever it is said again.
 */
function withoutSentences(message: string): string {
  const read = message.slice(0, longestRead);
  const sentences = [...read.matchAll(quotation)]
    .map(([, said = '']) => said)
    .filter((said) => withBlank.test(said.trim()));
  const quoted = read.replace(quotation, (all, said: string) => (sentences.includes(said) ? '"..."' : all));
  return sentences.reduce((text, said) => text.replaceAll(said, '...'), quoted);
}

function bounded(sentence: string): string {
  const told = withoutSentences(sentence);
  return told.length > longest ? `${told.slice(0, longest)}...` : told;
}

/** What one container waits for, or how it ended last. */
function ofContainer(status: Json): readonly string[] {
  const state = record(status['state']);
  const waiting = record(state['waiting']);
  const ended = [record(state['terminated']), record(record(status['lastState'])['terminated'])].find(
    ({ reason }) => reason !== undefined,
  );
  if (status['ready'] === true || (waiting['reason'] === undefined && ended === undefined)) return [];
  const message = text(waiting['message']);
  const why = [text(waiting['reason']), message === undefined ? undefined : inOwnWords(withoutSentences(message))]
    .filter((part) => part !== undefined)
    .join(': ');
  const last =
    ended === undefined ? '' : `last ended with ${text(ended['reason']) ?? ''}, exit code ${count(ended['exitCode'])}`;
  return [`container ${text(status['name']) ?? ''} ${[why, last].filter((part) => part !== '').join('; ')}`];
}

/** Why a pod is not Ready, in the words of its own status; undefined where it says nothing. */
export function troubleOfPod(status: Json): string | undefined {
  const containers = [...records(status['initContainerStatuses']), ...records(status['containerStatuses'])].flatMap(
    ofContainer,
  );
  if (containers.length > 0) return bounded(containers.join(', '));
  const failing = records(status['conditions']).findLast(
    (condition) => condition['status'] === 'False' && (text(condition['message']) ?? '') !== '',
  );
  return failing && bounded(text(failing['message']) ?? '');
}

/** Why a controller cannot create pods: ReplicaFailure of a Deployment quotes the quota or the webhook. */
export function troubleOfWorkload(status: Json): string | undefined {
  const failing = records(status['conditions']).find(
    (condition) => condition['type'] === 'ReplicaFailure' && condition['status'] === 'True',
  );
  return failing && bounded(text(failing['message']) ?? '');
}

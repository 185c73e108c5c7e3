import type { KubeClient } from '../../src/kube/client.ts';
import { projectPod } from '../../src/mesh/project.ts';
import { concerns, modeOf } from '../../src/mesh/istio/vocabulary/pod-mode.ts';
import type { Clock } from '../../src/base/clock.ts';
import { watchEvents } from '../../src/kube/watch-stream.ts';
import { kinds } from './manifests.ts';

/** What the watch saw. */
export interface OutsideWatch {
  /** Sentences about pods that were Ready and in no mesh (or fully in neither). */
  readonly violations: readonly string[];
  /** How many events it judged: zero would prove nothing. */
  readonly judged: number;
  stop(): Promise<void>;
}

/**
 * Watches every pod of a namespace from before the migration: a pod that is Ready, not on its way out, and in no mesh
 * is a violation, at any instant. Takes every event the API server has; a lost stream is a violation too.
 */
export async function watchForPodsOutside(
  client: KubeClient,
  clock: Clock,
  namespace: string,
  signal: AbortSignal,
): Promise<OutsideWatch> {
  const violations: string[] = [];
  let judged = 0;
  const stopping = new AbortController();
  const until = AbortSignal.any([signal, stopping.signal]);
  const { resourceVersion } = await client.listPage(kinds.Pod, { namespace, signal });
  const stream = await client.watch(kinds.Pod, { namespace, resourceVersion, timeoutSeconds: 3600 }, until);
  const reading = (async () => {
    for await (const event of watchEvents(stream, {
      clock,
      idleMs: () => 3_600_000,
      abort: (reason) => {
        stopping.abort(reason);
      },
      request: { server: client.server, method: 'GET', path: `pods of ${namespace}` },
    })) {
      if (event.type !== 'ADDED' && event.type !== 'MODIFIED') continue;
      const pod = projectPod(event.object);
      judged += 1;
      const mode = modeOf(pod);
      if (concerns(pod) && pod.ready && !pod.terminating && mode !== 'Sidecar' && mode !== 'Ambient')
        violations.push(`pod ${namespace}/${pod.name} was Ready in mode ${mode}`);
    }
    violations.push(`the watch on ${namespace} ended early`);
  })().catch((error: unknown) => {
    if (!until.aborted) violations.push(`the watch on ${namespace} broke: ${String(error)}`);
  });
  return {
    violations,
    get judged() {
      return judged;
    },
    async stop() {
      stopping.abort(new Error('the scenario is over'));
      await reading;
    },
  };
}

import assert from 'node:assert/strict';
import type { KubeObject, Resource } from '../../src/api/object.ts';
import { watchEvents } from '../../src/kube/watch-stream.ts';
import type { World } from './world.ts';

/** How often objects of a kind were written, by whomever. */
export interface WriteWatch {
  /** Since the watch began. */
  readonly count: number;
  stop(): Promise<void>;
}

/**
 * Counts every version that the API server has made of objects of a kind, from now on. A stream that breaks fails the
 * scenario.
 */
export async function watchWrites(
  world: World,
  resource: Resource,
  namespace: string | undefined,
  concerns: (object: KubeObject) => boolean = () => true,
): Promise<WriteWatch> {
  const { client, clock } = world;
  let count = 0;
  let broken: unknown;
  const stopping = new AbortController();
  const until = AbortSignal.any([world.signal, stopping.signal]);
  const scope = namespace === undefined ? {} : { namespace };
  const { resourceVersion } = await client.listPage(resource, { ...scope, signal: world.signal });
  const stream = await client.watch(resource, { ...scope, resourceVersion, timeoutSeconds: 7200 }, until);
  const request = {
    server: client.server,
    method: 'GET',
    path: `${resource.plural} of ${namespace ?? 'the cluster'}`,
  } as const;
  const reading = (async () => {
    for await (const event of watchEvents(stream, {
      clock,
      idleMs: () => 7_200_000,
      abort: (reason) => {
        stopping.abort(reason);
      },
      request,
    })) {
      if (event.type !== 'BOOKMARK' && concerns(event.object)) count += 1;
    }
  })().catch((error: unknown) => {
    if (!until.aborted) broken = error;
  });
  return {
    get count() {
      assert.equal(broken, undefined, `the watch broke: ${String(broken)}`);
      return count;
    },
    async stop() {
      stopping.abort(new Error('the scenario is over'));
      await reading;
    },
  };
}

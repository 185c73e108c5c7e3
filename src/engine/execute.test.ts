import { describe, expect, it } from '@jest/globals';
import { systemClock } from '../base/clock.ts';
import { KubeClient } from '../kube/client.ts';
import { NotFoundError } from '../kube/errors.ts';
import type { Transport } from '../kube/transport.ts';
import { execute, OldPictureError } from './execute.ts';
import type { Write } from './situation.ts';

async function* text(body: string): AsyncGenerator<string> {
  yield await Promise.resolve(body);
}

/** An API server that answers 404 to everything, with these details. */
function without(details: object): Transport {
  return {
    server: 'https://empty',
    send: ({ path }) => {
      const status = {
        kind: 'Status',
        status: 'Failure',
        code: 404,
        reason: 'NotFound',
        message: `${path}!`,
        ...details,
      };
      return Promise.resolve({ status: 404, headers: {}, body: text(JSON.stringify(status)) });
    },
  };
}

/** As it answers where there is no such object. */
const empty = without({ details: { name: 'web', kind: 'things' } });

const workload = { kind: 'Deployment', name: 'web' };
const operations = [{ op: 'add', path: '/metadata/labels/a', value: 'b' }] as const;

const changes: readonly Write[] = [
  { kind: 'PatchNamespace', operations },
  { kind: 'PatchService', name: 'web', operations },
  { kind: 'PatchTemplate', workload, operations },
  { kind: 'PatchTemplate', workload, operations, because: { pod: 'web-1', uid: 'u' } },
  { kind: 'Scale', workload, operations },
  { kind: 'Evict', pod: 'web-1', uid: 'u' },
] as readonly Write[];

async function attempt(write: Write, transport = empty): Promise<unknown> {
  const client = new KubeClient({ transport, clock: systemClock, random: () => 0, fieldManager: 'test' });
  return await execute(client, write, 'shop', new AbortController().signal).catch((error: unknown) => error);
}

describe('a write about what is not there any more', () => {
  it.each(changes)('was decided from an old picture: $kind', async (write) => {
    expect(await attempt(write)).toBeInstanceOf(OldPictureError);
  });

  it.each(changes)('is told of where a webhook refuses it with that code: $kind', async (write) => {
    expect(await attempt(write, without({}))).toBeInstanceOf(NotFoundError);
  });

  it('is told of where something is to be made', async () => {
    const resource = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };
    const object = { kind: 'ConfigMap', metadata: { name: 'a', namespace: 'shop' }, data: {} };
    const write = { kind: 'Apply', manifests: [{ resource, object, before: undefined }] } as unknown as Write;
    expect(await attempt(write)).toBeInstanceOf(NotFoundError);
  });
});

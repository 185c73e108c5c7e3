import { describe, expect, it } from '@jest/globals';
import { WatchBody, line } from '../../test/sim-kube/scripted-server.ts';
import { VirtualClock } from '../../test/sim/virtual-clock.ts';
import { ExpiredError } from './errors.ts';
import { WatchFormatError, WatchIdleError, watchEvents } from './watch-stream.ts';

function pod(name: string, resourceVersion: string): object {
  return { metadata: { name, resourceVersion } };
}

function open(body: WatchBody) {
  const clock = new VirtualClock();
  const stream = new AbortController();
  const seen: string[] = [];
  const reading = (async () => {
    const response = { status: 200, headers: {}, body: body.read(stream.signal) };
    const request = { server: 'https://api.test', method: 'WATCH', path: '/api/v1/pods' };
    const abort = (reason: Error): void => {
      stream.abort(reason);
    };
    for await (const { type, object } of watchEvents(response, { clock, idleMs: () => 90_000, abort, request })) {
      seen.push(`${type} ${object.metadata.name} ${object.metadata.resourceVersion ?? ''}`);
    }
  })();
  return { clock, reading, seen };
}

describe('watchEvents', () => {
  it.each([1, 3, 7, 1000])('reads lines from pieces of %i characters', async (size) => {
    const text =
      line('ADDED', pod('a', '1')) +
      line('MODIFIED', pod('a', '2')) +
      line('BOOKMARK', pod('', '5')) +
      line('DELETED', pod('a', '6'));
    const body = new WatchBody();
    for (let at = 0; at < text.length; at += size) body.push(text.slice(at, at + size));
    const { clock, reading, seen } = open(body.end());

    await clock.run(reading);

    expect(seen).toEqual(['ADDED a 1', 'MODIFIED a 2', 'BOOKMARK  5', 'DELETED a 6']);
    expect(clock.pending).toBe(0);
  });

  it.each([
    ['is not JSON', '{"type": "ADDED", \n'],
    ['is of unknown type', line('RENAMED', pod('b', '2'))],
    ['has no resourceVersion', line('ADDED', { metadata: { name: 'b' } })],
    ['is null', 'null\n'],
  ])('ends at a line that %s, and never skips it', async (_what, bad) => {
    const { clock, reading, seen } = open(
      new WatchBody().push(line('ADDED', pod('a', '1')) + bad + line('ADDED', pod('c', '3'))).end(),
    );

    await expect(clock.run(reading)).rejects.toBeInstanceOf(WatchFormatError);

    expect(seen).toEqual(['ADDED a 1']);
  });

  it('takes half a line at the end for a broken stream', async () => {
    const { clock, reading } = open(new WatchBody().push(line('ADDED', pod('a', '1')).slice(0, -1)).end());

    await expect(clock.run(reading)).rejects.toBeInstanceOf(WatchFormatError);
  });

  it('throws the typed error of an ERROR event', async () => {
    const { clock, reading } = open(
      new WatchBody().push(line('ERROR', { kind: 'Status', code: 410, reason: 'Expired' })),
    );

    await expect(clock.run(reading)).rejects.toBeInstanceOf(ExpiredError);
  });

  it('gives up after 90 s without a byte, counted from the last one', async () => {
    const body = new WatchBody();
    const { clock, reading } = open(body);
    const ended = expect(reading).rejects.toBeInstanceOf(WatchIdleError);
    await clock.advance(60_000);
    body.push('\n');
    await clock.advance(89_000);
    body.push(line('BOOKMARK', pod('', '9')));

    await clock.run(ended);

    expect(clock.monotonic()).toBe(60_000 + 89_000 + 90_000);
  });

  it('says so even when the transport ends an aborted body in its own way', async () => {
    const clock = new VirtualClock();
    let abortBody: (reason: Error) => void = () => undefined;
    const body = {
      [Symbol.asyncIterator]: () => ({
        next: async () =>
          await new Promise<IteratorResult<string>>((_resolve, reject) => {
            abortBody = () => {
              reject(new Error('terminated'));
            };
          }),
      }),
    };
    const abort = (reason: Error): void => {
      abortBody(reason);
    };
    const request = { server: 'https://api.test', method: 'WATCH', path: '/api/v1/pods' };
    const events = watchEvents({ status: 200, headers: {}, body }, { clock, idleMs: () => 90_000, abort, request });

    await expect(clock.run(events.next())).rejects.toBeInstanceOf(WatchIdleError);
  });

  it('passes a broken connection on', async () => {
    const { clock, reading } = open(new WatchBody().cut());

    await expect(clock.run(reading)).rejects.toThrow('socket hang up');
  });
});

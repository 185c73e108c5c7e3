import { Readable } from 'node:stream';
import { expect, it } from '@jest/globals';
import type { HttpRequest, HttpResponse } from '../../kube/transport.ts';
import { measured } from './measured-transport.ts';
import type { Exchange } from './observer.ts';

const request: HttpRequest = { method: 'GET', path: '/api', headers: {}, signal: new AbortController().signal };

function transportOf(send: () => Promise<HttpResponse>) {
  const told: Exchange[] = [];
  let now = 0;
  const clock = { monotonic: () => now };
  const transport = measured({ server: 'https://kube', send }, clock, {
    exchanged: (exchange) => {
      told.push(exchange);
    },
  });
  return {
    told,
    transport,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

it('an answer is passed on as it is, and told with its time', async () => {
  const response: HttpResponse = { status: 429, headers: {}, body: Readable.from([]) };
  const { told, transport, pass } = transportOf(() => {
    pass(250);
    return Promise.resolve(response);
  });
  expect(await transport.send(request)).toBe(response);
  expect(told).toEqual([{ method: 'GET', status: 429, seconds: 0.25 }]);
});

it('a failure is passed on as it is, and told too', async () => {
  const failure = new Error('connection refused');
  const { told, transport } = transportOf(() => Promise.reject(failure));
  await expect(transport.send(request)).rejects.toBe(failure);
  expect(told).toEqual([{ method: 'GET', status: undefined, seconds: 0 }]);
});

import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server as SocketServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { loopbackTls } from '../../test/support/loopback-tls.ts';
import { systemClock } from '../base/clock.ts';
import { PrometheusClient } from './client.ts';
import { createPrometheusTransport, type PrometheusConnection } from './http-transport.ts';

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function listen(server: Pick<Server, 'closeAllConnections'> & SocketServer): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** A client of a server that answers like this, and the URLs and headers of what it was asked. */
async function ask(
  listener: RequestListener,
  connection: Omit<PrometheusConnection, 'url'> & { readonly path?: string } = {},
  limits = { timeoutMs: 20_000, maxBytes: 1 << 20 },
): Promise<{ readonly client: PrometheusClient; readonly asked: IncomingMessage[] }> {
  const asked: IncomingMessage[] = [];
  const port = await listen(
    createServer((request, response) => {
      asked.push(request);
      listener(request, response);
    }),
  );
  const { path = '', ...rest } = connection;
  return {
    client: new PrometheusClient(
      createPrometheusTransport({ ...rest, url: new URL(`http://127.0.0.1:${port}${path}`) }),
      systemClock,
      limits,
    ),
    asked,
  };
}

function json(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): RequestListener {
  return (_request, response) => {
    response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

function vector(...values: readonly string[]): unknown {
  return {
    status: 'success',
    data: {
      resultType: 'vector',
      result: values.map((value, index) => ({ metric: { n: String(index) }, value: [1_893_456_000.5, value] })),
    },
  };
}

const at = Date.UTC(2030, 0, 1);
const never = new AbortController().signal;

describe('the clock of a server', () => {
  it('is told by what it answers, as far as it is another one', async () => {
    const { signal } = new AbortController();
    const apart = async (date: string | undefined): Promise<number> => {
      const { client } = await ask((_request, response) => {
        response.sendDate = false;
        if (date !== undefined) response.setHeader('date', date);
        response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result: [] } }));
      });
      expect(client.apartMs).toBe(0);
      await client.query('up', 0, signal);
      return Math.round(client.apartMs / 60_000);
    };
    const at = (minutes: number): string => new Date(Date.now() + 60_000 * minutes).toUTCString();
    expect(await apart(at(60))).toBe(60);
    expect(await apart(at(-60))).toBe(-60);
    for (const date of [at(0), undefined, 'yesterday']) expect(Math.abs(await apart(date))).toBe(0);
  });
});

describe('a question', () => {
  it('is a GET below the path of the server, at a time, and gives labels and values', async () => {
    const { client, asked } = await ask(json(vector('1', '2.5')), { path: '/prometheus/' });

    expect(await client.query('up{a="b"}', at, never)).toEqual([
      { labels: { n: '0' }, value: 1 },
      { labels: { n: '1' }, value: 2.5 },
    ]);
    const [request] = asked;
    const url = new URL(request?.url ?? '', 'http://x');
    expect([request?.method, url.pathname, Object.fromEntries(url.searchParams)]).toEqual([
      'GET',
      '/prometheus/api/v1/query',
      { query: 'up{a="b"}', time: String(at / 1000), timeout: '20s' },
    ]);
    expect(request?.headers.authorization).toBeUndefined();
  });

  it('about alerts gives those that fire, and since when their condition holds', async () => {
    const labels = { alertname: 'A', constructor: 'x' };
    const alerts = [
      {
        labels,
        annotations: { text: '' },
        state: 'firing',
        activeAt: '2030-01-01T00:00:00.123456789Z',
        value: '1e+00',
      },
      { labels: { alertname: 'B' }, annotations: {}, state: 'pending', activeAt: '2030-01-01T00:00:00Z', value: '1' },
    ];
    const { client, asked } = await ask(json({ status: 'success', data: { alerts } }));
    expect(await client.alerts(never)).toEqual([{ labels, activeAt: Date.UTC(2030, 0, 1) + 123 }]);
    expect(new URL(asked[0]?.url ?? '', 'http://x').pathname).toBe('/api/v1/alerts');
  });

  it.each([
    ['says no time', { status: 'success', data: { alerts: [{ labels: {}, state: 'firing' }] } }, /since when/],
    ['is no list', { status: 'success', data: {} }, /no list of alerts/],
    ['may be a part', { status: 'success', warnings: ['a store is away'], data: { alerts: [] } }, /may be incomplete/],
  ])('about alerts has no answer where it %s', async (_title, body, message) => {
    const { client } = await ask(json(body));
    await expect(client.alerts(never)).rejects.toThrow(message);
  });

  it('about some times is asked at once, and gives what there is of each series at each of them', async () => {
    const values = [
      [1_893_456_000, '3'],
      [1_893_456_120, 'NaN'],
      [1_893_456_240, '+Inf'],
      [1_893_456_360, '0'],
    ];
    const body = { status: 'success', data: { resultType: 'matrix', result: [{ metric: { n: '0' }, values }] } };
    const { client, asked } = await ask(json(body));

    expect(await client.courses('up', { from: at, to: at + 360_000, stepMs: 120_000 }, never)).toEqual([
      {
        labels: { n: '0' },
        points: [
          { at, value: 3 },
          { at: at + 360_000, value: 0 },
        ],
      },
    ]);
    const url = new URL(asked[0]?.url ?? '', 'http://x');
    expect([url.pathname, Object.fromEntries(url.searchParams)]).toEqual([
      '/api/v1/query_range',
      { query: 'up', start: String(at / 1000), end: String(at / 1000 + 360), step: '120', timeout: '20s' },
    ]);
  });

  it.each([
    ['an instant vector', vector('1'), /no matrix/],
    [
      'a part of it',
      { status: 'success', warnings: ['a store is away'], data: { resultType: 'matrix', result: [] } },
      /may be incomplete: a store is away/,
    ],
  ])('about some times is not answered by %s', async (_what, body, message) => {
    const { client } = await ask(json(body));
    await expect(client.courses('up', { from: at, to: at, stepMs: 120_000 }, never)).rejects.toThrow(message);
  });

  it('reads the token anew each time', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'prometheus-'));
    cleanups.push(async () => {
      await rm(directory, { recursive: true });
    });
    const tokenFile = join(directory, 'token');
    const { client, asked } = await ask(json(vector()), { tokenFile });

    for (const token of ['first', 'second\n']) {
      await writeFile(tokenFile, token);
      await client.query('up', at, never);
    }
    expect(asked.map(({ headers }) => headers.authorization)).toEqual(['Bearer first', 'Bearer second']);
  });

  it('trusts only the authorities that it is given', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'prometheus-'));
    cleanups.push(async () => {
      await rm(directory, { recursive: true });
    });
    const caFile = join(directory, 'ca.crt');
    await writeFile(caFile, loopbackTls.cert);
    const url = new URL(`https://127.0.0.1:${await listen(createTlsServer(loopbackTls, json(vector('1'))))}`);

    await expect(
      new PrometheusClient(createPrometheusTransport({ url }), systemClock).query('up', at, never),
    ).rejects.toMatchObject({ name: 'PrometheusUnreachableError', message: expect.stringMatching(/certificate/) });
    expect(
      await new PrometheusClient(createPrometheusTransport({ url, caFile }), systemClock).query('up', at, never),
    ).toHaveLength(1);
  });

  it('unpacks gzip, also of many pieces', async () => {
    const packed = gzipSync(JSON.stringify(vector(...Array.from({ length: 20_000 }, () => '1'))));
    const { client } = await ask(
      (_request, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' });
        for (let from = 0; from < packed.length; from += 1000) response.write(packed.subarray(from, from + 1000));
        response.end();
      },
      {},
      { timeoutMs: 20_000, maxBytes: 1 << 22 },
    );

    expect(await client.query('up', at, never)).toHaveLength(20_000);
  });

  it('ignores remarks about the expression', async () => {
    const { client } = await ask(
      json({ ...(vector('1') as object), infos: ['PromQL info: metric might not be a counter'] }),
    );

    expect(await client.query('up', at, never)).toHaveLength(1);
  });

  it('ends with the signal that it was given, for its reason', async () => {
    const stopping = new AbortController();
    const { client } = await ask(() => {
      stopping.abort(new Error('SIGTERM'));
    });

    await expect(client.query('up', at, stopping.signal)).rejects.toThrow('SIGTERM');
    await expect(client.query('up', at, stopping.signal)).rejects.toThrow('SIGTERM');
  });
});

const error = (errorType: string, message: string): unknown => ({ status: 'error', errorType, error: message });

function hangUp(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-length': '1000' }).write('{"status":"succ', () => {
    response.destroy();
  });
}

describe('an answer that cannot be relied on', () => {
  it.each<[string, RequestListener, string, RegExp]>([
    ['401', json('', 401), 'PrometheusRefusedError', /HTTP 401.*--prometheus-token-file/],
    ['403', json('Forbidden', 403), 'PrometheusRefusedError', /HTTP 403/],
    ['404', json('404 page not found', 404), 'PrometheusRefusedError', /HTTP 404.*--prometheus-url/],
    ['500', json('<html>', 500), 'PrometheusRefusedError', /HTTP 500$/],
    [
      'a redirect to a login page',
      (_request, response) => {
        response.writeHead(302, { location: 'http://127.0.0.1:1/login' }).end();
      },
      'PrometheusRefusedError',
      /HTTP 302$/,
    ],
    [
      'a query that took too long',
      json(error('timeout', 'query timed out in expression evaluation'), 503),
      'PrometheusQueryError',
      /timeout: query timed out/,
    ],
    [
      'a query that reads too much',
      json(error('execution', 'query processing would load too many samples into memory'), 422),
      'PrometheusQueryError',
      /too many samples/,
    ],
    ['an error with status 200', json(error('internal', 'no')), 'PrometheusQueryError', /internal: no/],
    ['HTML', json('<!doctype html><title>Sign in</title>'), 'PrometheusAnswerError', /not JSON.*<!doctype/],
    [
      'JSON that is cut off',
      json('{"status":"success","data":{"resultType":"vector","resu'),
      'PrometheusAnswerError',
      /cut off/,
    ],
    ['nothing', json(''), 'PrometheusAnswerError', /not JSON/],
    ['other JSON', json({ hello: 'world' }), 'PrometheusAnswerError', /no instant vector/],
    [
      'a matrix',
      json({ status: 'success', data: { resultType: 'matrix', result: [] } }),
      'PrometheusAnswerError',
      /no instant vector: data.resultType/,
    ],
    [
      'warnings',
      json({ ...(vector('1') as object), warnings: ['No StoreAPIs matched for this query'] }),
      'PrometheusAnswerError',
      /may be incomplete: No StoreAPIs matched/,
    ],
    ['NaN', json(vector('1', 'NaN')), 'PrometheusAnswerError', /a value is NaN/],
    ['infinity', json(vector('+Inf')), 'PrometheusAnswerError', /a value is \+Inf/],
    ['too much', json(JSON.stringify(vector('1')).padEnd(2 << 20)), 'PrometheusTooLargeError', /larger than 1 MiB/],
    [
      'too much when it is unpacked',
      (_request, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(8 << 20)));
      },
      'PrometheusTooLargeError',
      /larger than 1 MiB/,
    ],
    [
      'what is not the gzip that it says',
      json('{}', 200, { 'content-encoding': 'gzip' }),
      'PrometheusAnswerError',
      /cannot be unpacked/,
    ],
    [
      'gzip that is cut off',
      (_request, response) => {
        response
          .writeHead(200, { 'content-encoding': 'gzip' })
          .end(gzipSync(JSON.stringify(vector('1'))).subarray(0, 40));
      },
      'PrometheusAnswerError',
      /cannot be unpacked/,
    ],
    ['another packing', json('', 200, { 'content-encoding': 'br' }), 'PrometheusAnswerError', /packed as br/],
    ['a connection that ends', hangUp, 'PrometheusUnreachableError', /cannot be asked/],
    [
      'a connection that ends at once',
      (request) => {
        request.socket.destroy();
      },
      'PrometheusUnreachableError',
      /cannot be asked/,
    ],
  ])('%s', async (_title, listener, name, message) => {
    const { client } = await ask(listener);

    await expect(client.query('up', at, never)).rejects.toMatchObject({
      name,
      message: expect.stringMatching(message),
    });
  });

  it.each<[string, RequestListener]>([
    [
      'before its head',
      () => {
        /* says nothing */
      },
    ],
    [
      'in its body',
      (_request, response) => {
        response.writeHead(200).write('{');
      },
    ],
  ])('hangs %s', async (_title, listener) => {
    const { client } = await ask(listener, {}, { timeoutMs: 100, maxBytes: 1000 });

    await expect(client.query('up', at, never)).rejects.toMatchObject({
      name: 'PrometheusUnreachableError',
      message: 'it has not answered within 0.1 s',
    });
  });

  it('nobody listens, and the same each time: it stands in a status', async () => {
    const { client } = await ask(json(vector()));
    for (const cleanup of cleanups.splice(0)) await cleanup();

    const messages = await Promise.all(
      [1, 2].map(
        async () =>
          await client.query('up', at, never).then(
            () => '',
            (error: unknown) => (error as Error).message,
          ),
      ),
    );
    expect(messages[0]).toMatch(/cannot be asked: connect ECONNREFUSED/);
    expect(messages[1]).toBe(messages[0]);
  });

  it('no token can be read', async () => {
    const { client, asked } = await ask(json(vector()), { tokenFile: '/no/such/token' });

    await expect(client.query('up', at, never)).rejects.toMatchObject({
      name: 'PrometheusUnreachableError',
      message: expect.stringContaining('/no/such/token'),
    });
    expect(asked).toEqual([]);
  });
});

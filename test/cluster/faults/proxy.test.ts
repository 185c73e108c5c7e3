import { once } from 'node:events';
import { Agent, createServer, request, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { seededRandom } from '../../../src/base/random.ts';
import { loopbackTls } from '../../support/loopback-tls.ts';
import { Plan, type Fault, type Rule, type Sort } from './plan.ts';
import { FaultyProxy } from './proxy.ts';

const cleanups: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Bench {
  readonly proxy: FaultyProxy;
  readonly url: string;
  /** What came to the API server: `METHOD path body`. */
  readonly seen: string[];
  /** Sends a line to every watch. */
  readonly tell: (line: string) => void;
}

const pods = '/api/v1/pods?watch=true&resourceVersion=7';
const web = '/api/v1/namespaces/shop/services/web';

/** An API server that answers each request with an object of revision 7, behind the proxy. */
async function bench(...rules: readonly Rule[]): Promise<Bench> {
  const seen: string[] = [];
  const watches: ((line: string) => void)[] = [];
  const server: Server = createServer(loopbackTls, (asked, response) => {
    const pieces: Buffer[] = [];
    asked.on('data', (piece: Buffer) => pieces.push(piece));
    asked.on('end', () => {
      seen.push(`${asked.method ?? ''} ${asked.url ?? ''} ${Buffer.concat(pieces).toString()}`.trim());
      if (asked.url !== pods) {
        response.end('{"metadata":{"resourceVersion":"7"}}');
        return;
      }
      response.flushHeaders();
      watches.push((line) => response.write(line));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const plan = new Plan(seededRandom(1));
  plan.follow(rules);
  const upstream = { port: (server.address() as AddressInfo).port, ca: loopbackTls.cert };
  const proxy = new FaultyProxy({ upstream, tls: loopbackTls, plan });
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  cleanups.push(() => proxy.close());
  const tell = (line: string): void => {
    for (const watch of watches) watch(line);
  };
  return { proxy, url: await proxy.listen(), seen, tell };
}

interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
  /** Whether the connection broke before the answer was over. */
  readonly broken: boolean;
}

/** Sends a request; fails if no head of an answer comes. */
async function ask(url: string, path: string, method = 'GET', body = ''): Promise<Answered> {
  return await new Promise((resolve, reject) => {
    const agent = new Agent({ ca: loopbackTls.cert });
    const outgoing = request(`${url}${path}`, { method, agent }, (response) => {
      const pieces: string[] = [];
      response.setEncoding('utf8').on('data', (piece: string) => pieces.push(piece));
      response.on('error', () => undefined);
      response.on('close', () => {
        const { statusCode: status = 0, headers, complete } = response;
        resolve({ status, headers, body: pieces.join(''), broken: !complete });
      });
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

function each(fault: Fault, ...sorts: readonly Sort[]): Rule {
  return { fault, sorts, every: 1 };
}

describe('a proxy without faults', () => {
  it('passes requests and answers on, and remembers what was written', async () => {
    const { proxy, url, seen } = await bench();
    const answer = await ask(url, `${web}?timeout=10s`, 'PATCH', '{"a":"ü"}');
    expect([answer.status, answer.body]).toEqual([200, '{"metadata":{"resourceVersion":"7"}}']);
    await ask(url, '/api/v1/namespaces/shop/services', 'POST', '{"metadata":{"name":"new"}}');
    await ask(url, `${web}?dryRun=All`, 'PATCH', '{}');
    expect(seen[0]).toBe(`PATCH ${web}?timeout=10s {"a":"ü"}`);
    expect(proxy.written).toMatchObject([
      { method: 'PATCH', target: web, answer: { status: 200, revision: 7 } },
      { method: 'POST', target: '/api/v1/namespaces/shop/services/new' },
    ]);
    expect([proxy.writes, proxy.answered(200)]).toEqual([3, 3]);
  });
});

describe('a proxy with faults', () => {
  it('cuts a connection before the request gets through', async () => {
    const { url, seen, proxy } = await bench(each({ kind: 'Cut' }, 'Write'));
    await expect(ask(url, web, 'PATCH', '{}')).rejects.toThrow();
    expect([seen, proxy.written]).toEqual([[], []]);
    await expect(ask(url, web)).resolves.toMatchObject({ status: 200 });
  });

  it('loses an answer whose write got through', async () => {
    const { url, seen, proxy } = await bench(each({ kind: 'LoseAnswer' }, 'Write'));
    await expect(ask(url, web, 'PATCH', '{}')).rejects.toThrow();
    expect(seen).toEqual([`PATCH ${web} {}`]);
    expect(proxy.written).toMatchObject([{ target: web, answer: { revision: 7 } }]);
  });

  it('takes a request and never answers, nor passes it on', async () => {
    const { url, seen, proxy } = await bench(each({ kind: 'NeverAnswer' }, 'Write'));
    const answer = ask(url, web, 'PATCH', '{}').then(
      () => 'answered',
      () => 'broken',
    );
    const others = await ask(url, web);
    expect(others.status).toBe(200);
    expect(seen).toEqual([`GET ${web}`]);
    proxy.cutAll();
    await expect(answer).resolves.toBe('broken');
  });

  it.each([429, 500, 503] as const)('refuses with %i in the words of an API server', async (status) => {
    const { url, seen } = await bench(each({ kind: 'Refuse', status, retryAfterSeconds: 2 }, 'Write'));
    const answer = await ask(url, web, 'PATCH', '{}');
    expect([answer.status, answer.headers['retry-after'], seen]).toEqual([status, '2', []]);
    expect(JSON.parse(answer.body)).toMatchObject({ kind: 'Status', code: status, details: { retryAfterSeconds: 2 } });
  });

  it('says of a watch that its history is over: instead of it, or in it', async () => {
    const instead = await bench(each({ kind: 'Expired', form: 'Status' }, 'Resumed'));
    await expect(ask(instead.url, pods)).resolves.toMatchObject({ status: 410 });
    const within = await bench(each({ kind: 'Expired', form: 'Event' }, 'Resumed'));
    const answer = await ask(within.url, pods);
    await expect(ask(within.url, '/api/v1/nodes?watch=true&resourceVersion=')).resolves.toMatchObject({ status: 200 });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } });
  });

  it('cuts a watch in the middle of a line', async () => {
    const { url, seen, tell } = await bench({ fault: { kind: 'CutInMidLine' }, sorts: ['Line'], every: 1 });
    const answer = ask(url, pods);
    while (seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    tell('{"type":"ADDED"}\n');
    await expect(answer).resolves.toMatchObject({ status: 200, body: '{"type":"', broken: true });
  });

  it('does something right before a write, which then may never come, or right after it', async () => {
    const { url, seen, proxy } = await bench();
    const order: string[] = [];
    proxy.atWrite(2, 'before', () => {
      order.push(`before, ${String(seen.length)} seen`);
      return Promise.resolve();
    });
    proxy.atWrite(3, 'after', () => {
      order.push(`after, ${String(seen.length)} seen`);
      proxy.cutAll();
      return Promise.resolve();
    });
    await ask(url, web, 'PATCH', '{}');
    await ask(url, web);
    await ask(url, web, 'PATCH', '{}');
    await expect(ask(url, web, 'PATCH', '{}')).rejects.toThrow();
    expect(order).toEqual(['before, 2 seen', 'after, 4 seen']);
  });
});

describe('a plan', () => {
  const rules: readonly Rule[] = [
    { fault: { kind: 'Cut' }, sorts: ['Write'], every: 4 },
    { fault: { kind: 'LoseAnswer' }, sorts: ['Write', 'Lease'], every: 3, most: 2 },
  ];

  function drawn(seed: number): readonly (string | undefined)[] {
    const plan = new Plan(seededRandom(seed));
    plan.follow(rules);
    return Array.from({ length: 40 }, () => plan.next('Write')?.kind);
  }

  it('is the same for the same seed, and another for another', () => {
    expect(drawn(1)).toEqual(drawn(1));
    expect(drawn(1)).not.toEqual(drawn(2));
  });

  it('counts what was met, keeps to the most, and to the sorts', () => {
    const plan = new Plan(seededRandom(1));
    plan.follow(rules);
    expect(Array.from({ length: 40 }, () => plan.next('Read'))).toEqual(Array.from({ length: 40 }, () => undefined));
    const kinds = Array.from({ length: 80 }, () => plan.next('Write')?.kind).filter((kind) => kind !== undefined);
    expect(plan.met).toEqual({ Cut: kinds.filter((kind) => kind === 'Cut').length, LoseAnswer: 2 });
  });
});

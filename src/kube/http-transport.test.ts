import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { inspect } from 'node:util';
import { join } from 'node:path';
import { loadConnection } from './config.ts';
import type { ClusterConnection } from './config.ts';
import { KubeconfigError } from './login.ts';
import { createHttpTransport } from './http-transport.ts';
import type { HttpTransport } from './http-transport.ts';
import { readText } from './transport.ts';

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function serve(listener: RequestListener): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`, server };
}

function connect(server: string, tokens: readonly string[] = ['secret']): HttpTransport {
  let reads = 0;
  const connection: ClusterConnection = {
    server,
    credentials: async () => {
      const token = tokens[Math.min(reads, tokens.length - 1)] ?? '';
      reads += 1;
      return await Promise.resolve({ tls: {}, headers: { authorization: `Bearer ${token}` } });
    },
  };
  const transport = createHttpTransport(connection);
  cleanups.push(() => transport.close());
  return transport;
}

function get(path: string, signal = new AbortController().signal) {
  return { method: 'GET', path, headers: { accept: 'application/json' }, signal } as const;
}

describe('createHttpTransport', () => {
  it('sends method, path, headers, body and token', async () => {
    const seen: unknown[] = [];
    const { url } = await serve((request, response) => {
      void read(request).then((body) => {
        seen.push([request.method, request.url, request.headers['content-type'], request.headers.authorization, body]);
        response.writeHead(201, { 'x-answer': 'yes' }).end('{}');
      });
    });
    const { signal } = new AbortController();

    const headers = { 'content-type': 'application/json' };
    const response = await connect(`${url}/prefix/`).send({
      method: 'DELETE',
      path: '/api/v1/pods/a?b=c',
      headers,
      body: '{"a":1}',
      signal,
    });

    expect([response.status, response.headers['x-answer'], await readText(response)]).toEqual([201, 'yes', '{}']);
    expect(seen).toEqual([['DELETE', '/prefix/api/v1/pods/a?b=c', 'application/json', 'Bearer secret', '{"a":1}']]);
  });

  it('keeps characters whole that are split across chunks', async () => {
    const bytes = Buffer.from('{"note":"Grüße 🐳"}');
    const { url } = await serve((_request, response) => {
      void (async () => {
        for (const byte of bytes) {
          response.write(Buffer.from([byte]));
          await new Promise((resolve) => {
            setImmediate(resolve);
          });
        }
        response.end();
      })();
    });

    expect(await readText(await connect(url).send(get('/')))).toBe('{"note":"Grüße 🐳"}');
  });

  it('keeps connections', async () => {
    const sockets = new Set<unknown>();
    const { url } = await serve((request, response) => {
      sockets.add(request.socket);
      response.end('{}');
    });
    const transport = connect(url);

    for (let i = 0; i < 20; i += 1) await readText(await transport.send(get('/')));

    expect(sockets.size).toBeLessThanOrEqual(2); // not 20: a body may end just before its connection is free again
  });

  it('answers requests while many watches are open', async () => {
    const { url } = await serve((request, response) => {
      if (request.url?.includes('watch=true')) response.writeHead(200).flushHeaders();
      else response.end('{}');
    });
    const transport = connect(url);

    const watches = await Promise.all(
      Array.from({ length: 40 }, (_, i) => transport.send(get(`/api/v1/things${String(i)}?watch=true`))),
    );

    expect(await readText(await transport.send(get('/api/v1/pods')))).toBe('{}');
    expect(watches.map((watch) => watch.status)).toEqual(Array(40).fill(200));
  });

  it('ends a body when its signal is aborted', async () => {
    const { url } = await serve((_request, response) => {
      response.write('first\n');
    });
    const caller = new AbortController();

    const response = await connect(url).send(get('/?watch=true', caller.signal));
    const reading = readText(response);
    caller.abort(new Error('enough'));

    await expect(reading).rejects.toThrow('enough');
  });

  it('throws when the connection breaks in the middle of a body', async () => {
    const { url } = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.destroy());
    });

    await expect(connect(url).send(get('/')).then(readText)).rejects.toThrow();
  });

  it('reads the token again after a 401', async () => {
    const { url } = await serve((request, response) => {
      response.writeHead(request.headers.authorization === 'Bearer new' ? 200 : 401).end('{}');
    });
    const transport = connect(url, ['old', 'new']);

    const first = await transport.send(get('/'));
    await readText(first);
    const second = await transport.send(get('/'));

    expect([first.status, second.status]).toEqual([401, 200]);
  });
});

describe('loadConnection', () => {
  async function kubeconfig(cluster: string, user: string): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
    cleanups.push(() => rm(folder, { recursive: true }));
    const file = join(folder, 'config');
    await writeFile(
      file,
      `apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: k, user: u}}]
clusters: [{name: k, cluster: ${cluster}}]
users: [{name: u, user: ${user}}]
`,
    );
    return file;
  }

  it('takes server and token from the file, also without TLS', async () => {
    const connection = await loadConnection({
      kubeconfig: await kubeconfig('{server: "http://127.0.0.1:8001"}', '{token: "abc"}'),
    });

    expect(connection.server).toBe('http://127.0.0.1:8001');
    expect((await connection.credentials()).headers).toEqual({ authorization: 'Bearer abc' });
  });

  it('takes certificates from the file', async () => {
    const data = Buffer.from('PEM').toString('base64');
    const cluster = `{server: "https://127.0.0.1:6443", certificate-authority-data: ${data}, tls-server-name: api}`;
    const connection = await loadConnection({
      kubeconfig: await kubeconfig(cluster, `{client-certificate-data: ${data}, client-key-data: ${data}}`),
    });

    const pem = Buffer.from('PEM');
    expect((await connection.credentials()).tls).toMatchObject({ ca: pem, cert: pem, key: pem, servername: 'api' });
  });

  describe('of several contexts', () => {
    async function two(): Promise<string> {
      const folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
      cleanups.push(() => rm(folder, { recursive: true }));
      const file = join(folder, 'config');
      await writeFile(
        file,
        `apiVersion: v1
kind: Config
current-context: staging
contexts: [{name: staging, context: {cluster: s, user: u}}, {name: production, context: {cluster: p, user: u}}]
clusters: [{name: s, cluster: {server: "http://127.0.0.1:1"}}, {name: p, cluster: {server: "http://127.0.0.1:2"}}]
users: [{name: u, user: {token: abc, as: configured}}]
`,
      );
      return file;
    }

    it('takes the one that is asked for, else the current one', async () => {
      const kubeconfig = await two();

      expect((await loadConnection({ kubeconfig })).server).toBe('http://127.0.0.1:1');
      expect((await loadConnection({ kubeconfig, context: 'production' })).server).toBe('http://127.0.0.1:2');
    });

    it('names those that there are when there is none of that name', async () => {
      const error = await loadConnection({ kubeconfig: await two(), context: 'prodution' }).catch((e: unknown) => e);

      expect(error).toBeInstanceOf(KubeconfigError);
      expect((error as Error).message).toBe(
        'The kubeconfig has no context "prodution", only staging, production. Did you mean "production"?',
      );
    });

    it('impersonates whom it is told to, in the place of whom the file names', async () => {
      const kubeconfig = await two();
      const as = async (user?: string): Promise<unknown> =>
        (await (await loadConnection({ kubeconfig, as: user })).credentials()).headers['impersonate-user'];

      expect([await as(), await as('ann@example.com')]).toEqual(['configured', 'ann@example.com']);
    });

    it.each(['', ' ann', 'ann\r\nx: y', 'änn'])('impersonates nobody whose name is no header: %j', async (user) => {
      await expect(loadConnection({ kubeconfig: await two(), as: user })).rejects.toThrow('can be impersonated');
    });
  });

  it.each([['a missing file', '/nonexistent/kubeconfig', 'Cannot read the kubeconfig /nonexistent/kubeconfig']])(
    'refuses %s with its name',
    async (_what, file, message) => {
      await expect(loadConnection({ kubeconfig: file })).rejects.toThrow(message);
      await expect(loadConnection({ kubeconfig: file })).rejects.toBeInstanceOf(KubeconfigError);
    },
  );

  it('does not guess a server when nothing is configured', async () => {
    const { HOME, KUBECONFIG } = process.env;
    process.env.HOME = '/nonexistent';
    delete process.env.KUBECONFIG;
    try {
      await expect(loadConnection()).rejects.toThrow('No cluster is configured');
    } finally {
      process.env.HOME = HOME;
      if (KUBECONFIG !== undefined) process.env.KUBECONFIG = KUBECONFIG;
    }
  });

  it('refuses a proxy instead of going around it', async () => {
    const file = await kubeconfig(
      '{server: "https://127.0.0.1:6443", proxy-url: "http://proxy:3128"}',
      '{token: "abc"}',
    );

    await expect(loadConnection({ kubeconfig: file })).rejects.toThrow('proxy-url');
  });

  it.each([
    [
      'a user and a password in the address',
      '{server: "http://user:S3CRET@127.0.0.1:8001"}',
      '{}',
      'Cluster "k": its server must be an address without user, password, query or fragment',
    ],
    [
      'a token in the address',
      '{server: "https://127.0.0.1:6443/?token=S3CRET"}',
      '{}',
      'Cluster "k": its server must be',
    ],
    ['an address that is none', '{server: "S3CRET@127.0.0.1:port"}', '{}', 'Cluster "k": its server must be'],
    ['another protocol', '{server: "ftp://127.0.0.1"}', '{}', 'Cluster "k": its server must be'],
    [
      'a plugin that fails',
      '{server: "https://127.0.0.1:6443"}',
      `{exec: {apiVersion: client.authentication.k8s.io/v1, command: ${process.execPath}, args: ["-e", "console.error('S3CRET'); process.exit(7)"]}}`,
      'ended with code 7',
    ],
    [
      'a plugin that prints something else',
      '{server: "https://127.0.0.1:6443"}',
      `{exec: {apiVersion: client.authentication.k8s.io/v1, command: ${process.execPath}, args: ["-e", "console.log('S3CRETRAWTOKEN')"]}}`,
      'printed no ExecCredential',
    ],
    [
      'a plugin that prints half of it',
      '{server: "https://127.0.0.1:6443"}',
      `{exec: {apiVersion: client.authentication.k8s.io/v1, command: ${process.execPath}, args: ["-e", "console.log(JSON.stringify({token: 'S3CRET'}))"]}}`,
      'printed no ExecCredential',
    ],
    [
      'a plugin that is not there',
      '{server: "https://127.0.0.1:6443"}',
      '{exec: {apiVersion: client.authentication.k8s.io/v1, command: /no/such/plugin, args: ["S3CRET"]}}',
      'The exec plugin "/no/such/plugin" of user "u" cannot be run (ENOENT)',
    ],
    ['a file that is no YAML', '{server: "https://127.0.0.1:6443"', '{token: S3CRET', 'it is no valid YAML (line'],
    [
      'a file that is no kubeconfig',
      '{certificate-authority: S3CRET}',
      '{token: S3CRET}',
      'clusters[0].cluster.server is missing',
    ],
    [
      'users that are none',
      '{server: "https://127.0.0.1:6443"}',
      'S3CRET}, S3CRET, {name: x, user: {a: b}',
      'Cannot read the kubeconfig',
    ],
  ])('says nothing secret about %s', async (_, cluster, user, message) => {
    const error: unknown = await loadConnection({ kubeconfig: await kubeconfig(cluster, user) }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );

    expect(error).toBeInstanceOf(KubeconfigError);
    expect((error as Error).message).toContain(message);
    expect(inspect(error, { depth: 5, showHidden: true })).not.toContain('S3CRET');
  });

  it('names the file of a certificate that is missing', async () => {
    const file = await kubeconfig(
      '{server: "https://127.0.0.1:6443", certificate-authority: /nonexistent/ca.crt}',
      '{token: "abc"}',
    );

    await expect(loadConnection({ kubeconfig: file })).rejects.toThrow('/nonexistent/ca.crt');
  });
});

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

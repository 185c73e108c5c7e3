import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { loadConnection } from './config.ts';
import { createHttpTransport } from './http-transport.ts';
import { readText } from './transport.ts';

const current = 'apiVersion: client.authentication.k8s.io/v1';
let directory: string;
let tokenFile: string;
let server: Server;
let known = 'old';

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'renewed-'));
  tokenFile = join(directory, 'token');
  known = 'old';
  server = createServer((request, response) => {
    response.writeHead(request.headers.authorization === `Bearer ${known}` ? 200 : 401).end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(directory, { recursive: true });
});

/** An exec plugin that gives what is in the file, and notes in another one that it ran. */
function plugin(expires: string): string {
  const credential = `JSON.stringify({apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: {token: fs.readFileSync('${tokenFile}', 'utf8')${expires}}})`;
  const script = `const fs = require('node:fs'); fs.appendFileSync('${directory}/runs', 'x'); console.log(${credential})`;
  return `{exec: {${current}, interactiveMode: Never, command: ${process.execPath}, args: ["-e", "${script}"]}}`;
}

const users: readonly (readonly [what: string, user: () => string])[] = [
  ['a token file, as in a pod', () => `{auth-provider: {name: tokenFile, config: {tokenFile: "${tokenFile}"}}}`],
  ['an exec plugin that does not say how long its token is good for', () => plugin('')],
  ['an exec plugin whose token should still be good', () => plugin(`, expirationTimestamp: '2999-01-01T00:00:00Z'`)],
];

/** The statuses of three times so many requests, the token being another one from the second time on. */
async function statuses(user: string, atOnce = 1): Promise<readonly number[]> {
  const kubeconfig = join(directory, 'config');
  const address = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  writeFileSync(tokenFile, 'old');
  writeFileSync(
    kubeconfig,
    `apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: k, user: u}}]
clusters: [{name: k, cluster: {server: "${address}"}}]
users: [{name: u, user: ${user}}]
`,
  );
  const transport = createHttpTransport(await loadConnection({ kubeconfig }));
  const ask = async (): Promise<number> => {
    const { signal } = new AbortController();
    const response = await transport.send({ method: 'GET', path: '/', headers: {}, signal });
    await readText(response);
    return response.status;
  };
  try {
    const together = async (): Promise<readonly number[]> =>
      await Promise.all(Array.from({ length: atOnce }, () => ask()));
    const before = await together();
    writeFileSync(tokenFile, 'new');
    known = 'new';
    return [...before, ...(await together()), ...(await together())];
  } finally {
    await transport.close();
  }
}

describe('credentials that the server does not accept any more', () => {
  it.each(users)('are read again before the next request: %s', async (_what, user) => {
    expect(await statuses(user())).toEqual([200, 401, 200]);
  });

  it('have a plugin run once more, however many requests are refused at once', async () => {
    expect(await statuses(plugin(''), 3)).toEqual([200, 200, 200, 401, 401, 401, 200, 200, 200]);
    expect(readFileSync(join(directory, 'runs'), 'utf8')).toBe('xx');
  });
});

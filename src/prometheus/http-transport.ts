import { readFile } from 'node:fs/promises';
import { Agent } from 'undici';
import type { PrometheusTransport } from './transport.ts';
import { trimmedEnd } from '../base/trimmed.ts';

/** Where a Prometheus is, and how it is told who asks. */
export interface PrometheusConnection {
  /** With the path below which it serves `/api/v1`, if it has one. */
  readonly url: URL;
  /** A bearer token; the kubelet replaces it long before it ends. */
  readonly tokenFile?: string;
  /** Certificate authorities in PEM; default: those of Node.js. */
  readonly caFile?: string;
}

async function authorization(file: string | undefined): Promise<Readonly<Record<string, string>>> {
  return file === undefined ? {} : { authorization: `Bearer ${(await readFile(file, 'utf8')).trim()}` };
}

/**
 * Sends over a connection of its own for each question: there is one in minutes, and both files are read anew for each,
 * because they are replaced while the process runs. Redirects are not followed: the token is for this server only.
 */
export function createPrometheusTransport({ url, tokenFile, caFile }: PrometheusConnection): PrometheusTransport {
  const prefix = trimmedEnd(url.pathname, '/');
  return {
    server: `${url.origin}${prefix}`,
    async get(path, signal) {
      const [headers, ca] = await Promise.all([
        authorization(tokenFile),
        caFile === undefined ? undefined : readFile(caFile, 'utf8'),
      ]);
      const agent = new Agent({
        connect: { timeout: 10_000, ...(ca !== undefined && { ca }) },
        headersTimeout: 0,
        bodyTimeout: 0,
        pipelining: 0,
      });
      try {
        const {
          statusCode,
          headers: answered,
          body,
        } = await agent.request({
          origin: url.origin,
          path: prefix + path,
          method: 'GET',
          signal,
          headers: {
            ...headers,
            accept: 'application/json',
            'accept-encoding': 'gzip',
            'user-agent': 'mesh-migration-operator',
          },
        });
        return { status: statusCode, headers: flatten(answered), body: closing(body, agent) };
      } catch (error) {
        await agent.destroy();
        throw error;
      }
    },
  };
}

/** The body, and the end of its connection however reading it ends. */
async function* closing(body: AsyncIterable<Uint8Array>, agent: Agent): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } finally {
    await agent.destroy();
  }
}

function flatten(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
}

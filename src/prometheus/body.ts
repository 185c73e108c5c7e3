import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { PrometheusAnswerError, PrometheusTooLargeError } from './errors.ts';
import type { PrometheusResponse } from './transport.ts';

/**
 * The body as text. Throws a {@link PrometheusTooLargeError} as soon as it is longer than `maxBytes` when unpacked, a
 * {@link PrometheusAnswerError} if it cannot be unpacked.
 */
export async function readBody({ headers, body }: PrometheusResponse, maxBytes: number): Promise<string> {
  const encoding = headers['content-encoding'] ?? 'identity';
  if (!['identity', 'gzip'].includes(encoding))
    throw new PrometheusAnswerError(`the answer is packed as ${encoding}, which was not asked for`);
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of encoding === 'gzip' ? unpacked(body) : body) {
    size += piece.length;
    if (size > maxBytes)
      throw new PrometheusTooLargeError(`the answer is larger than ${Math.round(maxBytes / 2 ** 20)} MiB`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

async function* unpacked(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip();
  const source = Readable.from(body, { objectMode: false });
  source.on('error', (error) => {
    gunzip.destroy(error);
  });
  try {
    for await (const piece of source.pipe(gunzip)) yield piece as Uint8Array;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    throw code.startsWith('Z_')
      ? new PrometheusAnswerError(`the answer cannot be unpacked: ${(error as Error).message}`)
      : error;
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}

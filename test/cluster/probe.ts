import { Agent, request } from 'undici';

/**
 * Health endpoints on loopback only, whose certificates the components make for themselves: there is nobody to vouch
 * for them, and nothing secret is sent.
 */
const loopback = new Agent({ connect: { rejectUnauthorized: false }, keepAliveTimeout: 1, pipelining: 0 });

/** Whether a GET answers 200 within two seconds. */
export async function answersOk(url: string, signal: AbortSignal): Promise<boolean> {
  signal.throwIfAborted();
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(2_000)]);
    const { statusCode, body } = await request(url, { dispatcher: loopback, signal: limit });
    await body.dump();
    return statusCode === 200;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

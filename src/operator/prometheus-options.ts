import { accessSync, constants } from 'node:fs';
import { redacted } from '../base/redact.ts';
import { createPrometheusTransport } from '../prometheus/http-transport.ts';
import type { Window } from './call-history.ts';
import type { PrometheusOptions } from './operator.ts';

/** Occurs when the options about Prometheus do not fit together, or one of them has a wrong value. */
export class PrometheusOptionsError extends Error {
  override readonly name = 'PrometheusOptionsError';
}

/** The options as they are written. */
export interface WrittenPrometheusOptions {
  readonly 'prometheus-url'?: string | undefined;
  readonly 'prometheus-token-file'?: string | undefined;
  readonly 'prometheus-ca-file'?: string | undefined;
  readonly 'callers-window'?: string | undefined;
}

const unitMs: Readonly<Record<string, number>> = { h: 3_600_000, d: 24 * 3_600_000 };
const longestMs = 90 * 24 * 3_600_000;

function windowOf(text: string): Window {
  const [, count = '', unit = ''] = /^([1-9][0-9]{0,3})([hd])$/.exec(text) ?? [];
  const ms = Number(count) * (unitMs[unit] ?? Number.NaN);
  if (ms > 0 && ms <= longestMs) return { ms, text };
  throw new PrometheusOptionsError(
    `--callers-window must be hours or days, at most 90 days, for example 36h or 7d, not "${text}"`,
  );
}

function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol))
    throw new PrometheusOptionsError(`--prometheus-url must begin with http:// or https://, not "${redacted(text)}"`);
  // Not repeated in the message: it may hold a password.
  if (url.username !== '' || url.password !== '')
    throw new PrometheusOptionsError('--prometheus-url must not hold a user or password: use --prometheus-token-file');
  if (url.search !== '' || url.hash !== '')
    throw new PrometheusOptionsError(
      `--prometheus-url must end with the path below which /api/v1 is, without query or fragment, not "${redacted(text)}"`,
    );
  return url;
}

function readable(name: string, file: string): string {
  try {
    accessSync(file, constants.R_OK);
  } catch (error) {
    throw new PrometheusOptionsError(`${name}: ${(error as Error).message}`);
  }
  return file;
}

/** How Prometheus is asked; undefined if it is not to be. Throws a {@link PrometheusOptionsError}. */
export function readPrometheusOptions(written: WrittenPrometheusOptions): PrometheusOptions | undefined {
  const {
    'prometheus-url': address,
    'prometheus-token-file': tokenFile,
    'prometheus-ca-file': caFile,
    'callers-window': window,
  } = written;
  if (address === undefined) {
    const [lonely] = Object.entries(written).flatMap(([name, value]) =>
      value !== undefined && ['prometheus-token-file', 'prometheus-ca-file', 'callers-window'].includes(name)
        ? [name]
        : [],
    );
    if (lonely !== undefined) throw new PrometheusOptionsError(`--${lonely} needs --prometheus-url`);
    return undefined;
  }
  const url = urlOf(address);
  const files = {
    ...(tokenFile !== undefined && { tokenFile: readable('--prometheus-token-file', tokenFile) }),
    ...(caFile !== undefined && { caFile: readable('--prometheus-ca-file', caFile) }),
  };
  for (const [file, name] of [
    [tokenFile, '--prometheus-token-file'],
    [caFile, '--prometheus-ca-file'],
  ] as const) {
    if (file !== undefined && url.protocol !== 'https:')
      throw new PrometheusOptionsError(
        `${name} needs a --prometheus-url with https://: without it the token would be readable on its way, and no certificate is checked`,
      );
  }
  return { transport: createPrometheusTransport({ url, ...files }), callersWindow: windowOf(window ?? '7d') };
}

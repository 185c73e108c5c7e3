import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { PrometheusOptionsError, readPrometheusOptions, type WrittenPrometheusOptions } from './prometheus-options.ts';

const file = join(import.meta.dirname, '..', '..', 'package.json');

describe('the options about Prometheus', () => {
  it('ask nobody without an address', () => {
    expect(readPrometheusOptions({})).toBeUndefined();
  });

  it.each<[string, string, number]>([
    ['36h', '36h', 36],
    ['14d', '14d', 14 * 24],
    ['90d', '90d', 90 * 24],
    ['1h', '1h', 1],
  ])('take %s for the window', (written, text, hours) => {
    expect(
      readPrometheusOptions({ 'prometheus-url': 'http://p:9090', 'callers-window': written })?.callersWindow,
    ).toEqual({ text, ms: hours * 3_600_000 });
  });

  it('have a week for the window, and keep the path', () => {
    expect(
      readPrometheusOptions({
        'prometheus-url': 'https://mimir/prometheus/',
        'prometheus-token-file': file,
        'prometheus-ca-file': file,
      }),
    ).toMatchObject({
      callersWindow: { text: '7d', ms: 7 * 24 * 3_600_000 },
      transport: { server: 'https://mimir/prometheus' },
    });
  });

  it.each<[WrittenPrometheusOptions, string]>([
    [
      { 'prometheus-url': 'prometheus:9090' },
      '--prometheus-url must begin with http:// or https://, not "prometheus:9090"',
    ],
    [{ 'prometheus-url': '' }, '--prometheus-url must begin with http:// or https://, not ""'],
    [{ 'prometheus-url': 'https://p/?tenant=a' }, 'without query or fragment'],
    [{ 'callers-window': '7d' }, '--callers-window needs --prometheus-url'],
    [{ 'prometheus-token-file': file }, '--prometheus-token-file needs --prometheus-url'],
    [
      { 'prometheus-url': 'http://p', 'callers-window': '7m' },
      '--callers-window must be hours or days, at most 90 days, for example 36h or 7d, not "7m"',
    ],
    [{ 'prometheus-url': 'http://p', 'callers-window': '91d' }, 'at most 90 days'],
    [{ 'prometheus-url': 'http://p', 'callers-window': '0h' }, 'hours or days'],
    [{ 'prometheus-url': 'http://p', 'callers-window': '' }, 'hours or days'],
    [
      { 'prometheus-url': 'https://p', 'prometheus-token-file': '/no/such/token' },
      "--prometheus-token-file: ENOENT: no such file or directory, access '/no/such/token'",
    ],
    [{ 'prometheus-url': 'https://p', 'prometheus-ca-file': '/no/such/ca' }, '--prometheus-ca-file: ENOENT'],
    [
      { 'prometheus-url': 'http://p', 'prometheus-token-file': file },
      '--prometheus-token-file needs a --prometheus-url with https://',
    ],
    [
      { 'prometheus-url': 'http://p', 'prometheus-ca-file': file },
      '--prometheus-ca-file needs a --prometheus-url with https://',
    ],
  ])('%j is refused', (written, message) => {
    expect(() => readPrometheusOptions(written)).toThrow(PrometheusOptionsError);
    expect(() => readPrometheusOptions(written)).toThrow(message);
  });

  it.each([
    'ftp://u:S3CRET@h',
    'u:S3CRET@h:9090',
    'https://h/?token=S3CRET',
    'https://h/#S3CRET',
    'https://u:S3CRET@h/?a',
    'https://S3CRET@h',
    '//u:S3CRET@h',
    'http://u:S3/CRET@h',
    ' u:S3CRET@h',
  ])('do not repeat what is secret in %s', (written) => {
    let message = '';
    try {
      readPrometheusOptions({ 'prometheus-url': written });
    } catch (error) {
      message = inspect(error);
    }
    expect(message).toContain('--prometheus-url');
    expect(message).not.toMatch(/S3|CRET/);
  });

  it('do not repeat the password of an address', () => {
    expect(() => readPrometheusOptions({ 'prometheus-url': 'https://me:hunter2@prometheus' })).toThrow(
      /^--prometheus-url must not hold a user or password: use --prometheus-token-file$/,
    );
  });
});

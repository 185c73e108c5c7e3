import { describe, expect, it } from '@jest/globals';
import { proxyHeaderIn, proxyHeaderOf, proxyHeaders } from './proxy-headers.ts';

describe('headers that proxies write themselves', () => {
  it.each([
    ['x-forwarded-client-cert', /by the certificate/],
    ['X-Forwarded-Client-Cert', /by the certificate/],
    ['x-forwarded-for', /where a request came from/],
    ['x-envoy-internal', /where a request came from/],
    ['X-Forwarded-Proto', /its own connection/],
    [':scheme', /its own connection/],
    ['x-envoy-peer-metadata', /a caller in ambient has none/],
    ['x-envoy-peer-metadata-id', /a caller in ambient has none/],
    ['x-envoy-attempt-count', /a caller in ambient has none/],
    ['x-envoy-expected-rq-timeout-ms', /a caller in ambient has none/],
    ['x-request-id', /first proxy/],
    ['X-B3-TraceId', /first proxy/],
    ['b3', /first proxy/],
    ['traceparent', /first proxy/],
    ['x-datadog-trace-id', /first proxy/],
    ['x-forwarded-host', /headers of this name/],
    ['x-forwarded-from-tomorrow', /headers of this name/],
    ['x-envoy-from-tomorrow', /headers of this name/],
  ])('%s is one', (name, why) => {
    expect(proxyHeaderOf(name)?.why).toMatch(why);
    expect(proxyHeaderIn(`request.headers[${name}]`)).toBe(proxyHeaderOf(name));
  });

  it.each([
    'x-team',
    'x-forward',
    'x-forwarded',
    'x-envoy',
    'forwarded',
    'authorization',
    'host',
    'x-real-ip',
    'b3-team',
    'my-x-request-id',
    'x-b3',
    '__proto__',
    '',
  ])('%s belongs to the application', (name) => {
    expect(proxyHeaderOf(name)).toBeUndefined();
  });

  it.each(['x-forwarded-for', 'request.auth.claims[x-forwarded-for]', 'request.headers', 'request.headers[]'])(
    '%s is no condition on one',
    (key) => {
      expect(proxyHeaderIn(key)).toBeUndefined();
    },
  );

  it('are each in one row', () => {
    const names = proxyHeaders.flatMap((header) => header.names);

    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(names.map((name) => name.toLowerCase()));
  });
});

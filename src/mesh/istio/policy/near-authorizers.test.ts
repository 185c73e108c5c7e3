import { describe, expect, it } from '@jest/globals';
import { harm, poison } from '../../../../test/support/foreign-text.ts';
import { config } from '../../../../test/support/mesh-fixtures.ts';
import type { ConfigView } from '../../views.ts';
import { nearAuthorizers } from './near-authorizers.ts';

function entry(spec: ConfigView['spec'], namespace = 'shop'): ConfigView {
  return config(
    'ServiceEntry',
    { hosts: ['authz.local'], resolution: 'STATIC', ...spec },
    { name: 'authz', namespace },
  );
}

function at(...addresses: readonly string[]): ConfigView['spec'] {
  return { endpoints: addresses.map((address) => ({ address })) };
}

function found(service: string, entries: readonly ConfigView[], kind = 'envoyExtAuthzGrpc'): unknown {
  return nearAuthorizers({ extensionProviders: [{ name: 'authz', [kind]: { service, port: 9000 } }] }, () => entries);
}

describe('an authorizer in the pod of the proxy', () => {
  it.each(['127.0.0.1', '127.8.8.8', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', 'localhost', 'unix:///run/a.sock'])(
    'is known by the endpoint of its ServiceEntry: %s',
    (address) => {
      expect(found('authz.local', [entry(at(address))])).toEqual({ authz: `${address} (ServiceEntry shop/authz)` });
    },
  );

  it('is known by the addresses of one without endpoints, by the host itself, and whatever protocol it has', () => {
    expect(found('authz.local', [entry({ addresses: ['127.0.0.1/32'], resolution: 'NONE' })])).toHaveProperty('authz');
    expect(found('127.0.0.1', [])).toEqual({ authz: '127.0.0.1' });
    expect(found('authz.local', [entry(at('127.0.0.1'))], 'envoyExtAuthzHttp')).toHaveProperty('authz');
    expect(found('shop/authz.local', [entry(at('10.0.0.1', '127.0.0.1'))])).toHaveProperty('authz');
  });

  it.each([
    ['another address', 'authz.local', [entry(at('10.0.0.1', '128.0.0.1'))]],
    ['another host', 'other.local', [entry(at('127.0.0.1'))]],
    ['another namespace', 'authz/authz.local', [entry(at('127.0.0.1'))]],
    ['a Service', 'opa.authz.svc.cluster.local', []],
    ['a name of somebody else', 'localhost.example.com', []],
  ])('is none at %s', (_, service, entries) => {
    expect(found(service, entries)).toEqual({});
  });

  it.each([
    ['an address', 'authz.local', [entry(at(`127.0.0.1/${poison}`))]],
    ['a socket', 'authz.local', [entry({ addresses: [`unix:${poison}`] })]],
    ['a host that is a socket', `unix:${poison}`, []],
  ])('is told without what a tenant wrote beside it: %s', (_, service, entries) => {
    const all = JSON.stringify(found(service, entries));

    expect(all).toContain('authz');
    expect(all).not.toMatch(harm);
  });

  it('of a metrics provider is none of its business', () => {
    expect(found('authz.local', [entry(at('127.0.0.1'))], 'zipkin')).toEqual({});
  });
});

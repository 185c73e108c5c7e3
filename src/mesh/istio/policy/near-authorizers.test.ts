import { describe, expect, it } from '@jest/globals';
import { harm, poison } from '../../../../test/support/foreign-text.ts';
import { config } from '../../../../test/support/mesh-fixtures.ts';
import type { ConfigView } from '../../views.ts';
import { nearAuthorizers, type NearAuthorizer } from './near-authorizers.ts';

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

interface Around {
  readonly kind?: string;
  readonly failOpen?: unknown;
  /** Kubernetes has a Service `authz` in namespace `auth`. */
  readonly isService?: true;
  /** Names of entries that are accepted. */
  readonly accepted?: readonly string[];
}

function near(
  service: string,
  entries: readonly ConfigView[],
  { kind = 'envoyExtAuthzGrpc', failOpen, isService, accepted = [] }: Around = {},
): NearAuthorizer | undefined {
  const provider = { service, port: 9000, ...(failOpen !== undefined && { failOpen }) };
  const [first] = nearAuthorizers(
    { extensionProviders: [{ name: 'authz', [kind]: provider }] },
    {
      entriesOf: (host) => entries.filter(({ spec }) => (spec['hosts'] as readonly string[]).includes(host)),
      isService: (name, namespace) => isService === true && name === 'authz' && namespace === 'auth',
      isStranger: ({ namespace }) => namespace !== 'shop',
      isAccepted: ({ name }) => accepted.includes(name),
    },
  );
  return first?.[1];
}

function found(service: string, entries: readonly ConfigView[], kind?: string): unknown {
  const authz = near(service, entries, kind === undefined ? {} : { kind });
  const { address, entry: by } = authz ?? {};
  return authz === undefined
    ? {}
    : { authz: `${address}${by === undefined ? '' : ` (ServiceEntry ${by.namespace}/${by.name})`}` };
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

describe("an authorizer by a stranger's ServiceEntry", () => {
  const theirs = entry(at('127.0.0.1'), 'mallory');
  const more = (name: string): ConfigView => ({ ...theirs, name });
  const host = 'authz.auth.svc.cluster.local';
  const named = (home: string): ConfigView => entry({ hosts: [host], ...at('127.0.0.1') }, home);

  it('is told of him, who decides about nobody else', () => {
    expect(near('authz.local', [theirs])).toMatchObject({
      entry: { kind: 'ServiceEntry', namespace: 'mallory', name: 'authz' },
      isTheirs: true,
    });
  });

  it('is told of what the namespace itself has first', () => {
    const both = near('authz.local', [theirs, entry(at('127.0.0.1'))], { accepted: ['authz'] });
    expect(both).toEqual({
      address: '127.0.0.1',
      host: 'authz.local',
      opens: false,
      entry: { kind: 'ServiceEntry', namespace: 'shop', name: 'authz' },
    });
  });

  it('is accepted with all that name its host, and not where nobody who answers lets requests through', () => {
    const entries = [more('one'), more('two')];
    expect(near('authz.local', entries, { accepted: ['one'] })).toMatchObject({ entry: { name: 'two' } });
    expect(near('authz.local', entries, { accepted: ['one'] })).not.toHaveProperty('isAccepted');
    expect(near('authz.local', entries, { accepted: ['one', 'two'] })).toMatchObject({ isAccepted: true });
    for (const failOpen of [true, 'true'])
      expect(near('authz.local', [theirs], { accepted: ['authz'], failOpen })).not.toHaveProperty('isAccepted');
  });

  it('is none beside a Service of that name, unless it stands there, nor where its namespace is given', () => {
    expect(near(host, [named('mallory')])).toMatchObject({ isTheirs: true });
    expect(near(host, [named('mallory')], { isService: true })).toBeUndefined();
    expect(near(host, [named('auth')], { isService: true })).toMatchObject({ isTheirs: true });
    expect(near('auth/authz.local', [theirs])).toBeUndefined();
  });
});

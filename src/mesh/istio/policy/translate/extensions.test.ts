import { describe, expect, it } from '@jest/globals';
import { configObject, service, world, type WorldSpec } from '../../../../../test/support/translation-world.ts';
import { translate } from './translate.ts';
import type { ConfigObject } from './world.ts';

type Spec = Readonly<Record<string, unknown>>;

const cart = { selector: { matchLabels: { app: 'cart' } } };
const server = { match: [{ mode: 'SERVER' }] };
const root = 'istio-system';

function telemetry(spec: Spec = {}, name = 'traces', namespace = 'shop'): ConfigObject {
  return configObject('Telemetry', { name, namespace, spec: { ...spec, tracing: [{ randomSamplingPercentage: 1 }] } });
}

function plugin(spec: Spec = {}, name = 'auth', namespace = 'shop'): ConfigObject {
  return configObject('WasmPlugin', {
    name,
    namespace,
    spec: { ...cart, ...server, url: 'oci://registry.example.com/auth:1', ...spec },
  });
}

function extension(wasm: Spec, spec: Spec = {}): ConfigObject {
  return configObject('TrafficExtension', {
    name: 'auth',
    spec: { ...cart, ...server, wasm: { url: 'oci://registry.example.com/auth:1', ...wasm }, ...spec },
  });
}

function of(...extensions: readonly ConfigObject[]): ReturnType<typeof translate> {
  return translate(world({ extensions }));
}

function made(...extensions: readonly ConfigObject[]): readonly string[] {
  return of(...extensions).manifests.map(({ role, object, target }) => `${role} ${object.kind} ${target}`);
}

describe('extensions behind a waypoint', () => {
  it.each<[string, ConfigObject, readonly string[], readonly string[]]>([
    ['a Telemetry for some pods', telemetry(cart), ['cart'], ['Copy Telemetry Service shop/cart']],
    ['a Telemetry of the namespace, which waypoints read', telemetry(), ['cart', 'web'], []],
    ['a Telemetry of the mesh, which waypoints read too', telemetry({}, 'default', root), [], []],
    ['a Telemetry of the root namespace for some pods, which nobody reads', telemetry(cart, 'traces', root), [], []],
    [
      'a plugin without a phase, which can refuse',
      plugin(),
      ['cart'],
      ['Copy WasmPlugin Service shop/cart', 'Guard AuthorizationPolicy Service shop/cart'],
    ],
    [
      'a plugin that authorizes',
      plugin({ phase: 'AUTHZ' }),
      ['cart'],
      ['Copy WasmPlugin Service shop/cart', 'Guard AuthorizationPolicy Service shop/cart'],
    ],
    ['a plugin that counts', plugin({ phase: 'STATS' }), ['cart'], ['Copy WasmPlugin Service shop/cart']],
    [
      'a plugin of the mesh',
      plugin({ selector: undefined, phase: 'STATS' }, 'auth', root),
      ['cart', 'web'],
      ['Copy WasmPlugin Gateway shop/waypoint'],
    ],
    [
      'an extension',
      extension({}),
      ['cart'],
      ['Copy TrafficExtension Service shop/cart', 'Guard AuthorizationPolicy Service shop/cart'],
    ],
    [
      'one for a waypoint',
      plugin({ selector: undefined, targetRefs: [{ group: '', kind: 'Service', name: 'cart' }] }),
      [],
      [],
    ],
  ])('for %s', (_title, object, bound, manifests) => {
    expect(of(object).bound.map(({ name }) => name)).toEqual(bound);
    expect(made(object).toSorted()).toEqual([...manifests].sort());
  });

  it('are no reason for a waypoint before a database, as far as they report about HTTP', () => {
    const database = service('cart', [{ name: 'tcp-mysql', port: 3306 }]);
    expect(translate(world({ extensions: [telemetry()], services: [database] })).bound).toEqual([]);
    expect(translate(world({ extensions: [plugin()], services: [database] })).bound).toEqual([database]);
  });

  it('are copied as they stand, but for what they attach to', () => {
    const { object } = of(plugin({ phase: 'AUTHZ', priority: 5, pluginConfig: { a: [1] } })).manifests.find(
      ({ role }) => role === 'Copy',
    )!;
    expect(object).toMatchObject({
      apiVersion: 'extensions.istio.io/v1alpha1',
      spec: {
        targetRefs: [{ group: '', kind: 'Service', name: 'cart' }],
        url: 'oci://registry.example.com/auth:1',
        phase: 'AUTHZ',
        priority: 5,
        pluginConfig: { a: [1] },
        match: [{ mode: 'SERVER' }],
      },
    });
    expect(object.spec).not.toHaveProperty('selector');
  });

  it.each<[string, readonly ConfigObject[], string]>([
    ['a plugin in a file', [plugin({ url: 'file:///opt/auth.wasm' })], 'Critical WasmPlugin shop/auth spec.url'],
    [
      'a plugin in a file, of an extension',
      [extension({ url: 'file:///opt/auth.wasm' })],
      'Critical TrafficExtension shop/auth spec.wasm.url',
    ],
    ['a network filter', [plugin({ type: 'NETWORK' })], 'Critical WasmPlugin shop/auth spec.type'],
    [
      'a Secret elsewhere',
      [plugin({ imagePullSecret: 'registry' }, 'auth', root)],
      'Critical WasmPlugin istio-system/auth spec.imagePullSecret',
    ],
    [
      'a Secret elsewhere, of an extension',
      [{ ...extension({ imagePullSecret: 'registry' }), namespace: root }],
      'Critical TrafficExtension istio-system/auth spec.wasm.imagePullSecret',
    ],
    [
      'what is nested too deeply to be read',
      [plugin({ pluginConfig: JSON.parse(`${'['.repeat(200)}${']'.repeat(200)}`) as unknown })],
      'Critical WasmPlugin shop/auth spec',
    ],
    [
      'the environment',
      [plugin({ vmConfig: { env: [{ name: 'A', valueFrom: 'HOST' }] } })],
      'Warning WasmPlugin shop/auth spec.vmConfig.env',
    ],
    ['two runs', [plugin()], 'Warning WasmPlugin shop/auth spec'],
    ['both directions', [plugin({ match: undefined })], 'Warning WasmPlugin shop/auth spec.match'],
    ['what callers report', [telemetry(cart)], 'Warning Telemetry shop/traces spec'],
    [
      'plugins whose order is that of creation',
      [plugin(), plugin({}, 'other')],
      'Critical WasmPlugin shop/auth spec.priority',
    ],
    [
      'a plugin and an extension whose order is that of creation',
      [plugin(), extension({})],
      'Critical WasmPlugin shop/auth spec.priority',
    ],
  ])('tell of %s', (_title, extensions, problem) => {
    expect(of(...extensions).problems.map(({ severity, object, field }) => `${severity} ${object} ${field}`)).toContain(
      problem,
    );
  });

  it.each<[string, WorldSpec]>([
    [
      'a network filter of a TCP Service',
      { extensions: [plugin({ type: 'NETWORK' })], services: [service('cart', [{ name: 'tcp', port: 9000 }])] },
    ],
    ['plugins with priorities', { extensions: [plugin({ priority: 1 }), plugin({ priority: 2 }, 'other')] }],
    ['plugins of different phases', { extensions: [plugin({ phase: 'AUTHN' }), plugin({ phase: 'AUTHZ' }, 'other')] }],
    [
      'plugins of different Services',
      { extensions: [plugin(), plugin({ selector: { matchLabels: { app: 'web' } } }, 'other')] },
    ],
  ])('have no problem with %s', (_title, spec) => {
    expect(translate(world({ ...spec, sidecars: false })).problems).toEqual([]);
  });

  it('warn of Telemetries that override each other', () => {
    const told = (...extensions: readonly ConfigObject[]): readonly string[] =>
      of(...extensions).problems.map(({ severity, message }) => `${severity} ${message}`);
    expect(told(telemetry(cart), telemetry(cart, 'more'))).toContainEqual(
      expect.stringMatching(/^Warning at Service shop\/cart the order between it and Telemetry shop\/more/),
    );
    expect(told(telemetry(cart), telemetry())).not.toContainEqual(expect.stringContaining('the order between'));
  });

  it('block where pods that a plugin protects are behind no Service', () => {
    const { problems } = translate(
      world({ extensions: [plugin({ selector: undefined })], services: [service('web', [{}])] }),
    );
    expect(problems).toContainEqual(
      expect.objectContaining({
        severity: 'Critical',
        object: 'WasmPlugin shop/auth',
        message: expect.stringContaining('Deployment cart, which is behind no Service'),
      }),
    );
  });

  it('only warn that a headless Service is not reported about any more', () => {
    const headless = service('cart', [{}], { headless: true });
    expect(
      translate(world({ extensions: [telemetry()], services: [headless, service('web', [{}])] })).problems,
    ).toContainEqual(expect.objectContaining({ severity: 'Warning', object: 'Service shop/cart' }));
    expect(translate(world({ extensions: [plugin()], services: [headless] })).problems).toContainEqual(
      expect.objectContaining({ severity: 'Critical', object: 'Service shop/cart' }),
    );
  });
});

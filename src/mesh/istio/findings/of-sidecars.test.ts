import { describe, expect, it } from '@jest/globals';
import {
  captured,
  config,
  installed,
  mesh,
  namespace,
  plainPod,
  pod,
  root,
  surroundings,
} from '../../../../test/support/mesh-fixtures.ts';
import type { DataPlane } from '../../../api/common.ts';
import type { FindingsWhen, Route, Surroundings } from '../../adapter.ts';
import type { ConfigView, PodView } from '../../views.ts';
import { istio } from '../adapter.ts';

const labels: Readonly<Record<DataPlane, Readonly<Record<string, string>>>> = {
  IstioSidecar: { 'istio-injection': 'enabled' },
  IstioAmbient: { 'istio.io/dataplane-mode': 'ambient' },
  None: {},
};
const pods: Readonly<Record<DataPlane, PodView>> = {
  IstioSidecar: pod(),
  IstioAmbient: plainPod(captured),
  None: plainPod(),
};

/** What only sidecars do, by the rule that tells of it. */
const examples: Readonly<Record<string, ConfigView>> = {
  MM030: config('VirtualService', { hosts: ['web'] }),
  MM031: config('HTTPRoute', { parentRefs: [{ kind: 'Service', name: 'web' }] }),
  MM032: config('DestinationRule', { host: 'web', trafficPolicy: { connectionPool: {} } }),
  MM040: config('EnvoyFilter', {}),
  MM041: config('WasmPlugin', {}),
  MM042: config('Telemetry', {}),
  MM044: config('Sidecar', { outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } }),
  MM048: config('Sidecar', { ingress: [{ port: { number: 9080 } }] }),
};
const ids = Object.keys(examples);
const all = Object.entries(examples);

/** Before the start in the data plane that is left, and else in the one that is joined. */
function given(route: Route, when: FindingsWhen, object: ConfigView): Surroundings {
  const at = when === 'AtRest' ? route.to : route.from;
  return surroundings(
    {
      route,
      namespace: namespace({ labels: labels[at] }),
      pods: [pods[at]],
      services: [],
      ...(when !== 'Start' && { itinerary: 'L4' }),
    },
    [object],
  );
}

/** What those rules say, and MM046. */
function said(route: Route, when: FindingsWhen, object: ConfigView): readonly string[] {
  return istio
    .findings(given(route, when, object), when)
    .filter(({ id }) => ids.includes(id) || id === 'MM046')
    .map(({ severity, id, message }) => `${severity} ${id} ${message}`);
}

const toAmbient = { from: 'IstioSidecar', to: 'IstioAmbient' } as const;
const toSidecars = { from: 'IstioAmbient', to: 'IstioSidecar' } as const;
const toNoMesh = { from: 'IstioSidecar', to: 'None' } as const;
const outOfAmbient = { from: 'IstioAmbient', to: 'None' } as const;
const joining = { from: 'None', to: 'IstioAmbient' } as const;
const every = ['Start', 'UnderWay', 'AtRest'] as const;
const later = ['UnderWay', 'AtRest'] as const;

describe.each(all)('what only sidecars do: %s', (id, object) => {
  it.each(every)('is lost in ambient, and critical whenever it comes: %s', (when) => {
    expect(said(toAmbient, when, object)).toEqual([expect.stringMatching(new RegExp(`^Critical ${id} `))]);
  });

  it('begins on the way to sidecars, which is told before the start only', () => {
    expect(said(toSidecars, 'Start', object)).toEqual([
      expect.stringMatching(new RegExp(`^Warning ${id} .*begins to apply$`)),
    ]);
    for (const when of later) expect(said(toSidecars, when, object)).toEqual([]);
  });

  it('ends with the mesh, which is told before the start only', () => {
    expect(said(toNoMesh, 'Start', object)).toEqual([
      expect.stringMatching(new RegExp(`^Critical ${id} .*outside the mesh nothing does$`)),
    ]);
    for (const when of later) expect(said(toNoMesh, when, object)).toEqual([]);
  });

  it.each(every)('is nothing to who leaves ambient for no mesh: %s', (when) => {
    expect(said(outOfAmbient, when, object)).toEqual([]);
  });

  it.each(every)('is without effect for who joins ambient, and no loss: %s', (when) => {
    expect(said(joining, when, object)).toEqual([
      expect.stringMatching(new RegExp(`^Warning ${id} .*without effect here$`)),
    ]);
    expect(said(joining, when, { ...object, namespace: root })).toEqual([]);
  });
});

describe('what sidecars do by the settings of the mesh', () => {
  const settings = config(
    'ConfigMap',
    { mesh: 'rootNamespace: istio-system\noutboundTrafficPolicy: {mode: REGISTRY_ONLY}\n' },
    { name: 'istio', namespace: root },
  );
  const by = (route: Route, when: FindingsWhen): readonly string[] => {
    const around = mesh([...installed.filter(({ kind }) => kind !== 'ConfigMap'), settings]);
    const found = istio.findings({ ...given(route, when, settings), mesh: around }, when);
    return found.filter(({ id }) => id === 'MM044').map(({ severity }) => severity);
  };

  it.each([
    [toAmbient, ['Critical', 'Critical']],
    [toSidecars, ['Warning']],
    [toNoMesh, ['Critical']],
    [outOfAmbient, []],
    [joining, []],
  ])('is told like what stands in the namespace: %j', (route, severities) => {
    expect([...by(route, 'Start'), ...by(route, 'AtRest')]).toEqual(severities);
  });
});

describe('a virtual machine', () => {
  const machine = config('WorkloadEntry', {});

  it('cannot join ambient, and is nobody else’s business', () => {
    for (const when of every) expect(said(toAmbient, when, machine)).toHaveLength(1);
    for (const route of [toSidecars, toNoMesh, outOfAmbient])
      for (const when of every) expect(said(route, when, machine)).toEqual([]);
  });
});

describe('TLS of its own, which sidecars begin to use', () => {
  const own = (host: string): ConfigView =>
    config('DestinationRule', { host, trafficPolicy: { tls: { mode: 'DISABLE' } } });

  it('takes the identity from calls, and is critical until all have their sidecars', () => {
    const critical = [expect.stringMatching(/^Critical MM032 .*without the identity of their caller/)];
    for (const when of ['Start', 'UnderWay'] as const) expect(said(toSidecars, when, own('api'))).toEqual(critical);
    expect(said(toSidecars, 'AtRest', own('api'))).toEqual([]);
  });

  it('is ordinary for what is outside the mesh', () => {
    expect(said(toSidecars, 'Start', own('api.example.com'))).toEqual([
      expect.stringMatching(/^Warning MM032 .*begins to apply$/),
    ]);
  });
});

describe('what stands at a waypoint', () => {
  const plugin = config('WasmPlugin', { targetRefs: [{ group: '', kind: 'Service', name: 'web' }] });

  it.each(every)('is not read by sidecars: %s', (when) => {
    expect(said(toSidecars, when, plugin)).toEqual([expect.stringMatching(/^Critical MM041 .*sidecars use none/)]);
  });
});

describe('a VirtualService of others', () => {
  const theirs = config('VirtualService', { hosts: ['web.shop.svc.cluster.local'] }, { namespace: 'mallory' });

  it('is told to who gets sidecars until he has them all', () => {
    expect(said(toSidecars, 'Start', theirs)).toEqual([
      expect.stringMatching(/^Critical MM030 .*will follow it from sidecars\. Sidecars apply this VirtualService$/),
    ]);
    expect(said(toSidecars, 'UnderWay', theirs)).toHaveLength(1);
    expect(said(toSidecars, 'AtRest', theirs)).toEqual([]);
  });
});

describe('what ztunnel reads otherwise than sidecars', () => {
  const odd: Readonly<Record<string, ConfigView>> = {
    MM025: config('PeerAuthentication', { mtls: { mode: 'DISABLE' } }),
    MM028: config('PeerAuthentication', { selector: {}, mtls: { mode: 'STRICT' } }, { namespace: 'istio-system' }),
  };

  it.each(Object.entries(odd))('is nothing to who has left it for these: %s', (id, object) => {
    const criticalAt = (when: FindingsWhen): boolean =>
      istio.findings(given(toSidecars, when, object), when).some((each) => each.id === id);
    expect([criticalAt('Start'), criticalAt('UnderWay'), criticalAt('AtRest')]).toEqual([true, true, false]);
  });
});

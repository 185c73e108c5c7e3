import { bypass } from '../../../../test/support/bypassed-examples.ts';
import { describe, expect, it } from '@jest/globals';
import {
  captured,
  config,
  injected,
  installed,
  mesh,
  namespace,
  nodeComponents,
  plainPod,
  pod,
  surroundings,
  workload,
} from '../../../../test/support/mesh-fixtures.ts';
import { gatewayPod, madeGateway } from '../../../../test/support/captured-gateway-examples.ts';
import type { DataPlane } from '../../../api/common.ts';
import type { MeshState, Route, Surroundings } from '../../adapter.ts';
import type { ConfigView, PodView, WorkloadView } from '../../views.ts';
import { istio } from '../adapter.ts';
import { rules } from '../rules.ts';
import { isAskedBack } from './no-way-back.ts';

const labelsOf: Record<DataPlane, Readonly<Record<string, string>>> = {
  IstioSidecar: { 'istio-injection': 'enabled' },
  IstioAmbient: { 'istio.io/dataplane-mode': 'ambient' },
  None: {},
};

const outOfSidecars = { from: 'IstioSidecar', to: 'IstioAmbient' } as const;
const outOfAmbient = { from: 'IstioAmbient', to: 'IstioSidecar' } as const;
const outOfTheMesh = { from: 'IstioSidecar', to: 'None' } as const;

interface Template {
  readonly id: string;
  /** The way there that the rule judges it on. */
  readonly there: Route;
  readonly pod?: PodView;
  readonly workload?: Partial<WorkloadView>;
  readonly configs?: readonly ConfigView[];
  /** Default: all that both data planes need. */
  readonly mesh?: MeshState;
}

const withoutClass = installed.filter(({ kind }) => kind !== 'GatewayClass');
const withoutInjector = installed.filter(({ kind }) => kind !== 'MutatingWebhookConfiguration');
const strict = config('PeerAuthentication', { mtls: { mode: 'STRICT' } });
const gateway = { 'inject.istio.io/templates': 'gateway' };
const excluded = { 'traffic.sidecar.istio.io/excludeInboundPorts': '9090' };
const parts = { containers: [], probing: [], calling: [] };
const customized = { proxyParts: { ...parts, containers: ['istio-proxy'] } };
const probed = { proxyParts: { ...parts, probing: ['app'] } };

/** One template, and the way on which a rule finds fault with it. */
const templates: Readonly<Record<string, Template>> = {
  'no ambient in istiod': { id: 'MM010', there: outOfSidecars, mesh: mesh(withoutClass, nodeComponents) },
  'no Gateway API': { id: 'MM011', there: outOfSidecars, mesh: mesh(withoutClass, nodeComponents, ['GatewayClass']) },
  'no istio-cni': { id: 'MM012', there: outOfSidecars, mesh: mesh(installed, nodeComponents.slice(1)) },
  'no ztunnel': { id: 'MM013', there: outOfSidecars, mesh: mesh(installed, nodeComponents.slice(0, 1)) },
  'no injector': { id: 'MM014', there: outOfAmbient, mesh: mesh(withoutInjector, nodeComponents) },
  'a customized sidecar': { id: 'MM130', there: outOfSidecars, workload: customized },
  'a customized sidecar of what leaves every mesh': { id: 'MM130', there: outOfTheMesh, workload: customized },
  'a customized sidecar at zero replicas': {
    id: 'MM130',
    there: outOfSidecars,
    workload: { ...customized, replicas: 0 },
  },
  'a probe of the sidecar': { id: 'MM130', there: outOfSidecars, workload: probed },
  'no capture': {
    id: 'MM051',
    there: outOfSidecars,
    pod: pod({ labels: { ...injected.labels, 'istio.io/dataplane-mode': 'none' } }),
  },
  'no injection': {
    id: 'MM051',
    there: outOfAmbient,
    pod: plainPod({ ...captured, labels: { 'sidecar.istio.io/inject': 'false' } }),
  },
  'injection that is read in two ways': {
    id: 'MM051',
    there: outOfAmbient,
    pod: plainPod({ ...captured, labels: { 'sidecar.istio.io/inject': 'yes' } }),
  },
  'an injected gateway': {
    id: 'MM052',
    there: outOfSidecars,
    pod: pod({ annotations: { ...injected.annotations, ...gateway } }),
  },
  'ports that the sidecar leaves alone': {
    id: 'MM062',
    there: outOfSidecars,
    pod: pod({ annotations: { ...injected.annotations, ...excluded } }),
    configs: [strict],
  },
  'a gateway of the namespace itself': {
    id: 'MM138',
    there: outOfSidecars,
    pod: gatewayPod(),
    workload: madeGateway(),
    configs: [strict],
  },
  'what comes in left alone': {
    id: 'MM144',
    there: outOfSidecars,
    pod: pod({ annotations: { ...injected.annotations, ...bypass } }),
    configs: [strict],
  },
  'a pod that only opted out of injection': {
    id: 'MM050',
    there: outOfSidecars,
    pod: plainPod({ labels: { 'sidecar.istio.io/inject': 'false' } }),
  },
  'a pod that only opted out of ambient': {
    id: 'MM131',
    there: outOfAmbient,
    pod: plainPod({ labels: { 'istio.io/dataplane-mode': 'none' } }),
  },
};

function given(
  { there, configs = [], mesh: around, ...template }: Template,
  more: Partial<Surroundings>,
): Surroundings {
  const running = template.pod ?? (there.from === 'IstioSidecar' ? pod() : plainPod(captured));
  const { labels, annotations } = running;
  const made = workload({ templateLabels: labels, templateAnnotations: annotations, ...template.workload });
  const pods = made.replicas === 0 ? [] : [running];
  return surroundings({ workloads: [made], pods, ...(around && { mesh: around }), ...more }, configs);
}

function onTheWayThere(template: Template): Surroundings {
  const { there } = template;
  return given(template, { route: there, namespace: namespace({ labels: labelsOf[there.from] }) });
}

/** At rest, where the way back is the way there of the rule. */
function migrated(template: Template): Surroundings {
  const { from, to } = template.there;
  return given(template, {
    route: { from: to, to: from },
    itinerary: 'L4',
    namespace: namespace({ labels: labelsOf[from] }),
    back: Object.fromEntries(
      Object.keys(labelsOf.IstioSidecar)
        .concat(Object.keys(labelsOf.IstioAmbient))
        .map((key) => [key, labelsOf[to][key] ?? null]),
    ),
  });
}

function whenOf({ id }: Template): string | undefined {
  return rules.find((rule) => rule.id === id)?.when;
}

const all = Object.entries(templates);

describe('what a rule says of a template, or of the mesh', () => {
  it('is known of every rule that the way back asks', () => {
    expect(new Set(all.map(([, { id }]) => id))).toEqual(new Set(rules.filter(isAskedBack).map(({ id }) => id)));
  });

  it.each(all)('is critical on the way there: %s', (_, template) => {
    const found = istio.findings(onTheWayThere(template), 'Start');

    expect(found).toContainEqual(expect.objectContaining({ id: template.id, severity: 'Critical' }));
  });

  it.each(all)('is told at rest, before the way back: %s', (_, template) => {
    const said = istio.findings(migrated(template), 'AtRest').filter(({ id }) => id === 'MM124');

    expect(said.map(({ message }) => message)).toContainEqual(expect.stringContaining(` ${template.id} `));
    expect(istio.noWayBack(migrated(template))).toMatchObject({ id: 'MM124' });
  });

  it.each(all)('is asked before the labels go back: %s', (_, template) => {
    const { id } = template;

    expect(istio.unreadyBack(migrated(template), false)?.id).toBe(id);
    expect(istio.unreadyBack(migrated(template), true)?.id).toBe(whenOf(template) === 'WhileMoving' ? id : undefined);
  });

  it.each(all)(
    'is asked before each restart of the way back, unless it is about the labels only: %s',
    (_, template) => {
      const picture = migrated(template);
      const [own] = picture.workloads;

      expect(own && istio.unfitBack(picture, own)?.id).toBe(
        whenOf(template) === 'BeforeFlip' ? undefined : template.id,
      );
    },
  );

  it.each(all)('is nothing to the other way back: %s', (_, template) => {
    const picture = given(template, { route: template.there, itinerary: 'L4', back: labelsOf[template.there.from] });

    expect(istio.unreadyBack(picture, false)?.id).not.toBe(template.id);
  });
});

describe('a node component that is not whole', () => {
  const all = nodeComponents.map((set) => ({ ...set, replicas: 3, available: 3, updated: 3 }));
  const back = (sets: readonly WorkloadView[]): Surroundings =>
    migrated({ id: 'MM012', there: outOfSidecars, mesh: mesh(installed, sets) });
  const rolling = back(all.map((set) => ({ ...set, available: 2, updated: 1 })));
  const down = back(all.map((set) => ({ ...set, available: 2 })));

  it('because it rolls out, holds a rollback that somebody commands before it begins', () => {
    const [own] = rolling.workloads;

    expect(istio.unreadyBack(rolling, false)?.id).toBe('MM012');
    expect(istio.unreadyBack(rolling, true)).toBeUndefined();
    expect(own && istio.unfitBack(rolling, own)).toBeUndefined();
  });

  it('because a node is down, holds no rollback, which might wait for ever', () => {
    const [own] = down.workloads;

    expect(istio.unreadyBack(down, false)).toBeUndefined();
    expect(own && istio.unfitBack(down, own)).toBeUndefined();
  });

  it.each([rolling, down])('is no matter as long as nobody goes', (picture) => {
    expect(istio.noWayBack(picture)).toBeUndefined();
  });
});

describe('what stood there before the start', () => {
  const since = Date.parse('2026-01-01T00:00:00Z');
  const stood = { createdAt: since - 60_000 };
  const came = { createdAt: since + 60_000 };
  const optedOut = templates['a pod that only opted out of ambient'];

  it.each([
    ['a pod', stood, undefined],
    ['a pod that came since', came, 'MM131'],
  ])('holds no rollback: %s', (_, age, id) => {
    const picture = migrated({ id: 'MM131', there: outOfAmbient, pod: plainPod({ ...optedOut?.pod, ...age }) });

    expect(istio.unreadyBack({ ...picture, since }, false)?.id).toBe(id);
  });

  it.each([
    ['a gateway, whatever its pods are', stood, undefined],
    ['a gateway that came since', came, 'MM138'],
  ])('holds no rollback: %s', (_, age, id) => {
    const configs = [strict, { ...config('Gateway', {}, { name: 'shop' }), ...age }];
    const picture = migrated({
      id: 'MM138',
      there: outOfSidecars,
      pod: gatewayPod(came),
      workload: madeGateway(),
      configs,
    });

    expect(istio.unreadyBack({ ...picture, since }, false)?.id).toBe(id);
  });
});

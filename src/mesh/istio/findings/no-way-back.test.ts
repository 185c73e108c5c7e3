import { bypass } from '../../../../test/support/bypassed-examples.ts';
import { describe, expect, it } from '@jest/globals';
import {
  captured,
  config,
  cronJob,
  injected,
  installed,
  root,
  mesh,
  namespace,
  nodeComponents,
  plainPod,
  pod,
  surroundings,
  workload,
} from '../../../../test/support/mesh-fixtures.ts';
import { agents, node } from '../../../../test/support/node-examples.ts';
import { gatewayPod, madeGateway } from '../../../../test/support/captured-gateway-examples.ts';
import type { DataPlane } from '../../../api/common.ts';
import type { MeshState, Route, Surroundings } from '../../adapter.ts';
import type { ConfigView, PodView, WorkloadView } from '../../views.ts';
import { istio } from '../adapter.ts';
import { rules } from '../rules.ts';
import { isAskedBack } from './asked-back.ts';

const labelsOf: Record<DataPlane, Readonly<Record<string, string>>> = {
  IstioSidecar: { 'istio-injection': 'enabled' },
  IstioAmbient: { 'istio.io/dataplane-mode': 'ambient' },
  None: {},
};

const outOfSidecars = { from: 'IstioSidecar', to: 'IstioAmbient' } as const;
const outOfAmbient = { from: 'IstioAmbient', to: 'IstioSidecar' } as const;
const ambientOutOfTheMesh = { from: 'IstioAmbient', to: 'None' } as const;
const intoAmbient = { from: 'None', to: 'IstioAmbient' } as const;
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
const authorization = (spec: ConfigView['spec']): ConfigView => config('AuthorizationPolicy', spec);
const excluded = { 'traffic.sidecar.istio.io/excludeInboundPorts': '9090' };
const parts = { containers: [], probing: [], failing: [], calling: [] };
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
  'a command that fails without a sidecar': {
    id: 'MM130',
    there: outOfSidecars,
    workload: { proxyParts: { ...parts, failing: ['app'] } },
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
  'a node without ztunnel': {
    id: 'MM125',
    there: outOfSidecars,
    mesh: mesh([...installed, node('a-1', 'a'), node('b-1', 'b')], agents({}, { nodeSelector: { pool: 'a' } })),
  },
  'machines whose interfaces ambient does not take': {
    id: 'MM135',
    there: outOfSidecars,
    workload: { templateAnnotations: { 'traffic.sidecar.istio.io/kubevirtInterfaces': 'k6t-eth0' } },
  },
  'an identity from SPIRE': {
    id: 'MM141',
    there: outOfSidecars,
    workload: { templateAnnotations: { 'inject.istio.io/templates': 'sidecar,spire' } },
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
  'the proxy of another mesh': { id: 'MM142', there: intoAmbient, pod: plainPod({ containers: ['linkerd-proxy'] }) },
  'another mesh that a template asks for': {
    id: 'MM142',
    there: intoAmbient,
    pod: plainPod({ annotations: { 'linkerd.io/inject': 'enabled' } }),
  },
  'a pod that only opted out of ambient': {
    id: 'MM131',
    there: outOfAmbient,
    pod: plainPod({ labels: { 'istio.io/dataplane-mode': 'none' } }),
  },
  'a policy that needs HTTP': {
    id: 'MM020',
    there: outOfSidecars,
    configs: [authorization({ action: 'DENY', rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }] })],
  },
  'a policy that asks somebody else': {
    id: 'MM021',
    there: outOfSidecars,
    configs: [authorization({ action: 'CUSTOM', provider: { name: 'gate' }, rules: [{}] })],
  },
  'a principal of an alias': {
    id: 'MM023',
    there: outOfSidecars,
    mesh: mesh(
      [
        ...installed.filter(({ kind }) => kind !== 'ConfigMap'),
        config('ConfigMap', { mesh: 'trustDomainAliases: [old]' }, { name: 'istio', namespace: root }),
        authorization({ action: 'DENY', rules: [{ from: [{ source: { principals: ['old/ns/a/sa/b'] } }] }] }),
      ],
      nodeComponents,
    ),
  },
  'a trust domain': {
    id: 'MM065',
    there: outOfSidecars,
    configs: [authorization({ action: 'DENY', rules: [{ from: [{ source: { trustDomains: ['old'] } }] }] })],
  },
  'an account in a condition': {
    id: 'MM077',
    there: outOfSidecars,
    configs: [
      authorization({ action: 'DENY', rules: [{ when: [{ key: 'source.serviceAccount', values: ['a/b'] }] }] }),
    ],
  },
  'tokens that are checked': {
    id: 'MM024',
    there: outOfSidecars,
    configs: [config('RequestAuthentication', { jwtRules: [{ issuer: 'issuer' }] })],
  },
  'STRICT, out of the mesh': { id: 'MM026', there: ambientOutOfTheMesh, configs: [strict] },
  'mTLS that ztunnel does not take over': {
    id: 'MM028',
    there: outOfSidecars,
    configs: [config('PeerAuthentication', { selector: {}, mtls: { mode: 'STRICT' } }, { namespace: root })],
  },
  'an EnvoyFilter': { id: 'MM040', there: outOfSidecars, configs: [config('EnvoyFilter', { configPatches: [{}] })] },
  'a plugin': { id: 'MM041', there: outOfSidecars, configs: [config('WasmPlugin', { url: 'oci://plugin' })] },
  'egress that is restricted': {
    id: 'MM044',
    there: outOfSidecars,
    configs: [config('Sidecar', { outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } })],
  },
  'ports that a sidecar would leave alone': {
    id: 'MM089',
    there: outOfAmbient,
    pod: plainPod({ ...captured, annotations: { ...captured.annotations, ...excluded } }),
    configs: [strict],
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
  return given(template, { route: there, itinerary: 'L4', namespace: namespace({ labels: labelsOf[there.from] }) });
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

function saidAtRest(picture: Surroundings): readonly string[] {
  const said = istio.findings(picture, 'AtRest').filter(({ id }) => id === 'MM124');
  return said.map(({ message }) => message);
}

describe('what a rule says of a template, or of the mesh', () => {
  it('is known of every rule that the way back asks', () => {
    expect(new Set(all.map(([, { id }]) => id))).toEqual(new Set(rules.filter(isAskedBack).map(({ id }) => id)));
  });

  it.each(all)('is critical on the way there: %s', (_, template) => {
    const found = istio.findings(onTheWayThere(template), 'Start');

    expect(found).toContainEqual(expect.objectContaining({ id: template.id, severity: 'Critical' }));
  });

  it.each(all)('is told at rest, before the way back: %s', (_, template) => {
    expect(saidAtRest(migrated(template))).toContainEqual(expect.stringContaining(` ${template.id} `));
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

      const isOfLabels = whenOf(template) === 'BeforeFlip';
      expect(own && istio.unfitBack(picture, own, false)?.id).toBe(isOfLabels ? undefined : template.id);
    },
  );

  it.each(all)('is nothing to the other way back: %s', (_, template) => {
    const picture = given(template, { route: template.there, itinerary: 'L4', back: labelsOf[template.there.from] });

    expect(istio.unreadyBack(picture, false)?.id).not.toBe(template.id);
  });
});

describe('what others have that would not know callers who leave the mesh', () => {
  const theirs: Readonly<Record<string, ConfigView>> = {
    STRICT: config('PeerAuthentication', { mtls: { mode: 'STRICT' } }, { namespace: 'other', name: 'strict' }),
    'a DENY of the namespace': config(
      'AuthorizationPolicy',
      { action: 'DENY', rules: [{ from: [{ source: { namespaces: ['shop'] } }] }] },
      { namespace: 'other', name: 'no-shop' },
    ),
  };

  it.each(Object.entries(theirs))('is told at rest, and keeps nobody from going back: %s', (_, policy) => {
    const picture = migrated({ id: 'MM026', there: ambientOutOfTheMesh, configs: [policy] });

    expect(saidAtRest(picture)).toContainEqual(expect.stringContaining(' MM026 '));
    expect(istio.noWayBack(picture)).toBeUndefined();
    expect(istio.unreadyBack(picture, false)).toBeUndefined();
  });
});

describe('a node component that is not whole', () => {
  const all = nodeComponents.map((set) => ({ ...set, replicas: 3, available: 3, updated: 3 }));
  const back = (sets: readonly WorkloadView[]): Surroundings =>
    migrated({ id: 'MM012', there: outOfSidecars, mesh: mesh(installed, sets) });
  const rolling = back(all.map((set) => ({ ...set, available: 2, updated: 1 })));
  const down = back(all.map((set) => ({ ...set, available: 2 })));

  it('because it rolls out, holds a rollback that somebody commands before it begins, until that stands', () => {
    const [own] = rolling.workloads;

    expect(istio.unreadyBack(rolling, false)?.id).toBe('MM012');
    expect(istio.unreadyBack(rolling, false, true)).toBeUndefined();
    expect(istio.unreadyBack(rolling, true)).toBeUndefined();
    expect(own && istio.unfitBack(rolling, own, false)).toBeUndefined();
  });

  it('because a node is down, holds no rollback, which might wait for ever', () => {
    const [own] = down.workloads;

    expect(istio.unreadyBack(down, false)).toBeUndefined();
    expect(own && istio.unfitBack(down, own, false)).toBeUndefined();
  });

  it.each([rolling, down])('is no matter as long as nobody goes', (picture) => {
    expect(istio.noWayBack(picture)).toBeUndefined();
  });

  const pool = { name: 'pool', replicas: 2, updated: 2 };
  const apart: Readonly<Record<string, readonly Partial<WorkloadView>[]>> = {
    'one that nobody rolls out has pods of before': [{ strategy: 'OnDelete', updated: 0 }],
    'another is for nodes of which there are none': [{}, { ...pool, replicas: 0, available: 0, updated: 0 }],
    'another is for nodes that are all down': [{}, { ...pool, available: 0 }],
  };

  it.each(Object.entries(apart))('where it runs, keeps nobody from going back: %s', (_, sets) => {
    const picture = back(sets.flatMap((more) => all.map((set) => ({ ...set, ...more }))));

    expect(istio.unreadyBack(picture, false)).toBeUndefined();
    expect(istio.unreadyBack(picture, true)).toBeUndefined();
    expect(istio.noWayBack(picture)).toBeUndefined();
  });

  it.each(Object.entries(apart).slice(0, 2))('where it runs, keeps nobody from the way there: %s', (_, sets) => {
    const daemonSets = sets.flatMap((more) => all.map((set) => ({ ...set, ...more })));

    expect(istio.findings(surroundings({ mesh: mesh(installed, daemonSets) }), 'Start')).not.toContainEqual(
      expect.objectContaining({ severity: 'Critical' }),
    );
  });

  it.each([0, 3])('that runs on no node holds every rollback, of %i that want it', (replicas) => {
    const picture = back(all.map((set) => ({ ...set, replicas, available: 0 })));

    expect(istio.unreadyBack(picture, true)?.id).toBe('MM012');
  });
});

/** Everything but what the mesh itself lacks, which does not come back with the namespace. */
const ofNamespace = all.filter(([, { mesh: around, pod: running }]) => around === undefined && running === undefined);

describe('what was so at the start', () => {
  /** Where the way back leads to: the labels and the pods of before. */
  function atStart(template: Template): Surroundings {
    const { from, to } = template.there;
    return given(template, { route: { from: to, to: from }, namespace: namespace({ labels: labelsOf[to] }) });
  }

  const since = Date.parse('2026-01-01T00:00:00Z');
  const renewed = (picture: Surroundings): Surroundings => ({
    ...picture,
    since,
    pods: picture.pods.map((each) => ({ ...each, createdAt: since + 60_000 })),
    workloads: picture.workloads.map((each) => ({ ...each, createdAt: since - 60_000 })),
    otherTemplates: picture.otherTemplates.map((each) => ({ ...each, createdAt: since - 60_000 })),
  });

  // With the proxy of another mesh in its pods nothing is started.
  const startable = all.filter(
    ([name, { mesh: around }]) => around === undefined && name !== 'the proxy of another mesh',
  );

  it.each(startable)('holds no rollback, and is not told, though its pods are new: %s', (_, template) => {
    const heldBefore = new Set(istio.heldBefore(atStart(template)));
    const picture = renewed({ ...migrated(template), heldBefore });
    const [own] = picture.workloads;

    expect(istio.unreadyBack(picture, false)).toBeUndefined();
    expect(own && istio.unfitBack(picture, own, false)).toBeUndefined();
    expect(saidAtRest(picture)).not.toContainEqual(expect.stringContaining(` ${template.id} `));
  });

  it.each(ofNamespace.filter(([, { configs }]) => configs !== undefined))(
    'counts as new when somebody has edited it: %s',
    (_, template) => {
      const other = { selector: { matchLabels: { app: 'none-of-them' } } };
      const configs = (template.configs ?? []).map((each) => ({ ...each, spec: { ...each.spec, ...other } }));
      const before = { ...template, configs };
      const heldBefore = new Set(istio.heldBefore(atStart(before)));

      expect(istio.unreadyBack(renewed({ ...migrated(template), heldBefore }), false)?.id).toBe(template.id);
    },
  );

  it('counts as new when a template leaves more ports alone than before', () => {
    const template = templates['ports that a sidecar would leave alone'];
    if (template?.pod === undefined) throw new RangeError('no such template');
    const fewer = { 'traffic.sidecar.istio.io/excludeInboundPorts': '9' };
    const before = { ...template, pod: { ...template.pod, annotations: { ...captured.annotations, ...fewer } } };
    const heldBefore = new Set(istio.heldBefore(atStart(before)));

    expect(istio.unreadyBack(renewed({ ...migrated(template), heldBefore }), false)?.id).toBe('MM089');
  });

  it('is remembered in no more marks than a journal has room for', () => {
    const many = Array.from({ length: 2000 }, (_, index) => workload({ name: `old-${String(index)}`, ...customized }));
    const picture = surroundings({
      route: outOfAmbient,
      workloads: many,
      namespace: namespace({ labels: labelsOf.IstioAmbient }),
    });

    expect(istio.heldBefore(picture)).toHaveLength(500);
    expect(JSON.stringify(istio.heldBefore(picture)).length).toBeLessThan(8192);
  });
});

describe('what is as it was before, wherever a way back leads', () => {
  const failing = { proxyParts: { ...parts, failing: ['app'] } };
  const certificates = { 'proxy.istio.io/config': 'proxyMetadata: {OUTPUT_CERTS: /certs}' };
  const nobodyRestarts: Surroundings = {
    ...migrated({ id: 'MM130', there: outOfSidecars }),
    otherTemplates: [cronJob(failing)],
  };
  const withCertificates = migrated({
    id: 'MM130',
    there: outOfSidecars,
    workload: { templateAnnotations: certificates },
  });
  const { owner: _owner, ...bare } = plainPod({ ...captured, containers: ['app', 'linkerd-proxy'] });
  const released = migrated({ id: 'MM142', there: outOfAmbient, pod: bare });
  const outside = migrated({ id: 'MM142', there: { from: 'IstioAmbient', to: 'None' } });
  const asked: Surroundings = {
    ...outside,
    namespace: { ...outside.namespace, annotations: { 'linkerd.io/inject': 'enabled' } },
  };

  it.each([
    ['the command of a CronJob', nobodyRestarts, 'MM130'],
    ['certificates', withCertificates, 'MM130'],
    ['another mesh, out of this one', asked, 'MM142'],
    ['a pod of another mesh that nobody makes again', released, 'MM142'],
  ])('holds nothing, and is told: %s', (_, picture, id) => {
    const said = istio.findings(picture, 'AtRest').filter((each) => each.id === 'MM124');

    expect(said.map(({ message }) => message)).toContainEqual(expect.stringContaining(` ${id} `));
    expect(istio.noWayBack(picture)).toBeUndefined();
    expect(istio.unreadyBack(picture, false)?.id).not.toBe(id);
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
    ['a gateway, whatever its pods are', stood, stood, undefined],
    ['a gateway that came since', came, stood, 'MM138'],
    ['a gateway under STRICT since', stood, came, 'MM138'],
  ])('holds no rollback: %s', (_, age, strictAge, id) => {
    const configs = [
      { ...strict, ...strictAge },
      { ...config('Gateway', {}, { name: 'shop' }), ...age },
    ];
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

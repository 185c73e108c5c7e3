import { describe, expect, it } from '@jest/globals';
import {
  captured,
  config,
  cronJob,
  injected,
  plainPod,
  pod,
  service,
  surroundings,
  workload,
} from '../../../../test/support/mesh-fixtures.ts';
import type { FindingsWhen, Surroundings } from '../../adapter.ts';
import type { ConfigView, PodView, WorkloadView } from '../../views.ts';
import { istio } from '../adapter.ts';
import { translationOf } from './translation.ts';
import { worldOf } from './world.ts';

type Labels = Readonly<Record<string, string>>;

function deny(name: string, labels: Labels, operation: object): ConfigView {
  return config(
    'AuthorizationPolicy',
    { selector: { matchLabels: labels }, action: 'DENY', rules: [{ to: [{ operation }] }] },
    { name, uid: name },
  );
}

const noDelete = deny('no-delete', { app: 'web' }, { methods: ['DELETE'] });
const versioned = deny('v2-no-get', { version: 'v2' }, { methods: ['GET'] });

/** By a label that every object inherits something under. */
const odd = deny('odd', Object.fromEntries([['constructor', 'x']]), { methods: ['GET'] });

/** A pod with a sidecar that no workload owns. */
function other(labels: Labels, overrides: Partial<PodView> = {}): PodView {
  const { owner: _none, ...bare } = pod({
    name: 'other-1',
    uid: 'other-1',
    labels: { ...injected.labels, ...labels },
    containerPorts: [
      { port: 8080, container: 'app' },
      { name: 'http-envoy-prom', port: 15_090, container: 'istio-proxy' },
    ],
  });
  return { ...bare, ...overrides };
}

function around(
  policies: readonly ConfigView[],
  pods: readonly PodView[],
  overrides: Partial<Surroundings> = {},
): Surroundings {
  return surroundings({ itinerary: 'L7', pods: [pod(), ...pods], ...overrides }, policies);
}

/** What the operator thinks is there, but for the Deployment of all pictures. */
function others(given: Surroundings): readonly string[] {
  return worldOf(given)
    .workloads.filter(({ kind, name }) => kind !== 'Deployment' || name !== 'web')
    .map(({ kind, name, labels, ports }) => `${kind} ${name} ${JSON.stringify([labels, ports])}`);
}

describe('pods that no template tells of', () => {
  it.each<[string, readonly PodView[], readonly string[]]>([
    ['a bare one', [other({ app: 'roll' })], ['Pod other-1 [{"app":"roll"},{}]']],
    [
      'those of a controller that is not known, as one',
      [2, 1].map((index) =>
        other({ app: 'roll' }, { name: `roll-${index}`, owner: { kind: 'ReplicaSet', name: 'roll-6f7' } }),
      ),
      ['ReplicaSet roll-6f7 (pods) [{"app":"roll"},{}]'],
    ],
    [
      'a thousand that are alike in all that anybody asks for',
      Array.from({ length: 1000 }, (_each, index) =>
        other({ app: 'roll', 'batch.kubernetes.io/job-name': `job-${index}` }, { name: `job-${1000 + index}` }),
      ),
      ['Pod job-1000 [{"app":"roll"},{}]'],
    ],
    [
      'one of a known workload that was given a label',
      [pod({ name: 'web-9', labels: { ...injected.labels, version: 'v2' } })],
      ['Deployment web (pods) [{"app":"web","version":"v2"},{}]'],
    ],
    [
      'one in ambient',
      [other({ app: 'roll' }, { ...captured, containers: ['app'] })],
      ['Pod other-1 [{"app":"roll"},{}]'],
    ],
    ['one that nobody can tell from those of a template', [other({ team: 'x' })], []],
    ['one that is on its way out', [other({ app: 'roll' }, { terminating: true })], []],
    [
      'one of a Job that has ended',
      [other({ app: 'roll' }, { finished: true, owner: { kind: 'Job', name: 'once' } })],
      [],
    ],
    ['one on the network of its host', [other({ app: 'roll' }, { hostNetwork: true })], []],
    [
      'one that has no sidecar because it asks for none',
      [plainPod({ labels: { app: 'roll', 'sidecar.istio.io/inject': 'false' } })],
      [],
    ],
    [
      'one of a waypoint',
      [
        plainPod({
          labels: {
            app: 'roll',
            'gateway.networking.k8s.io/gateway-name': 'waypoint',
            'istio.io/dataplane-mode': 'none',
          },
        }),
      ],
      [],
    ],
    [
      'one of a gateway',
      [
        plainPod({
          labels: { app: 'roll', 'gateway.networking.k8s.io/gateway-name': 'entry' },
          containers: ['istio-proxy'],
        }),
      ],
      [],
    ],
    [
      "one with a container like a gateway's that istiod has not made",
      [
        other(
          { app: 'roll', 'gateway.networking.k8s.io/gateway-name': 'entry' },
          { annotations: {}, containers: ['app', 'istio-proxy'] },
        ),
      ],
      ['Pod other-1 [{"app":"roll"},{}]'],
    ],
    [
      'one that has no more than the label of a gateway',
      [other({ app: 'roll', 'gateway.networking.k8s.io/gateway-name': 'entry' })],
      ['Pod other-1 [{"app":"roll"},{}]'],
    ],
  ])('%s', (_case, pods, expected) => {
    expect(others(around([noDelete, versioned, odd], pods))).toEqual(expected);
  });

  it.each<[string, Partial<Surroundings>, readonly string[]]>([
    [
      'the template of a CronJob between two runs',
      { otherTemplates: [cronJob({ containerPorts: [{ port: 8080 }] })] },
      ['CronJob nightly [{"app":"nightly"},{}]'],
    ],
    ['one that is as a workload has it', { otherTemplates: [cronJob({ templateLabels: { app: 'web' } })] }, []],
    [
      'a thousand of them that are alike',
      {
        otherTemplates: Array.from({ length: 1000 }, (_each, index) =>
          cronJob({ name: `job-${1000 + index}`, templateLabels: { app: 'roll', run: String(index) } }),
        ),
      },
      ['CronJob job-1000 [{"app":"roll"},{}]'],
    ],
    [
      'one that runs now',
      {
        otherTemplates: [cronJob({ templateLabels: { app: 'roll' }, containerPorts: [{ port: 8080 }] })],
        pods: [pod(), other({ app: 'roll' }, { owner: { kind: 'Job', name: 'nightly-1' } })],
      },
      ['CronJob nightly [{"app":"roll"},{}]'],
    ],
    [
      'one that asks for no sidecar, by label',
      { otherTemplates: [cronJob({ templateLabels: { app: 'roll', 'sidecar.istio.io/inject': 'false' } })] },
      [],
    ],
    [
      'one that asks for no sidecar, by annotation',
      { otherTemplates: [cronJob({ templateAnnotations: { 'sidecar.istio.io/inject': 'false' } })] },
      [],
    ],
    ['one on the network of its host', { otherTemplates: [cronJob({ hostNetwork: true })] }, []],
  ])('are known before they come: %s', (_case, overrides, expected) => {
    expect(others(around([noDelete, versioned], [], overrides))).toEqual(expected);
  });

  it('are others where the name of a port is another number', () => {
    const given = around([noDelete], [other({}, { containerPorts: [{ name: 'web', port: 9090, container: 'app' }] })], {
      services: [service({ ports: [{ port: 80, targetPort: 'web', protocol: 'TCP' }] })],
    });
    expect(others(given)).toEqual(['Pod other-1 [{"app":"web"},{"web":9090}]']);
  });

  it('are looked at anew when they come: what is remembered is of pods as they were', () => {
    expect(translationOf(around([noDelete, versioned], [])).problems).toEqual([]);
    expect(translationOf(around([noDelete, versioned], [other({ version: 'v2' })])).problems).not.toEqual([]);
    expect(translationOf(around([noDelete, versioned], [])).problems).toEqual([]);
  });
});

interface Example {
  readonly policies: readonly ConfigView[];
  readonly labels: Labels;
  readonly containerPorts?: WorkloadView['containerPorts'];
  readonly overrides?: Partial<Surroundings>;
  readonly expected: readonly [string, string];
}

const named = service({ ports: [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }] });
const byPort = deny(
  'no-post-9090',
  { app: 'web', 'security.istio.io/tlsMode': 'istio' },
  { methods: ['POST'], ports: ['9090'] },
);
const plugin = config(
  'WasmPlugin',
  { selector: { matchLabels: { app: 'roll' } }, url: 'oci://example.com/plugin:v1' },
  { name: 'plugin', uid: 'plugin' },
);

/** What is critical about a workload is critical about pods of its labels and ports. */
const examples: Readonly<Record<string, Example>> = {
  'a policy selects them, and no Service does': {
    policies: [noDelete, deny('roll-no-delete', { app: 'roll' }, { methods: ['DELETE'] })],
    labels: { app: 'roll' },
    expected: ['MM080', 'AuthorizationPolicy shop/roll-no-delete'],
  },
  'a plugin runs for them, and no Service selects them': {
    policies: [noDelete, plugin],
    labels: { app: 'roll' },
    expected: ['MM080', 'WasmPlugin shop/plugin'],
  },
  'a policy selects them, and not the others behind their Service': {
    policies: [noDelete, versioned],
    labels: { app: 'web', version: 'v2' },
    expected: ['MM080', 'AuthorizationPolicy shop/v2-no-get'],
  },
  'their port of the name is another': {
    policies: [noDelete, byPort],
    labels: { app: 'web' },
    containerPorts: [{ name: 'http', port: 9090 }],
    overrides: { services: [named] },
    expected: ['MM080', 'AuthorizationPolicy shop/no-post-9090'],
  },
};

function criticals(given: Surroundings, when: FindingsWhen): readonly string[] {
  const found = istio
    .findings(given, when)
    .filter(({ id, severity }) => severity === 'Critical' && ['MM080', 'MM086'].includes(id));
  return [...new Set(found.map(({ id, object }) => `${id} ${object}`))];
}

describe.each(['Start', 'UnderWay'] as const)('findings about such pods (%s)', (when) => {
  it.each(Object.entries(examples))(
    '%s',
    (_case, { policies, labels, containerPorts = [{ port: 8080 }], overrides, expected }) => {
      const asPod = around(
        policies,
        [other(labels, { containerPorts: containerPorts.map((port) => ({ ...port, container: 'app' })) })],
        overrides,
      );
      const asCronJob = around(policies, [], {
        ...overrides,
        otherTemplates: [cronJob({ templateLabels: labels, containerPorts })],
      });
      const asWorkload = around(policies, [], {
        ...overrides,
        workloads: [workload(), workload({ name: 'other', uid: 'other', templateLabels: labels, containerPorts })],
      });
      expect(criticals(around(policies, [], overrides), when)).toEqual([]);
      expect(criticals(asPod, when)).toEqual([expected.join(' ')]);
      expect(criticals(asCronJob, when)).toEqual([expected.join(' ')]);
      expect(criticals(asWorkload, when)).toEqual([expected.join(' ')]);
    },
  );

  it.each(['pods', 'a workload', 'nothing that is known'])('the proof is of a Service in front of %s', (behind) => {
    const spec = {
      ...surroundings().spec,
      policies: { ...surroundings().spec.policies, direct: [{ namespace: 'shop', principals: [], ports: [8080] }] },
    };
    const given = around([noDelete], [], {
      spec,
      pods: behind === 'pods' ? [other({})] : [],
      workloads: behind === 'a workload' ? [workload()] : [],
    });
    expect(criticals(given, when)).toEqual(['MM086 Service shop/web']);
  });
});

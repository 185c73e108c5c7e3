import { describe, expect, it } from '@jest/globals';
import type { WorkloadKind } from '../api/namespace-migration.ts';
import type { KubeObject } from '../api/object.ts';
import { projectBudget, projectConfig, projectNamespace, projectPod, projectService } from './project.ts';
import { projectTemplate } from './project-template.ts';
import { projectWorkload, resolvePercent } from './project-workload.ts';
import { whyNotRestartable } from './restartable.ts';
import { selects } from './views.ts';
import { pod, workload } from '../../test/support/mesh-fixtures.ts';

function object(rest: object, metadata: object = {}): KubeObject {
  return { metadata: { name: 'web-6d4b-x', namespace: 'shop', uid: 'u1', resourceVersion: '7', ...metadata }, ...rest };
}

function owned(kind: string, name: string, labels: object = {}, apiVersion = 'apps/v1'): KubeObject {
  return object({}, { labels, ownerReferences: [{ apiVersion: apiVersion, kind, name, controller: true }] });
}

describe('projectTemplate', () => {
  const template = {
    metadata: {
      labels: { app: 'nightly' },
      annotations: { 'sidecar.istio.io/inject': 'false', 'example.com/huge': 'x' },
    },
    spec: {
      serviceAccountName: 'batch',
      hostNetwork: true,
      containers: [
        { name: 'app', ports: [{ name: 'web', containerPort: 80 }], env: [{ name: 'PASSWORD', value: 'y' }] },
      ],
    },
  };
  const kept = {
    namespace: 'shop',
    name: 'web-6d4b-x',
    uid: 'u1',
    resourceVersion: '7',
    serviceAccount: 'batch',
    containerPorts: [{ name: 'web', port: 80 }],
    templateLabels: { app: 'nightly' },
    templateAnnotations: { 'sidecar.istio.io/inject': 'false' },
    hostNetwork: true,
  };

  it.each([false, true])('keeps what decisions need of a CronJob and nothing else, suspended: %s', (suspend) => {
    const view = projectTemplate(
      'batch',
      'CronJob',
    )(
      object({
        spec: { suspend, schedule: '@daily', jobTemplate: { spec: { template } } },
        status: { lastScheduleTime: '2030-01-01T00:00:05Z' },
      }),
    );

    expect(view).toEqual({ kind: 'CronJob', ...kept });
  });

  it('reads one of a shape that nobody expects', () => {
    expect(projectTemplate('batch', 'CronJob')(object({ spec: { jobTemplate: 'no' } }))).toMatchObject({
      templateLabels: {},
      containerPorts: [],
      serviceAccount: 'default',
    });
  });

  it("names another group's kind with its group", () => {
    expect(projectTemplate('example.com', 'CronJob')(object({ spec: { template } })).kind).toBe('CronJob.example.com');
  });
});

describe('projectPod', () => {
  it('keeps what decisions need and nothing else', () => {
    const view = projectPod(
      object(
        {
          spec: {
            hostNetwork: true,
            initContainers: [{ name: 'istio-proxy', restartPolicy: 'Always', env: [{ name: 'SECRET', value: 'x' }] }],
            containers: [{ name: 'app', lifecycle: { preStop: {} }, env: [{ name: 'PASSWORD', value: 'y' }] }],
          },
          status: {
            phase: 'Running',
            conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2030-01-01T00:00:05Z' }],
          },
        },
        {
          labels: { app: 'web', 'controller-revision-hash': 'r1' },
          annotations: { 'sidecar.istio.io/status': '{}', 'linkerd.io/inject': 'enabled', 'example.com/huge': 'x' },
          creationTimestamp: '2030-01-01T00:00:00Z',
        },
      ),
    );

    expect(view).toEqual({
      name: 'web-6d4b-x',
      uid: 'u1',
      resourceVersion: '7',
      namespace: 'shop',
      labels: { app: 'web', 'controller-revision-hash': 'r1' },
      annotations: { 'sidecar.istio.io/status': '{}', 'linkerd.io/inject': 'enabled' },
      containers: ['app', 'istio-proxy'],
      hostNetwork: true,
      finished: false,
      terminating: false,
      ready: true,
      createdAt: Date.UTC(2030, 0, 1),
      serviceAccount: 'default',
      revision: 'r1',
      hasPreStop: true,
    });
  });

  it.each<[string, KubeObject, object | undefined]>([
    [
      'the Deployment of its ReplicaSet',
      owned('ReplicaSet', 'web-6d4b', { 'pod-template-hash': '6d4b' }),
      { kind: 'Deployment', name: 'web' },
    ],
    ["a ReplicaSet that is nobody's", owned('ReplicaSet', 'web-6d4b'), { kind: 'ReplicaSet', name: 'web-6d4b' }],
    [
      'a ReplicaSet of an Argo Rollout',
      owned('ReplicaSet', 'web-6d4b', { 'rollouts-pod-template-hash': '6d4b' }),
      { kind: 'ReplicaSet', name: 'web-6d4b' },
    ],
    ['any other controller', owned('StatefulSet', 'db'), { kind: 'StatefulSet', name: 'db' }],
    [
      "another group's StatefulSet",
      owned('StatefulSet', 'db', {}, 'apps.kruise.io/v1beta1'),
      { kind: 'StatefulSet.apps.kruise.io', name: 'db' },
    ],
    ['nobody', object({}), undefined],
    ['nobody, though somebody owns it', object({}, { ownerReferences: [{ kind: 'Node', name: 'n1' }] }), undefined],
  ])('belongs to %s', (_case, given, owner) => {
    expect(projectPod(given).owner).toEqual(owner);
  });

  it.each(['Succeeded', 'Failed'])('is finished when %s', (phase) => {
    expect(projectPod(object({ status: { phase } })).finished).toBe(true);
  });

  it('reads odd objects without falling over', () => {
    expect(projectPod(object({ spec: 'x', status: null }))).toMatchObject({
      containers: [],
      ready: false,
      finished: false,
      hasPreStop: false,
    });
  });
});

describe('projectNamespace', () => {
  it('names who owns which label, and knows whether there are annotations', () => {
    const managedFields = [
      { manager: 'argocd', fieldsV1: { 'f:metadata': { 'f:labels': { '.': {}, 'f:istio-injection': {} } } } },
    ];

    expect(projectNamespace(object({}, { managedFields }))).toMatchObject({
      labelManagers: { 'istio-injection': 'argocd' },
      hasAnnotations: false,
      labels: {},
      terminating: false,
    });
    expect(projectNamespace(object({}, { annotations: {}, deletionTimestamp: 'x' }))).toMatchObject({
      hasAnnotations: true,
      terminating: true,
    });
  });
});

describe('projectBudget, projectService and projectConfig', () => {
  it('keep what the rules look at', () => {
    expect(
      projectBudget(
        object(
          {
            spec: { selector: { matchLabels: { app: 'web' } } },
            status: { disruptionsAllowed: 1, expectedPods: 3, desiredHealthy: 2, observedGeneration: 1 },
          },
          { generation: 2 },
        ),
      ),
    ).toMatchObject({
      disruptionsAllowed: 1,
      expectedPods: 3,
      desiredHealthy: 2,
      current: false,
      selector: { matchLabels: { app: 'web' }, matchExpressions: [] },
    });
    expect(projectBudget(object({ spec: {} })).selector).toBeUndefined();
    expect(projectService(object({ spec: { clusterIP: 'None', selector: { app: 'web' } } }))).toMatchObject({
      headless: true,
      selector: { app: 'web' },
    });
    expect(projectService(object({ spec: { clusterIP: '10.0.0.1' } }))).toMatchObject({
      headless: false,
      selector: {},
    });
    expect(projectConfig('ConfigMap')(object({ data: { mesh: 'x' } }))).toMatchObject({
      kind: 'ConfigMap',
      spec: { mesh: 'x' },
      status: {},
    });
  });

  it('read a selector of a shape that nobody expects', () => {
    const expressions = [{ key: 'app', operator: 'In', values: [{ toString: 5 }, 7, 'web'] }, { key: {} }, 'x'];
    const budget = projectBudget(object({ spec: { selector: { matchExpressions: expressions } } }));

    expect(budget.selector?.matchExpressions).toEqual([
      { key: 'app', operator: 'In', values: ['web'] },
      { key: '', operator: '', values: [] },
      { key: '', operator: '', values: [] },
    ]);
  });
});

describe('resolvePercent', () => {
  it.each([
    [3, 10, 'up', 3],
    ['25%', 10, 'up', 3],
    ['25%', 10, 'down', 2],
    ['25%', 1, 'down', 0],
    ['25%', 0, 'up', 0],
    ['100%', 7, 'down', 7],
    ['4', 10, 'up', 4],
    ['x', 10, 'up', 0],
    [undefined, 10, 'up', 0],
  ] as const)('resolves %s of %d, rounded %s', (value, total, round, expected) => {
    expect(resolvePercent(value, total, round)).toBe(expected);
  });
});

function progressing(reason: string): object {
  return { conditions: [{ type: 'Progressing', reason }] };
}

function revisions(currentRevision: string, updateRevision: string): object {
  return { currentRevision, updateRevision };
}

describe('projectWorkload', () => {
  const worst = (kind: 'Deployment' | 'StatefulSet' | 'DaemonSet', spec: object, replicas: number): number =>
    projectWorkload(kind)(object({ spec: { replicas, ...spec }, status: { desiredNumberScheduled: replicas } }))
      .maxUnavailable;
  const rolling = (rollingUpdate: object): object => ({
    strategy: { type: 'RollingUpdate', rollingUpdate },
    updateStrategy: { type: 'RollingUpdate', rollingUpdate },
  });

  it.each([
    ['Deployment', {}, 4, 1],
    ['Deployment', {}, 3, 0],
    ['Deployment', { strategy: { type: 'Recreate' } }, 4, 4],
    ['Deployment', rolling({ maxSurge: 0, maxUnavailable: 0 }), 4, 1],
    ['Deployment', rolling({ maxSurge: 0, maxUnavailable: '50%' }), 5, 2],
    ['Deployment', rolling({ maxUnavailable: 9 }), 4, 4],
    ['Deployment', {}, 0, 0],
    ['StatefulSet', {}, 3, 1],
    ['StatefulSet', { podManagementPolicy: 'Parallel', ...rolling({ maxUnavailable: 2 }) }, 3, 2],
    ['StatefulSet', {}, 0, 0],
    ['DaemonSet', {}, 9, 1],
    ['DaemonSet', rolling({ maxUnavailable: '10%' }), 15, 2],
    ['DaemonSet', rolling({ maxSurge: 1, maxUnavailable: 0 }), 9, 0],
  ] as const)('knows how many pods a %s with %j takes away of %d', (kind, spec, replicas, expected) => {
    expect(worst(kind, spec, replicas)).toBe(expected);
  });

  it('reads the counters of each kind', () => {
    const deployment = projectWorkload('Deployment')(
      object(
        {
          spec: {
            replicas: 3,
            paused: true,
            progressDeadlineSeconds: 30,
            template: { metadata: { labels: { app: 'web' }, annotations: { a: 'b' } } },
          },
          status: {
            observedGeneration: 2,
            updatedReplicas: 2,
            availableReplicas: 1,
            replicas: 4,
            conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }],
          },
        },
        { generation: 2 },
      ),
    );
    const daemonSet = projectWorkload('DaemonSet')(
      object({
        status: { desiredNumberScheduled: 5, updatedNumberScheduled: 4, numberAvailable: 3, currentNumberScheduled: 5 },
      }),
    );

    expect(deployment).toMatchObject({
      replicas: 3,
      updated: 2,
      available: 1,
      current: 4,
      paused: true,
      progressDeadlineMs: 30_000,
      deadlineExceeded: true,
      hasTemplateAnnotations: true,
      templateLabels: { app: 'web' },
    });
    expect(daemonSet).toMatchObject({
      replicas: 5,
      updated: 4,
      available: 3,
      current: 5,
      paused: false,
      deadlineExceeded: false,
      hasTemplateAnnotations: false,
    });
    expect(projectWorkload('Deployment')(object({})).replicas).toBe(1);
  });

  it.each<[string, WorkloadKind, object, object, boolean | undefined]>([
    ['a Deployment that was whole', 'Deployment', {}, progressing('NewReplicaSetAvailable'), true],
    ['a Deployment with a new template', 'Deployment', {}, progressing('NewReplicaSetCreated'), false],
    ['a Deployment that came to nothing', 'Deployment', {}, progressing('ProgressDeadlineExceeded'), false],
    ['a Deployment without a deadline', 'Deployment', {}, {}, undefined],
    ['a StatefulSet that was whole', 'StatefulSet', {}, revisions('a', 'a'), true],
    ['a StatefulSet with a new template', 'StatefulSet', {}, revisions('a', 'b'), false],
    ['a StatefulSet with a canary', 'StatefulSet', { rollingUpdate: { partition: 1 } }, revisions('a', 'b'), undefined],
    ['a StatefulSet that never rolls', 'StatefulSet', { type: 'OnDelete' }, revisions('a', 'b'), undefined],
    ['a DaemonSet', 'DaemonSet', {}, { desiredNumberScheduled: 1 }, undefined],
  ])('knows whether the template was rolled out once of %s', (_case, kind, updateStrategy, status, expected) => {
    expect(projectWorkload(kind)(object({ spec: { updateStrategy }, status })).rolledOut).toBe(expected);
  });
});

describe('whyNotRestartable', () => {
  it.each<
    [string, Parameters<typeof whyNotRestartable>[0], Parameters<typeof whyNotRestartable>[1], string | undefined]
  >([
    ['a Deployment', pod(), [workload()], undefined],
    ['a paused one', pod(), [workload({ paused: true })], 'paused'],
    ['one that is gone', pod(), [], 'does not exist'],
    ['a Job', pod({ owner: { kind: 'Job', name: 'once' } }), [workload()], 'Job'],
    ['another kind', pod({ owner: { kind: 'Rollout', name: 'web' } }), [workload()], 'cannot be restarted'],
  ])('knows about a pod of %s', (_case, given, workloads, reason) => {
    const why = whyNotRestartable(given, workloads);
    if (reason === undefined) expect(why).toBeUndefined();
    else expect(why).toContain(reason);
  });
});

describe('selects', () => {
  const labels = { app: 'web', tier: 'front' };

  it.each([
    [{}, true],
    [{ matchLabels: { app: 'web' } }, true],
    [{ matchLabels: { app: 'web', tier: 'back' } }, false],
    [{ matchLabels: { app: 'api' } }, false],
    [{ matchExpressions: [{ key: 'tier', operator: 'In', values: ['front', 'x'] }] }, true],
    [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] }, false],
    [{ matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['front'] }] }, false],
    [{ matchExpressions: [{ key: 'zone', operator: 'NotIn', values: ['a'] }] }, true],
    [{ matchExpressions: [{ key: 'app', operator: 'Exists' }] }, true],
    [{ matchExpressions: [{ key: 'zone', operator: 'Exists' }] }, false],
    [{ matchExpressions: [{ key: 'constructor', operator: 'Exists' }] }, false],
    [{ matchExpressions: [{ key: 'zone', operator: 'DoesNotExist' }] }, true],
    [{ matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] }, false],
    [{ matchLabels: { app: 'web' }, matchExpressions: [{ key: 'tier', operator: 'In', values: ['back'] }] }, false],
  ])('%j', (selector, expected) => {
    expect(selects(selector, labels)).toBe(expected);
  });
});

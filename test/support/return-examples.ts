import type { LabelTargets, Surroundings } from '../../src/mesh/adapter.ts';
import type { PodView } from '../../src/mesh/views.ts';
import type { Examples } from './examples.ts';
import {
  budget,
  captured,
  config,
  injected,
  installed,
  mesh,
  namespace,
  plainPod,
  pod,
  surroundings,
  workload,
} from './mesh-fixtures.ts';

type Labels = Readonly<Record<string, string>>;

const ambient = { 'istio.io/dataplane-mode': 'ambient' };
const both = { 'istio-injection': 'enabled', ...ambient };
const byHand = { 'istio-injection': 'disabled', ...ambient };
const toSidecar = { from: 'IstioAmbient', to: 'IstioSidecar' } as const;
const fromNone = { from: 'None', to: 'IstioAmbient' } as const;
const sidecarsFromNone = { from: 'None', to: 'IstioSidecar' } as const;

function labelled(labels: Labels, more: Partial<Surroundings> = {}): Surroundings {
  return surroundings({ namespace: namespace({ labels }), ...more });
}

/** A pod with a sidecar, or without, whose template has these labels besides. */
function like(base: PodView, labels: Labels): PodView {
  return { ...base, labels: { ...base.labels, ...labels } };
}

/** A mesh whose only injector is of this revision. */
function revision(name: string): Pick<Surroundings, 'mesh'> {
  const hook = {
    namespaceSelector: {
      matchExpressions: [
        { key: 'istio.io/rev', operator: 'In', values: [name] },
        { key: 'istio-injection', operator: 'DoesNotExist' },
      ],
    },
  };
  const others = installed.filter(({ kind }) => kind !== 'MutatingWebhookConfiguration');
  return {
    mesh: mesh([
      ...others,
      config(
        'MutatingWebhookConfiguration',
        { webhooks: [hook] },
        { namespace: '', labels: { app: 'sidecar-injector' } },
      ),
    ]),
  };
}

/** A mesh from which every injector was uninstalled. */
const noInjector = { mesh: mesh(installed.filter(({ kind }) => kind !== 'MutatingWebhookConfiguration')) };

/** At rest in ambient, with these labels to come back to; `now` is the revision that it has meanwhile. */
function rested(back: LabelTargets, more: Partial<Surroundings>, now = back['istio.io/rev']): Surroundings {
  const revisionNow = typeof now === 'string' ? { 'istio.io/rev': now } : {};
  const labels = { 'istio-injection': null, 'istio.io/rev': null, 'istio.io/dataplane-mode': null, ...back };
  return labelled(
    { ...byHand, ...revisionNow },
    { pods: [plainPod(captured)], itinerary: 'L4', back: labels, ...more },
  );
}

const inAmbient = { route: toSidecar, pods: [plainPod(captured)] } as const;
const outside = { pods: [plainPod()] } as const;
const eight = workload({ replicas: 8, maxUnavailable: 2 });
const one = workload({ maxUnavailable: 1 });

/** What the rules about the way there and back of a pod see and ignore, by their ids. */
export const returnExamples: Readonly<Record<string, Examples>> = {
  MM057: {
    seen: {
      'all of them healthy': surroundings({ workloads: [one], budgets: [budget({ desiredHealthy: 2 })] }),
      'a rollout of two, where one is spared': surroundings({
        workloads: [eight],
        budgets: [budget({ expectedPods: 8, desiredHealthy: 7, disruptionsAllowed: 1 })],
      }),
      'the tighter of two': surroundings({
        workloads: [one],
        budgets: [budget(), budget({ name: 'tight', desiredHealthy: 2 })],
      }),
      'everything at once': surroundings({
        workloads: [workload({ strategy: 'Recreate', maxUnavailable: 2 })],
        budgets: [budget()],
      }),
      'a DaemonSet that is rolled by two': surroundings({
        workloads: [workload({ kind: 'DaemonSet', replicas: 4, maxUnavailable: 2 })],
        budgets: [budget({ expectedPods: 4, desiredHealthy: 3 })],
      }),
      'pods that nobody can count': surroundings({
        workloads: [one],
        budgets: [budget({ expectedPods: 0, desiredHealthy: 0, disruptionsAllowed: 0 })],
      }),
      'eviction where none is spared': surroundings({
        workloads: [workload({ kind: 'StatefulSet', strategy: 'OnDelete' })],
        budgets: [budget({ desiredHealthy: 2 })],
      }),
      'eviction of pods that two select': surroundings({
        workloads: [workload({ kind: 'StatefulSet', strategy: 'OnDelete' })],
        budgets: [budget(), budget({ name: 'too' })],
      }),
    },
    ignored: {
      'one to spare': surroundings({ workloads: [one], budgets: [budget()] }),
      'one that is not spared now, but when all are healthy': surroundings({
        workloads: [one],
        budgets: [budget({ disruptionsAllowed: 0 })],
      }),
      'a rollout with surge': surroundings({ budgets: [budget({ desiredHealthy: 2 })] }),
      'seven, of which a rollout takes one': surroundings({
        workloads: [workload({ replicas: 7, maxUnavailable: 1 })],
        budgets: [budget({ expectedPods: 7, desiredHealthy: 6 })],
      }),
      'a budget over several workloads that spares it': surroundings({
        workloads: [eight],
        budgets: [budget({ expectedPods: 20, desiredHealthy: 18 })],
      }),
      'other pods': surroundings({
        workloads: [one],
        budgets: [budget({ desiredHealthy: 2, selector: { matchLabels: { app: 'x' } } })],
      }),
      'no selector': surroundings({ workloads: [one], budgets: [budget({ desiredHealthy: 2, selector: undefined })] }),
      'a status of an older spec': surroundings({
        workloads: [one],
        budgets: [budget({ desiredHealthy: 2, current: false })],
      }),
      'a route without restarts': labelled(
        {},
        { route: fromNone, workloads: [one], budgets: [budget({ desiredHealthy: 2 })] },
      ),
      'one pod after the other with OnDelete': surroundings({
        workloads: [workload({ kind: 'StatefulSet', strategy: 'OnDelete', replicas: 8, maxUnavailable: 8 })],
        budgets: [budget({ expectedPods: 8, desiredHealthy: 7 })],
      }),
    },
  },
  MM121: {
    seen: {
      'a value that no record has room for': surroundings({
        workloads: [workload({ templateAnnotations: { 'meshmigration.dev/restart': 'x'.repeat(254) } })],
      }),
      'the same on the way': surroundings({
        itinerary: 'L4',
        workloads: [workload({ templateAnnotations: { 'meshmigration.dev/restart': 'x'.repeat(254) } })],
      }),
    },
    ignored: {
      'one that fits': surroundings({
        workloads: [workload({ templateAnnotations: { 'meshmigration.dev/restart': 'x'.repeat(253) } })],
      }),
      'no pods to restart': surroundings({
        workloads: [workload({ replicas: 0, templateAnnotations: { 'meshmigration.dev/restart': 'x'.repeat(254) } })],
      }),
      'another annotation': surroundings({
        workloads: [workload({ templateAnnotations: { 'example.com/notes': 'x'.repeat(254) } })],
      }),
    },
  },
  MM113: {
    seen: {
      'labels of ambient, pods with sidecars': labelled(byHand),
      'no injection any more': labelled({}),
      'injection that was switched off': labelled({ 'istio-injection': 'disabled' }),
      'ambient, where one workload has moved': labelled(ambient, {
        pods: [pod(), plainPod({ ...captured, owner: { kind: 'Deployment', name: 'api' } })],
      }),
      'a workload that was moved by its template': surroundings({
        pods: [pod(), like(plainPod(captured), { 'sidecar.istio.io/inject': 'false', ...ambient })],
      }),
      'a template that was changed since, with OnDelete': surroundings({
        workloads: [
          workload({
            kind: 'StatefulSet',
            strategy: 'OnDelete',
            templateLabels: { app: 'web', 'sidecar.istio.io/inject': 'false' },
          }),
        ],
        pods: [pod({ owner: { kind: 'StatefulSet', name: 'web' } })],
      }),
      'a revision that has no injector': labelled({ 'istio.io/rev': 'old' }, revision('canary')),
      'injection, pods in ambient': labelled(both, inAmbient),
      'injection, pods outside': labelled({ 'istio-injection': 'enabled' }, { ...outside, route: sidecarsFromNone }),
      'capture, pods outside': labelled(ambient, { ...outside, route: fromNone }),
      "somebody else's controller": labelled({}, { pods: [pod({ owner: { kind: 'Rollout', name: 'web' } })] }),
    },
    ignored: {
      injection: surroundings(),
      'both labels: a sidecar wins': labelled(both),
      'a revision': labelled({ 'istio.io/rev': 'canary' }, revision('canary')),
      'the label of a pod': labelled({}, { pods: [like(pod(), { 'sidecar.istio.io/inject': 'true' })] }),
      ambient: labelled(ambient, inAmbient),
      'ambient by the label of a pod': labelled({}, { ...inAmbient, pods: [like(plainPod(captured), ambient)] }),
      'a namespace outside': labelled({}, { ...outside, route: sidecarsFromNone }),
      'a pod that nobody makes anew': labelled({}, { pods: [(({ owner: _owner, ...bare }) => bare)(pod())] }),
      'one on its way out': labelled({}, { pods: [pod({ terminating: true })] }),
      'a pod that is kept out (MM050)': surroundings({
        pods: [pod(), like(plainPod(), { 'sidecar.istio.io/inject': 'false' })],
      }),
    },
  },
  MM114: {
    seen: {
      'a workload that is in ambient already': labelled(both, {
        pods: [pod(), plainPod({ ...captured, owner: { kind: 'Deployment', name: 'api' } })],
      }),
      'a workload that has its sidecars already': labelled(ambient, {
        route: toSidecar,
        pods: [plainPod(captured), pod({ owner: { kind: 'Deployment', name: 'api' } })],
      }),
    },
    ignored: {
      sidecars: surroundings(),
      'no way back (MM113)': labelled(ambient, { pods: [plainPod(captured)] }),
      ambient: labelled(ambient, inAmbient),
    },
  },
  MM115: {
    seen: {
      'injection that stays, on the way to ambient': labelled(
        { 'istio-injection': 'enabled' },
        { ...outside, route: fromNone },
      ),
      'a revision without an injector': labelled(
        { 'istio.io/rev': 'old' },
        { ...outside, ...revision('canary'), route: sidecarsFromNone },
      ),
      'the same, scaled to zero': labelled(
        { 'istio.io/rev': 'old' },
        { ...revision('canary'), route: sidecarsFromNone, pods: [], workloads: [workload({ replicas: 0 })] },
      ),
      'a template that stays in ambient': surroundings({
        route: { from: 'IstioSidecar', to: 'None' },
        pods: [pod({ labels: { ...injected.labels, ...ambient } })],
      }),
    },
    ignored: {
      'injection that ends': surroundings(),
      'both labels': labelled(both),
      'from outside': labelled({}, { ...outside, route: fromNone }),
      'a revision': labelled(
        { 'istio.io/rev': 'canary' },
        { ...outside, ...revision('canary'), route: sidecarsFromNone },
      ),
      'a template that opts out (MM051)': surroundings({ pods: [like(pod(), { 'istio.io/dataplane-mode': 'none' })] }),
    },
  },
  MM124: {
    seen: {
      'a revision that has gone': rested({ 'istio.io/rev': 'old' }, revision('canary')),
      'the revision of now, where it has gone as well': rested({ 'istio.io/rev': 'old' }, revision('canary'), 'older'),
      'every injector': rested({ 'istio-injection': 'enabled' }, noInjector),
      'an injector for a revision that nobody asks for': rested({ 'istio-injection': 'enabled' }, revision('canary')),
      'a pod that is kept out since': rested(
        { 'istio.io/rev': 'old' },
        { ...revision('old'), pods: [like(plainPod(captured), { 'sidecar.istio.io/inject': 'false' })] },
      ),
    },
    ignored: {
      'before the start': labelled(byHand, { ...revision('canary'), pods: [plainPod(captured)] }),
      'a revision that is there': rested({ 'istio.io/rev': 'old' }, revision('old')),
      'one that was given meanwhile': rested({ 'istio.io/rev': 'old' }, revision('canary'), 'canary'),
      'one that stayed and was restarted': rested(
        { 'istio.io/rev': 'old' },
        { ...revision('canary'), itinerary: 'Hbone' },
      ),
      'before the labels change': labelled(
        { 'istio.io/rev': 'old' },
        { ...revision('old'), itinerary: 'L4', back: { 'istio.io/rev': 'old' } },
      ),
    },
  },
};

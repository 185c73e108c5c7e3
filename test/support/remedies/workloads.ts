import type { PodView } from '../../../src/mesh/views.ts';
import {
  annotateTemplates,
  eachPod,
  eachTemplate,
  eachWorkload,
  inTurn,
  labelNamespace,
  labelTemplates,
  outside,
  patchMigration,
  withSidecar,
  inAmbient,
} from './deeds.ts';
import type { Deed, RemediesById } from './remedy.ts';

const inject = 'sidecar.istio.io/inject';

const mode = 'istio.io/dataplane-mode';

const hasSidecar = ({ containers }: PodView): boolean => containers.includes('istio-proxy');

/** What has no sidecar keeps out of both data planes, and comes back so. */
const keepOut = inTurn(
  eachTemplate(({ templateLabels, templateAnnotations }) =>
    templateLabels[inject] === 'false' || templateAnnotations[inject] === 'false'
      ? { templateLabels: { ...templateLabels, [inject]: 'false', [mode]: 'none' } }
      : {},
  ),
  eachPod((pod) => [hasSidecar(pod) ? pod : { ...pod, labels: { ...pod.labels, [inject]: 'false', [mode]: 'none' } }]),
);

/** Nothing in a template is about injection any more, and its pods are new. */
const intoMesh = inTurn(
  labelTemplates({ [inject]: null }),
  annotateTemplates({ [inject]: null }),
  eachPod((pod) => [withSidecar(pod)]),
);

/** The label that counts on the way, as the message names it. */
const takeOff: Deed = (given, finding) => {
  const key = finding.message.includes(mode) ? mode : inject;
  return inTurn(labelTemplates({ [key]: null }), annotateTemplates({ [key]: null }))(given, finding);
};

const scaledToZero = inTurn(
  eachWorkload((each) => [{ ...each, replicas: 0, available: 0, updated: 0, current: 0 }]),
  (given) => ({ ...given, pods: [] }),
);

const isGateway = (annotations: PodView['annotations']): boolean =>
  annotations['inject.istio.io/templates'] === 'gateway';

const withoutGateways: Deed = (given) => {
  const gateways = new Set([
    ...given.pods.filter(({ annotations }) => isGateway(annotations)).map(({ owner }) => owner?.name),
    ...given.workloads.filter(({ templateAnnotations }) => isGateway(templateAnnotations)).map(({ name }) => name),
  ]);
  return {
    ...given,
    pods: given.pods.filter(({ owner }) => !gateways.has(owner?.name)),
    workloads: given.workloads.filter(({ name }) => !gateways.has(name)),
  };
};

/** Who opted out of ambient joins with the others: until it is asked for a sidecar it is where its namespace is. */
const movesAlong: Deed = (given, finding) =>
  inTurn(
    labelTemplates({ [mode]: null }),
    eachPod((pod) => [given.route.from === 'IstioAmbient' && !hasSidecar(pod) ? inAmbient(pod) : pod]),
  )(given, finding);

/** Whether workloads can move. */
export const workloadRemedies: RemediesById = {
  MM049: {
    ways: [
      { says: 'Take the namespace out of the selection', done: 'LeftOut' },
      {
        says: 'bring it into spec.from first',
        done: inTurn(
          labelNamespace({ 'istio-injection': 'enabled' }),
          eachPod((pod) => [withSidecar(pod)]),
        ),
      },
    ],
  },
  MM050: {
    ways: [
      {
        says: 'To keep the pods out, label their template sidecar.istio.io/inject=false and istio.io/dataplane-mode=none',
        done: keepOut,
      },
      {
        says: 'Or have them in the mesh first: take sidecar.istio.io/inject out of the template, where it stands there, and restart them',
        done: intoMesh,
      },
    ],
  },
  MM051: {
    ways: [
      {
        says: 'Remove what the message names, istio.io/dataplane-mode or sidecar.istio.io/inject, from the template of the workload',
        done: takeOff,
        then: { MM050: 'another value of sidecar.istio.io/inject than true or false says nothing for certain' },
      },
    ],
  },
  MM052: {
    ways: [{ says: 'Move the gateway to a namespace of its own that is not migrated', done: withoutGateways }],
  },
  MM054: {
    ways: [
      {
        says: 'Repair it',
        done: eachWorkload((each) => [{ ...each, available: each.replicas, observedGeneration: each.generation }]),
      },
      { says: 'scale it to zero', done: scaledToZero },
    ],
    besides: ['a restart could not be told from the fault it has already'],
  },
  MM055: {
    ways: [
      {
        says: 'Use RollingUpdate with a smaller maxUnavailable',
        done: eachWorkload((each) => [{ ...each, strategy: 'RollingUpdate', maxUnavailable: 1 }]),
      },
      {
        says: 'raise spec.restart.maxUnavailablePerWorkload',
        done: patchMigration({ restart: { maxUnavailablePerWorkload: '100%' } }),
      },
    ],
  },
  MM058: {
    ways: [
      {
        says: 'Find out what the pod is (kubectl describe pod), and delete or repair it',
        done: eachPod((pod) => [withSidecar(pod)]),
      },
      {
        says: /^Have a migration take the namespace from that data plane \(spec\.from\)/,
        done: (given) => ({ ...given, route: { from: 'IstioSidecar', to: given.route.to } }),
      },
      {
        says: /or take the pods out of it first: take what asks for it off the namespace and the templates, and restart them/,
        done: inTurn(
          labelNamespace({ 'istio-injection': null }),
          eachPod((pod) => [outside(pod)]),
        ),
      },
    ],
  },
  MM121: {
    ways: [
      {
        says: 'Remove the annotation meshmigration.dev/restart from the template',
        done: annotateTemplates({ 'meshmigration.dev/restart': null }),
      },
      { says: 'give it a shorter value', done: annotateTemplates({ 'meshmigration.dev/restart': 'now' }) },
    ],
    besides: ['nobody but the operator reads it'],
  },
  MM131: {
    ways: [
      {
        says: 'Label the pods (in their template) sidecar.istio.io/inject=false too to keep them out',
        done: (given, finding) => {
          const label = { [inject]: 'false' };
          return inTurn(
            eachTemplate(({ templateLabels }) =>
              templateLabels[mode] === 'none' ? { templateLabels: { ...templateLabels, ...label } } : {},
            ),
            eachPod((pod) => [pod.labels[mode] === 'none' ? { ...pod, labels: { ...pod.labels, ...label } } : pod]),
          )(given, finding);
        },
      },
      {
        says: 'remove istio.io/dataplane-mode=none to have them move with the others',
        done: movesAlong,
        then: {
          MM051: 'another value of sidecar.istio.io/inject than true or false says nothing for certain',
          MM113:
            'the labels of the namespace ask for another thing than its pods are, which only that label has hidden',
        },
      },
    ],
  },
};

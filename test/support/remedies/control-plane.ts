import type { ConfigView, PodView } from '../../../src/mesh/views.ts';
import { config, installed, mesh as meshOf, nodeComponents, pod, root, surroundings } from '../mesh-fixtures.ts';
import { configureMesh, deleteAll, eachConfig, inMesh, labelNamespace, make } from './deeds.ts';
import type { Deed, RemediesById } from './remedy.ts';

const [gatewayClass, injector] = installed;

/** What some charts install; the others of the mesh stay as they are. */
function install(...configs: readonly (ConfigView | undefined)[]): Deed {
  return make(...configs.filter((each) => each !== undefined));
}

function meshConfig(text: string, name = 'istio'): ConfigView {
  return config('ConfigMap', { mesh: text }, { name, uid: name, namespace: root });
}

/** As `helm upgrade --install` leaves it, beside what strangers have of that name. */
function installAgent(name: string): Deed {
  return inMesh((mesh) => {
    const others = mesh.daemonSets().filter((each) => each.name !== name || each.namespace !== root);
    const sets = [...others, ...nodeComponents.filter((each) => each.name === name)];
    return { daemonSets: () => sets };
  });
}

/** The rollout of a DaemonSet has got to its end. */
function rolledOut(name: string): Deed {
  return inMesh((mesh) => {
    const sets = mesh
      .daemonSets()
      .map((each) =>
        each.name === name
          ? { ...each, available: each.replicas, updated: each.replicas, observedGeneration: each.generation }
          : each,
      );
    return { daemonSets: () => sets };
  });
}

const noNode = { 'no node': 'a DaemonSet that is for no node is rolled out' };
const notThere = { 'one that is not where it should be, and not ready': 'nobody waits for what is not that of Istio' };

/** The control plane and its configuration. */
export const controlPlaneRemedies: RemediesById = {
  MM009: {
    ways: [
      {
        says: 'change the object that it stumbles over, which the stack leads to',
        done: (given) => ({ ...given, mesh: meshOf(), pods: [pod()] }),
      },
      { says: 'take the namespace out of scope', done: 'LeftOut', of: ['a pod of a shape that nobody expected'] },
    ],
    more: {
      'a pod of a shape that nobody expected': surroundings({
        pods: [pod({ labels: null as unknown as PodView['labels'] })],
      }),
    },
    besides: ['This is a fault of the operator: its log has the stack. Report it; until it is mended'],
  },
  MM010: {
    ways: [
      {
        says: 'Upgrade the istiod chart with --set profile=ambient (PILOT_ENABLE_AMBIENT=true) and wait until GatewayClass istio-waypoint is Accepted',
        done: install(gatewayClass),
      },
    ],
  },
  MM011: {
    ways: [
      {
        says: 'Install the Gateway API CRDs (standard channel)',
        done: inMesh(() => ({ serves: () => true })),
        then: { MM010: 'istiod makes its GatewayClass once it is upgraded to ambient, which comes after the CRDs' },
      },
    ],
    besides: ['before istiod is upgraded to ambient'],
  },
  MM012: {
    ways: [
      { says: 'Install the istio-cni chart with profile=ambient', done: installAgent('istio-cni-node') },
      {
        says: 'wait until its rollout is done',
        done: rolledOut('istio-cni-node'),
        notFor: { 'no DaemonSet': 'there is none' },
      },
    ],
  },
  MM013: {
    ways: [
      { says: 'Install the ztunnel chart', done: installAgent('ztunnel') },
      {
        says: 'wait until its rollout is done',
        done: rolledOut('ztunnel'),
        notFor: { 'no DaemonSet': 'there is none', ...noNode, ...notThere },
      },
    ],
  },
  MM014: { ways: [{ says: 'Install istiod with its injection webhook', done: install(injector) }] },
  MM016: {
    ways: [
      {
        says: /^Restore it as istiod started with it/,
        done: (given, finding) =>
          install(meshConfig('trustDomain: cluster.local', finding.object.split('/')[1]))(given, finding),
      },
      { says: /^Repair the YAML below data\.mesh/, done: configureMesh(() => 'trustDomain: cluster.local') },
      { says: /^Give all revisions the same value/, done: configureMesh(() => 'trustDomain: b') },
      {
        says: 'or remove the revision that is not used any more, with its ConfigMap',
        done: eachConfig((each) => (['istio-canary', 'shared'].includes(each.name) ? [] : [each])),
      },
      {
        says: /^Set trustDomain back to cluster\.local in the mesh configuration/,
        done: configureMesh((text) => text.replace('corp.example', 'cluster.local')),
      },
    ],
    besides: ['Repair the ConfigMap that the message is about'],
  },
  MM017: {
    ways: [
      {
        says: 'Give the namespace a label that discoverySelectors of the mesh configuration select, and wait until istiod has read it',
        done: labelNamespace({ team_a: 'yes', x: 'z' }),
      },
      {
        says: /^Delete from namespace istio-system what is not meant to be in force/,
        done: deleteAll('AuthorizationPolicy', 'PeerAuthentication', 'Sidecar'),
      },
      {
        says: 'or give it a label that discoverySelectors select',
        done: inMesh((mesh) => ({
          labelsOf: (name) => (name === root ? { 'istio-injection': 'enabled' } : mesh.labelsOf?.(name)),
        })),
      },
    ],
  },
};

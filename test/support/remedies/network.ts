import { record, records } from '../../../src/mesh/json.ts';
import { placementOf } from '../../../src/mesh/placement.ts';
import type { ConfigView, ServiceView } from '../../../src/mesh/views.ts';
import { config } from '../mesh-fixtures.ts';
import { agents } from '../node-examples.ts';
import {
  annotateTemplates,
  configureMesh,
  deleteAll,
  eachConfig,
  eachPod,
  eachService,
  eachTemplate,
  inMesh,
  inTurn,
  labelTemplates,
  make,
  patchMigration,
} from './deeds.ts';
import type { Deed, RemediesById } from './remedy.ts';

type Spec = Readonly<Record<string, unknown>>;

const onlyPoolA = {
  nodeSelector: { pool: 'a' },
};

const movedFromThere = eachPod((each) => [{ ...each, node: 'a-1' }]);

const entering = ['Ingress', 'Route', 'IngressRoute', 'HTTPProxy'];

/** Clients come by a gateway of Istio: nothing of others leads to the Service any more. */
const byIstioGateway = inTurn(
  deleteAll(...entering),
  eachConfig((each) => [
    each.kind === 'Gateway' ? { ...each, spec: { ...each.spec, gatewayClassName: 'istio' } } : each,
  ]),
  eachService(({ opensBy: _opensBy, ...each }): readonly ServiceView[] => [each]),
);

/** The port stays direct, and what policies ask for there are ports and identities. */
const direct = inTurn(
  eachConfig((each) => [each.kind === 'AuthorizationPolicy' ? { ...each, spec: onOtherPort(each.spec) } : each]),
  patchMigration({ policies: { direct: [{ namespace: 'shop', ports: [8080], principals: [] }] } }),
);

function onOtherPort(spec: Spec): Spec {
  return {
    ...spec,
    rules: records(spec['rules']).map((rule) => ({
      ...rule,
      to: records(rule['to']).map(({ operation }) => ({ operation: { ...record(operation), ports: ['9090'] } })),
    })),
  };
}

const admitted = make(
  config(
    'PeerAuthentication',
    { selector: { matchLabels: { app: 'web' } }, portLevelMtls: { 8080: { mode: 'PERMISSIVE' } } },
    { name: 'ports', uid: 'ports' },
  ),
);

const accepting = patchMigration({ policies: { refusals: 'Accept' } });

function clusterLocal(host: string): Deed {
  return configureMesh(() => `serviceSettings: [{settings: {clusterLocal: true}, hosts: ["${host}"]}]`);
}

const ofIstiod = inTurn(
  labelTemplates({ 'spiffe.io/spire-managed-identity': null }),
  annotateTemplates({ 'inject.istio.io/templates': null }),
);

const reroute = 'istio.io/reroute-virtual-interfaces';

const interfaces = 'traffic.sidecar.istio.io/kubevirtInterfaces';

/** The same as sidecars read. */
const rerouted: Deed = (given) => ({
  ...given,
  workloads: given.workloads.map((each) => ({ ...each, templateAnnotations: both(each.templateAnnotations) })),
  otherTemplates: given.otherTemplates.map((each) => ({
    ...each,
    templateAnnotations: both(each.templateAnnotations),
  })),
  pods: given.pods.map((each) => ({ ...each, annotations: both(each.annotations) })),
});

function both(annotations: ConfigView['annotations']): ConfigView['annotations'] {
  const named = annotations[interfaces];
  return named === undefined ? annotations : { ...annotations, [reroute]: named };
}

/** What networks, nodes and who comes from outside have to do with it. */
export const networkRemedies: RemediesById = {
  MM125: {
    ways: [
      {
        says: 'Have the DaemonSets run there too (tolerations, nodeSelector and affinity in the values of their charts)',
        done: inMesh(() => ({ daemonSets: () => agents() })),
      },
      {
        says: 'keep the pods from these nodes, by nodeAffinity in their template',
        done: inTurn(
          eachTemplate(() => placementOf(onlyPoolA)),
          movedFromThere,
        ),
      },
      {
        says: 'a taint of the nodes that they do not tolerate, and move those that run there',
        done: inTurn(
          eachConfig((each) => [
            each.kind === 'Node' && each.name !== 'a-1'
              ? { ...each, spec: { taints: [{ key: 'mesh', value: 'none', effect: 'NoSchedule' }] } }
              : each,
          ]),
          movedFromThere,
        ),
      },
    ],
  },
  MM128: {
    ways: [
      { says: 'Put a gateway of Istio before the Service, and let clients call that instead', done: byIstioGateway },
      {
        says: /[Nn]ame the ports in spec\.policies\.direct, where policies by port and identity are enough for them/,
        done: direct,
        where: /at RestartWorkloads/,
      },
      { says: 'under STRICT, PERMISSIVE for these ports', done: admitted, where: /STRICT mutual TLS comes into force/ },
      { says: /[Oo]r set spec\.policies\.refusals to Accept/, done: accepting },
    ],
    besides: [
      'name the ports in spec.policies.direct, where policies by port and identity are enough for them',
      'set spec.policies.refusals to Accept, to refuse them',
    ],
  },
  MM135: {
    ways: [
      {
        says: 'Name the same interfaces in istio.io/reroute-virtual-interfaces in the template: sidecars and ambient both read that',
        done: rerouted,
      },
    ],
  },
  MM137: {
    ways: [
      {
        says: 'Leave namespaces out that are called from other networks, or call there',
        done: 'LeftOut',
        others: clusterLocal('*.beside.svc.cluster.local'),
      },
      {
        says: 'Where nobody does, say in serviceSettings of the mesh configuration that Services are local to their cluster (clusterLocal: true, hosts: ["*.svc.cluster.local"])',
        done: clusterLocal('*.svc.cluster.local'),
      },
    ],
  },
  MM141: {
    ways: [
      { says: 'Keep the workload on sidecars in a namespace that stays', done: 'LeftOut' },
      {
        says: 'let istiod give its identity first: take the label spiffe.io/spire-managed-identity and the template of the injector out, and see that it works',
        done: ofIstiod,
      },
    ],
  },
};

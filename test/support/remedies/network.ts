import { parse } from 'yaml';
import { record, records, list } from '../../../src/mesh/json.ts';
import { placementOf } from '../../../src/mesh/placement.ts';
import type { ConfigView, ServiceView } from '../../../src/mesh/views.ts';
import { config } from '../mesh-fixtures.ts';
import { agents } from '../node-examples.ts';
import {
  acceptIt,
  annotateTemplates,
  changeIt,
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
type Direction = 'ingress' | 'egress';

/** What is said of one rule of a NetworkPolicy is done to it. */
function atRule(spec: Spec, direction: Direction, place: number, change: (rule: Spec) => Spec): Spec {
  return { ...spec, [direction]: records(spec[direction]).map((rule, at) => (at === place ? change(rule) : rule)) };
}

/** Items of YAML, as a fix has them in quotes: `"- {port: 1}" "- {port: 2}"`. */
function itemsIn(text: string): readonly unknown[] {
  return [...text.matchAll(/"(- [^"]+)"/g)].flatMap(([, item = '']) => list(parse(item)));
}

/** The ports that the fix says, in the rules that it says. */
const addPorts: Deed = (given, finding) => {
  const said = [...finding.fix.matchAll(/Add to the ports of spec\.(ingress|egress)\[(\d+)\]: ((?:"[^"]+" ?)+)/g)];
  return changeIt((each) => ({
    ...each,
    spec: said.reduce<Spec>(
      (spec, [, direction = '', place = '', text = '']) =>
        atRule(spec, direction as Direction, Number(place), (rule) => ({
          ...rule,
          ports: [...list(rule['ports']), ...itemsIn(text)],
        })),
      each.spec,
    ),
  }))(given, finding);
};

/** The rules that it says. */
const addRules: Deed = (given, finding) => {
  const said = [...finding.fix.matchAll(/Add to spec\.(ingress|egress): ("[^"]+")/g)];
  return changeIt((each) => ({
    ...each,
    spec: said.reduce<Spec>(
      (spec, [, direction = '', text = '']) => ({ ...spec, [direction]: [...list(spec[direction]), ...itemsIn(text)] }),
      each.spec,
    ),
  }))(given, finding);
};

/** The policy that it says, whole. */
const addPolicy: Deed = (given, finding) => {
  const [, namespace = '', text = ''] = /Add a NetworkPolicy in ([\w-]+): "([^"]+)"/.exec(finding.fix) ?? [];
  const spec = record(record(parse(text))['spec']);
  return make(config('NetworkPolicy', spec, { namespace, name: 'added', uid: 'added' }))(given, finding);
};

const byName: Deed = (given, finding) => {
  const [, direction = '', place = ''] =
    /Let spec\.(ingress|egress)\[(\d+)\] select the namespace/.exec(finding.fix) ?? [];
  const peer = {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': given.namespace.name } },
  };
  return changeIt((each) => ({
    ...each,
    spec: atRule(each.spec, direction as Direction, Number(place), (rule) => ({
      ...rule,
      [direction === 'ingress' ? 'from' : 'to']: [peer],
    })),
  }))(given, finding);
};

/** Nobody calls the namespace that the fix names, but one who is not here. */
const nobodyCalls: Deed = (given, finding) => {
  const [, namespace = ''] = /say in spec\.callers who calls ([\w-]+)/.exec(finding.fix) ?? [];
  const others = given.spec.callers.filter((each) => each.namespace !== namespace);
  return patchMigration({ callers: [...others, { namespace, from: [{ namespace: 'elsewhere' }] }] })(given, finding);
};

const filters = [
  'CiliumNetworkPolicy',
  'CiliumClusterwideNetworkPolicy',
  'NetworkPolicy.crd.projectcalico.org',
  'GlobalNetworkPolicy.projectcalico.org',
  'AdminNetworkPolicy',
  'ClusterNetworkPolicy',
];

const plainPolicy = config(
  'NetworkPolicy',
  { podSelector: {}, ingress: [{ ports: [{ port: 8080 }, { port: 15008 }] }] },
  { name: 'plain', uid: 'plain' },
);

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
  MM139: {
    ways: [
      { says: /^Add to the ports of spec\./, done: addPorts },
      { says: /^Add to spec\.(?:ingress|egress): /, done: addRules },
      { says: /^Add a NetworkPolicy in /, done: addPolicy },
      { says: /^Let spec\.\w+\[\d+\] select the namespace by kubernetes\.io\/metadata\.name/, done: byName },
      {
        says: /Or, (?:if nobody makes these calls|whether these calls are made or not), say in spec\.callers who calls/,
        done: nobodyCalls,
      },
      {
        says: /^Write it as the API of networking\.k8s\.io\/v1 has it/,
        done: changeIt((each) => ({ ...each, spec: plainPolicy.spec })),
      },
      { says: /To accept it as it is, add to spec\.accept: \{finding: MM\d+, object: /, done: acceptIt },
    ],
    besides: ['Let the NetworkPolicy open TCP 15008 wherever it opens a port of the application'],
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
  MM155: {
    ways: [
      {
        says: 'See to it that these policies open TCP 15008 between all who call each other, from waypoints and to istiod on 15012, and probes from 169.254.7.127/32. Then answer for it: spec.acknowledge with id MM155',
        done: 'Acknowledged',
      },
      {
        says: 'write them as NetworkPolicies of Kubernetes (networking.k8s.io), which are worked out (MM139)',
        done: inTurn(deleteAll(...filters), make(plainPolicy)),
      },
    ],
  },
};

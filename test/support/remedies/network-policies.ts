import { parse } from 'yaml';
import { record, records, list } from '../../../src/mesh/json.ts';
import { config } from '../mesh-fixtures.ts';
import { changeIt, deleteAll, inTurn, make, patchMigration } from './deeds.ts';
import type { Deed, RemediesById } from './remedy.ts';
import { accepting } from './ways.ts';

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

/** What packet filters let through. */
export const networkPolicyRemedies: RemediesById = {
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
      accepting,
    ],
    besides: ['Let the NetworkPolicy open TCP 15008 wherever it opens a port of the application'],
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

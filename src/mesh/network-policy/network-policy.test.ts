import { describe, expect, it } from '@jest/globals';
import { fc } from '../../../test/support/properties.ts';
import { config } from '../../../test/support/mesh-fixtures.ts';
import { admits, type Connection } from './admits.ts';
import { readPolicy } from './read.ts';
import type { Direction, Peer } from './types.ts';

type Spec = Readonly<Record<string, unknown>>;

function peer(namespace: string, app: string, more: Partial<Peer> = {}): Peer {
  return {
    namespace,
    namespaceLabels: { 'kubernetes.io/metadata.name': namespace },
    labels: { app },
    ports: [],
    ...more,
  };
}

const web = peer('shop', 'web', {
  ports: [
    { name: 'http', port: 8080 },
    { name: 'dns', port: 53, protocol: 'UDP' },
  ],
  labels: { app: 'web', tier: 'front' },
  address: '10.1.2.3',
});
const ui = peer('dash', 'ui', { address: '10.9.9.9' });
const cart = peer('shop', 'cart');
const six = peer('dash', 'six', { address: 'fd00::17' });

const everything: Spec = { podSelector: {} };

function call(more: Partial<Connection> = {}): Connection {
  return { from: ui, to: web, port: 8080, ...more };
}

function verdict(specs: readonly Spec[], connection: Connection = call(), direction: Direction = 'Ingress'): string {
  const policies = specs.map((spec, index) => readPolicy(config('NetworkPolicy', spec, { name: `p${index}` })));
  const found = admits(policies, connection, direction);
  return found.kind === 'Admitted'
    ? `Admitted ${found.by.map(({ policy, index }) => `${policy.name}[${index}]`).join(' ')}`
    : found.kind;
}

function from(...peers: readonly unknown[]): Spec {
  return { ...everything, ingress: [{ from: peers }] };
}

function ports(...all: readonly unknown[]): Spec {
  return { ...everything, ingress: [{ ports: all }] };
}

function selecting(...matchExpressions: readonly Spec[]): Spec {
  return { podSelector: { matchExpressions } };
}

const app = (name: string): Spec => ({ matchLabels: { app: name } });
const named = (name: string): Spec => ({ matchLabels: { 'kubernetes.io/metadata.name': name } });

interface Row {
  readonly specs: readonly Spec[];
  readonly connection?: Connection;
  readonly direction?: Direction;
  readonly said: string;
}

const rows: Readonly<Record<string, Row>> = {
  'no policy isolates nobody': { specs: [], said: 'NotIsolated' },
  'an empty podSelector selects every pod of the namespace': { specs: [everything], said: 'Refused' },
  'an absent podSelector too': { specs: [{}], said: 'Refused' },
  'no pod of another namespace': { specs: [everything], connection: call({ to: ui, from: web }), said: 'NotIsolated' },
  matchLabels: { specs: [{ podSelector: app('web') }], said: 'Refused' },
  'matchLabels of another pod': { specs: [{ podSelector: app('cart') }], said: 'NotIsolated' },
  'all matchLabels': { specs: [{ podSelector: { matchLabels: { app: 'web', tier: 'back' } } }], said: 'NotIsolated' },
  In: { specs: [selecting({ key: 'app', operator: 'In', values: ['a', 'web'] })], said: 'Refused' },
  'In without the label': { specs: [selecting({ key: 'x', operator: 'In', values: ['a'] })], said: 'NotIsolated' },
  NotIn: { specs: [selecting({ key: 'app', operator: 'NotIn', values: ['web'] })], said: 'NotIsolated' },
  'NotIn without the label': { specs: [selecting({ key: 'x', operator: 'NotIn', values: ['a'] })], said: 'Refused' },
  Exists: { specs: [selecting({ key: 'tier', operator: 'Exists' })], said: 'Refused' },
  DoesNotExist: { specs: [selecting({ key: 'tier', operator: 'DoesNotExist' })], said: 'NotIsolated' },
  'expressions and labels are all asked for': {
    specs: [{ podSelector: { ...app('web'), matchExpressions: [{ key: 'x', operator: 'Exists' }] } }],
    said: 'NotIsolated',
  },
  'policyTypes that do not say Ingress': { specs: [{ ...everything, policyTypes: ['Egress'] }], said: 'NotIsolated' },
  'rules of a direction that policyTypes do not say': {
    specs: [{ ...everything, policyTypes: ['Egress'], ingress: [] }],
    said: 'NotIsolated',
  },
  'no policyTypes and no rules for egress': { specs: [everything], direction: 'Egress', said: 'NotIsolated' },
  'no policyTypes and an empty list for egress': {
    specs: [{ ...everything, egress: [] }],
    connection: call({ from: web, to: ui }),
    direction: 'Egress',
    said: 'NotIsolated',
  },
  'no policyTypes and rules for egress': {
    specs: [{ ...everything, egress: [{ ports: [{ port: 1 }] }] }],
    connection: call({ from: web, to: ui }),
    direction: 'Egress',
    said: 'Refused',
  },
  'the same is for ingress too': { specs: [{ ...everything, egress: [{}] }], said: 'Refused' },
  'an empty list of policyTypes counts as none': { specs: [{ ...everything, policyTypes: [] }], said: 'Refused' },
  'default deny of egress': {
    specs: [{ ...everything, policyTypes: ['Egress'] }],
    connection: call({ from: web, to: ui }),
    direction: 'Egress',
    said: 'Refused',
  },
  'an empty rule lets everybody through': { specs: [{ ...everything, ingress: [{}] }], said: 'Admitted p0[0]' },
  'an empty list of rules nobody': { specs: [{ ...everything, ingress: [] }], said: 'Refused' },
  'empty lists in a rule everybody': {
    specs: [{ ...everything, ingress: [{ from: [], ports: [] }] }],
    said: 'Admitted p0[0]',
  },
  'null in a rule everybody': {
    specs: [{ ...everything, ingress: [{ from: null, ports: null }] }],
    said: 'Admitted p0[0]',
  },
  'what one policy lets through is let through': {
    specs: [everything, { ...everything, ingress: [{ ports: [{ port: 1 }] }, {}] }],
    said: 'Admitted p1[1]',
  },
  'podSelector means the namespace of the policy': { specs: [from({ podSelector: app('ui') })], said: 'Refused' },
  'podSelector there': {
    specs: [from({ podSelector: app('cart') })],
    connection: call({ from: cart }),
    said: 'Admitted p0[0]',
  },
  'an empty podSelector there': {
    specs: [from({ podSelector: {} })],
    connection: call({ from: cart }),
    said: 'Admitted p0[0]',
  },
  'an empty podSelector is not everybody': { specs: [from({ podSelector: {} })], said: 'Refused' },
  namespaceSelector: { specs: [from({ namespaceSelector: named('dash') })], said: 'Admitted p0[0]' },
  'namespaceSelector of another': { specs: [from({ namespaceSelector: named('shop') })], said: 'Refused' },
  'an empty namespaceSelector': { specs: [from({ namespaceSelector: {} })], said: 'Admitted p0[0]' },
  'both together': {
    specs: [from({ namespaceSelector: named('dash'), podSelector: app('ui') })],
    said: 'Admitted p0[0]',
  },
  'both together are both asked for': {
    specs: [from({ namespaceSelector: named('dash'), podSelector: app('x') })],
    said: 'Refused',
  },
  'both apart are one of them': {
    specs: [from({ namespaceSelector: named('dash') }, { podSelector: app('x') })],
    said: 'Admitted p0[0]',
  },
  ipBlock: { specs: [from({ ipBlock: { cidr: '10.9.0.0/16' } })], said: 'Admitted p0[0]' },
  'ipBlock elsewhere': { specs: [from({ ipBlock: { cidr: '10.8.0.0/16' } })], said: 'Refused' },
  'ipBlock with what is except': {
    specs: [from({ ipBlock: { cidr: '10.0.0.0/8', except: ['10.9.9.0/24'] } })],
    said: 'Refused',
  },
  'ipBlock with something else except': {
    specs: [from({ ipBlock: { cidr: '10.0.0.0/8', except: ['10.9.8.0/24'] } })],
    said: 'Admitted p0[0]',
  },
  'ipBlock of IPv6': {
    specs: [from({ ipBlock: { cidr: 'fd00::/8' } })],
    connection: call({ from: six }),
    said: 'Admitted p0[0]',
  },
  'ipBlock of IPv6 with what is except': {
    specs: [from({ ipBlock: { cidr: 'fd00::/8', except: ['fd00::/64'] } })],
    connection: call({ from: six }),
    said: 'Refused',
  },
  'ipBlock of the other family': {
    specs: [from({ ipBlock: { cidr: '0.0.0.0/0' } })],
    connection: call({ from: six }),
    said: 'Refused',
  },
  'ipBlock where no address is known': {
    specs: [from({ ipBlock: { cidr: '0.0.0.0/0' } })],
    connection: call({ from: cart }),
    said: 'Refused',
  },
  'a port': { specs: [ports({ port: 8080 })], said: 'Admitted p0[0]' },
  'another port': { specs: [ports({ port: 8081 })], said: 'Refused' },
  'one of the ports': { specs: [ports({ port: 8081 }, { port: 8080 })], said: 'Admitted p0[0]' },
  'a port of another protocol': { specs: [ports({ port: 8080, protocol: 'UDP' })], said: 'Refused' },
  'a connection of another protocol': {
    specs: [ports({ port: 8080 })],
    connection: call({ protocol: 'UDP' }),
    said: 'Refused',
  },
  SCTP: {
    specs: [ports({ port: 8080, protocol: 'SCTP' })],
    connection: call({ protocol: 'SCTP' }),
    said: 'Admitted p0[0]',
  },
  'a protocol without a port': { specs: [ports({ protocol: 'TCP' })], said: 'Admitted p0[0]' },
  'another protocol without a port': { specs: [ports({ protocol: 'UDP' })], said: 'Refused' },
  'an empty port is every port of TCP': { specs: [ports({})], said: 'Admitted p0[0]' },
  'and none of UDP': { specs: [ports({})], connection: call({ protocol: 'UDP' }), said: 'Refused' },
  'a port by its name': { specs: [ports({ port: 'http' })], said: 'Admitted p0[0]' },
  'a port by a name that the pod has not': { specs: [ports({ port: 'grpc' })], said: 'Refused' },
  'a name of the other protocol': { specs: [ports({ port: 'dns' })], connection: call({ port: 53 }), said: 'Refused' },
  'a name with its protocol': {
    specs: [ports({ port: 'dns', protocol: 'UDP' })],
    connection: call({ port: 53, protocol: 'UDP' }),
    said: 'Admitted p0[0]',
  },
  'a range': { specs: [ports({ port: 8000, endPort: 8080 })], said: 'Admitted p0[0]' },
  'beyond a range': { specs: [ports({ port: 8000, endPort: 8079 })], said: 'Refused' },
  'before a range': { specs: [ports({ port: 8081, endPort: 9000 })], said: 'Refused' },
  'peers and ports of a rule are both asked for': {
    specs: [{ ...everything, ingress: [{ from: [{ namespaceSelector: {} }], ports: [{ port: 1 }] }] }],
    said: 'Refused',
  },
  'peers and ports of two rules do not add up': {
    specs: [
      {
        ...everything,
        ingress: [
          { from: [{ namespaceSelector: named('dash') }], ports: [{ port: 1 }] },
          { from: [{ podSelector: {} }], ports: [{ port: 8080 }] },
        ],
      },
    ],
    said: 'Refused',
  },
  'egress by whom it goes to': {
    specs: [{ ...everything, egress: [{ to: [{ namespaceSelector: named('dash') }] }] }],
    connection: call({ from: web, to: ui }),
    direction: 'Egress',
    said: 'Admitted p0[0]',
  },
  'egress to a port by its name at the other end': {
    specs: [{ ...everything, egress: [{ ports: [{ port: 'http' }] }] }],
    connection: call({ from: cart }),
    direction: 'Egress',
    said: 'Admitted p0[0]',
  },
  'egress to a port by a name of its own': {
    specs: [{ ...everything, egress: [{ ports: [{ port: 'http' }] }] }],
    connection: call({ from: web, to: ui }),
    direction: 'Egress',
    said: 'Refused',
  },
  'one that cannot be read may isolate': { specs: [{ podSelector: 5 }], said: 'Unknown' },
  'beside one that lets it through it does not matter': {
    specs: [{ podSelector: 5 }, { ...everything, ingress: [{}] }],
    said: 'Admitted p1[0]',
  },
  'beside one that refuses it may let it through': { specs: [{ podSelector: 5 }, everything], said: 'Unknown' },
};

describe('NetworkPolicies', () => {
  it.each(Object.entries(rows))('%s', (_, { specs, connection, direction, said }) => {
    expect(verdict(specs, connection, direction)).toBe(said);
  });

  it.each<readonly [string, unknown]>([
    ['spec.podSelector', { podSelector: [] }],
    ['spec.podSelector.matchLabels', { podSelector: { matchLabels: 'a' } }],
    ['spec.podSelector.matchLabels.app', { podSelector: { matchLabels: { app: 5 } } }],
    ['spec.podSelector.matchExpressions', { podSelector: { matchExpressions: {} } }],
    ['spec.podSelector.matchExpressions[0].operator', selecting({ key: 'a', operator: 'Like', values: ['b'] })],
    ['spec.podSelector.matchExpressions[0].operator', selecting({ key: 'a' })],
    ['spec.podSelector.matchExpressions[0].operator', selecting({ key: 'a', operator: 'toString' })],
    ['spec.podSelector.matchExpressions[0].values', selecting({ key: 'a', operator: 'In' })],
    ['spec.podSelector.matchExpressions[0].values', selecting({ key: 'a', operator: 'Exists', values: ['b'] })],
    ['spec.podSelector.matchExpressions[0].key', selecting({ operator: 'Exists' })],
    ['spec.podSelector.more', { podSelector: { more: 1 } }],
    ['spec.policyTypes', { policyTypes: 'Ingress' }],
    ['spec.policyTypes[0]', { policyTypes: ['Both'] }],
    ['spec.ingress', { ingress: {} }],
    ['spec.ingress[0]', { ingress: [null] }],
    ['spec.ingress[0].to', { ingress: [{ to: [] }] }],
    ['spec.ingress[0].from[0]', from({})],
    ['spec.ingress[0].from[0]', from(null)],
    ['spec.ingress[0].from[0]', from({ ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} })],
    ['spec.ingress[0].from[0].nodes', from({ nodes: {} })],
    ['spec.ingress[0].from[0].ipBlock.cidr', from({ ipBlock: { cidr: '10.0.0.1' } })],
    ['spec.ingress[0].from[0].ipBlock.except[0]', from({ ipBlock: { cidr: '10.0.0.0/8', except: ['x/8'] } })],
    ['spec.ingress[0].ports[0].port', ports({ port: 0 })],
    ['spec.ingress[0].ports[0].port', ports({ port: true })],
    ['spec.ingress[0].ports[0].protocol', ports({ port: 1, protocol: 'ICMP' })],
    ['spec.ingress[0].ports[0].endPort', ports({ port: 'http', endPort: 9 })],
    ['spec.ingress[0].ports[0].endPort', ports({ port: 9, endPort: 8 })],
    ['spec.ingress[0].ports[0].endPort', ports({ endPort: 8 })],
    ['spec.rules', { rules: [] }],
  ])('names the field that cannot be read: %s', (field, spec) => {
    expect(readPolicy(config('NetworkPolicy', spec as Spec))).toEqual({
      kind: 'Unreadable',
      namespace: 'shop',
      name: 'it',
      field,
    });
  });

  it('reads whatever it is given', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('podSelector', 'policyTypes', 'ingress', 'egress'), fc.json()),
        (texts) => {
          const spec = Object.fromEntries(
            Object.entries(texts).map(([key, text]) => [key, JSON.parse(text) as unknown] as const),
          );

          expect(['NetworkPolicy', 'Unreadable']).toContain(readPolicy(config('NetworkPolicy', spec)).kind);
        },
      ),
    );
  });
});

/* The same once more, from the words of the documentation and as plainly as possible. */

interface Expression {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly Expression[];
}

interface RawPeer {
  readonly podSelector?: Selector;
  readonly namespaceSelector?: Selector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

interface RawPort {
  readonly port?: number | string;
  readonly endPort?: number;
  readonly protocol?: string;
}

interface RawRule {
  readonly from?: readonly RawPeer[];
  readonly to?: readonly RawPeer[];
  readonly ports?: readonly RawPort[];
}

interface RawSpec {
  readonly podSelector: Selector;
  readonly policyTypes?: readonly Direction[];
  readonly ingress?: readonly RawRule[];
  readonly egress?: readonly RawRule[];
}

function naiveSelects({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Peer['labels']): boolean {
  for (const [key, value] of Object.entries(matchLabels)) if (labels[key] !== value) return false;
  for (const { key, operator, values = [] } of matchExpressions) {
    const has = key in labels;
    const isOne = has && values.includes(labels[key] ?? '');
    if (operator === 'In' && !isOne) return false;
    if (operator === 'NotIn' && isOne) return false;
    if (operator === 'Exists' && !has) return false;
    if (operator === 'DoesNotExist' && has) return false;
  }
  return true;
}

/** Of IPv4 only, which is enough to compare with. */
function bits(address: string): string {
  return address
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('');
}

function naiveIn(cidr: string, address: string): boolean {
  const [base = '', length = '32'] = cidr.split('/');
  return bits(address).startsWith(bits(base).slice(0, Number(length)));
}

function naivePeer({ podSelector, namespaceSelector, ipBlock }: RawPeer, pod: Peer, home: string): boolean {
  if (ipBlock !== undefined) {
    if (pod.address === undefined || !naiveIn(ipBlock.cidr, pod.address)) return false;
    return (ipBlock.except ?? []).every((each) => !naiveIn(each, pod.address ?? ''));
  }
  if (namespaceSelector === undefined) return pod.namespace === home && naiveSelects(podSelector ?? {}, pod.labels);
  return naiveSelects(namespaceSelector, pod.namespaceLabels) && naiveSelects(podSelector ?? {}, pod.labels);
}

function naivePort(
  { port, endPort, protocol = 'TCP' }: RawPort,
  { to, port: asked, protocol: ours = 'TCP' }: Connection,
): boolean {
  if (protocol !== ours) return false;
  if (port === undefined) return true;
  if (typeof port === 'string')
    return to.ports.some((each) => each.name === port && each.port === asked && (each.protocol ?? 'TCP') === ours);
  return endPort === undefined ? port === asked : port <= asked && asked <= endPort;
}

function naive(specs: readonly RawSpec[], connection: Connection, direction: Direction, home: string): boolean {
  const [here, there] = direction === 'Ingress' ? [connection.to, connection.from] : [connection.from, connection.to];
  const concerning = specs.filter(({ podSelector, policyTypes, egress }) => {
    const types = policyTypes ?? (egress !== undefined && egress.length > 0 ? ['Ingress', 'Egress'] : ['Ingress']);
    return here.namespace === home && types.includes(direction) && naiveSelects(podSelector, here.labels);
  });
  if (concerning.length === 0) return true;
  for (const { ingress, egress } of concerning) {
    for (const rule of (direction === 'Ingress' ? ingress : egress) ?? []) {
      const { ports: open = [] } = rule;
      const peers = (direction === 'Ingress' ? rule.from : rule.to) ?? [];
      const byPort = open.length === 0 || open.some((each) => naivePort(each, connection));
      const byPeer = peers.length === 0 || peers.some((each) => naivePeer(each, there, home));
      if (byPort && byPeer) return true;
    }
  }
  return false;
}

const keys = fc.constantFrom('app', 'tier');
const values = fc.constantFrom('a', 'b');
const labels = fc.dictionary(keys, values, { maxKeys: 2 });
const selector: fc.Arbitrary<Selector> = fc.record(
  {
    matchLabels: labels,
    matchExpressions: fc.array(
      fc.oneof(
        fc.record({
          key: keys,
          operator: fc.constantFrom('In', 'NotIn'),
          values: fc.array(values, { minLength: 1, maxLength: 2 }),
        }),
        fc.record({ key: keys, operator: fc.constantFrom('Exists', 'DoesNotExist') }),
      ),
      { maxLength: 2 },
    ),
  },
  { requiredKeys: [] },
);
const addresses = fc.constantFrom('10.0.0.1', '10.0.1.1', '10.1.0.1', '192.168.0.1');
const blocks = fc
  .tuple(addresses, fc.constantFrom(0, 8, 16, 24, 32))
  .map(([address, length]) => `${address}/${length}`);
const rawPeer: fc.Arbitrary<RawPeer> = fc.oneof(
  fc.record({ podSelector: selector }),
  fc.record({ namespaceSelector: selector }),
  fc.record({ podSelector: selector, namespaceSelector: selector }),
  fc.record({
    ipBlock: fc.record({ cidr: blocks, except: fc.array(blocks, { maxLength: 2 }) }, { requiredKeys: ['cidr'] }),
  }),
);
const protocol = fc.constantFrom<'TCP' | 'UDP'>('TCP', 'UDP');
const numbers = fc.integer({ min: 1, max: 4 });
const portNames = fc.constantFrom('http', 'dns');
const rawPort: fc.Arbitrary<RawPort> = fc.oneof(
  fc.record({ port: fc.oneof(numbers, portNames), protocol }, { requiredKeys: [] }),
  fc.tuple(numbers, fc.integer({ min: 0, max: 2 })).map(([port, more]) => ({ port, endPort: port + more })),
);

function rawRules(side: 'from' | 'to'): fc.Arbitrary<readonly RawRule[]> {
  const rule = fc.record(
    { [side]: fc.array(rawPeer, { maxLength: 2 }), ports: fc.array(rawPort, { maxLength: 2 }) },
    { requiredKeys: [] },
  );
  return fc.array(rule, { maxLength: 2 });
}

const rawSpec: fc.Arbitrary<RawSpec> = fc.record(
  {
    podSelector: selector,
    policyTypes: fc.subarray<Direction>(['Ingress', 'Egress'], { minLength: 1 }),
    ingress: rawRules('from'),
    egress: rawRules('to'),
  },
  { requiredKeys: ['podSelector'] },
);
const anyPeer: fc.Arbitrary<Peer> = fc.record(
  {
    namespace: fc.constantFrom('shop', 'dash'),
    namespaceLabels: labels,
    labels,
    ports: fc.array(fc.record({ name: portNames, port: numbers, protocol }, { requiredKeys: ['port'] }), {
      maxLength: 3,
    }),
    address: addresses,
  },
  { requiredKeys: ['namespace', 'namespaceLabels', 'labels', 'ports'] },
);
const anyConnection: fc.Arbitrary<Connection> = fc.record(
  { from: anyPeer, to: anyPeer, port: numbers, protocol },
  { requiredKeys: ['from', 'to', 'port'] },
);

it('says what the documentation says, read as plainly as possible', () => {
  const both = { admitted: 0, refused: 0 };
  fc.assert(
    fc.property(
      fc.array(rawSpec, { minLength: 1, maxLength: 3 }),
      anyConnection,
      fc.constantFrom<Direction>('Ingress', 'Egress'),
      (specs, connection, direction) => {
        const said = verdict(specs as unknown as readonly Spec[], connection, direction);
        const admitted = naive(specs, connection, direction, 'shop');
        both[admitted ? 'admitted' : 'refused'] += 1;

        expect(said === 'NotIsolated' || said.startsWith('Admitted')).toBe(admitted);
      },
    ),
    { numRuns: 3000 },
  );
  // Neither answer is rare, so that each is really compared.
  expect(Math.min(both.admitted, both.refused)).toBeGreaterThan(200);
});

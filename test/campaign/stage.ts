import { seededRandom, type Random } from '../../src/base/random.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { freezeAnnotation } from '../../src/api/resources.ts';
import { deployment, meshMigration, namespace, object, strict, workload } from '../scenarios/manifests.ts';
import { service, waypoint, waypointParameters } from '../scenarios/waypoint-world.ts';
import { below, pick } from './draw.ts';
import { gatesOf, tier, tiers, type Gates } from './gates.ts';

/** A workload with a Service of its name, and an account of its name. */
export interface App {
  /** How its controller replaces pods, where that is not by itself. */
  readonly strategy?: Readonly<Record<string, unknown>>;
  readonly kind: 'Deployment' | 'StatefulSet' | 'DaemonSet';
  readonly name: string;
  readonly replicas: number;
}

/** How a namespace is in the mesh, by its labels. */
export type Mode = 'IstioSidecar' | 'IstioAmbient' | 'None';

/** A namespace of the world. */
export interface Home {
  readonly name: string;
  /** Before the migration. */
  readonly mode: Mode;
  /** Whether the migration selects it. */
  readonly inScope: boolean;
  readonly apps: readonly App[];
  readonly policies: readonly KubeObject[];
  /** The name of a waypoint that its owner has made. */
  readonly gateway?: string;
  /** Whether its Services go through that. */
  readonly isBound?: boolean;
  /** Somebody has given it the labels of the other data plane by hand, and restarted nothing. */
  readonly isUnrestarted?: boolean;
  /** Somebody has a ConfigMap of a name that waypoints often have. */
  readonly hasParameters?: boolean;
  /** By which waves select. */
  readonly tier?: string;
}

/** What is there before the first move. */
export interface Stage {
  readonly from: Mode;
  readonly to: Mode;
  readonly migration: KubeObject;
  readonly homes: readonly Home[];
  /** Whether the namespaces are injected before ambient is enabled, so that no sidecar takes HBONE. */
  readonly oldSidecars: boolean;
  /** What keeps namespaces from being started, besides what blocks them. */
  readonly gates?: Gates;
}

/** The name of the MeshMigration of every history. */
export const migrationName = 'campaign';

/** By this label the migration selects, where it selects by label. */
export const wave = { key: 'wave', value: 'one' };

/** How often each way is drawn: what most people do half of the time. */
export const ways: readonly (readonly [from: Mode, to: Mode])[] = [
  ['IstioSidecar', 'IstioAmbient'],
  ['IstioSidecar', 'IstioAmbient'],
  ['IstioSidecar', 'IstioAmbient'],
  ['IstioSidecar', 'IstioAmbient'],
  ['IstioSidecar', 'IstioAmbient'],
  ['IstioSidecar', 'IstioAmbient'],
  ['IstioAmbient', 'IstioSidecar'],
  ['IstioAmbient', 'IstioSidecar'],
  ['IstioAmbient', 'IstioSidecar'],
  ['IstioAmbient', 'IstioSidecar'],
  ['None', 'IstioAmbient'],
  ['None', 'IstioSidecar'],
  ['IstioAmbient', 'None'],
  ['IstioSidecar', 'None'],
];

/** The labels by which a namespace is in a mode; null for what it must not have. */
export const modeLabels: Readonly<Record<Mode, Readonly<Record<string, string | null>>>> = {
  IstioSidecar: { 'istio-injection': 'enabled', 'istio.io/dataplane-mode': null },
  IstioAmbient: { 'istio-injection': null, 'istio.io/dataplane-mode': 'ambient' },
  None: { 'istio-injection': null, 'istio.io/dataplane-mode': null },
};

const httpPort = { ports: [{ name: 'http', port: 80, targetPort: 8080 }] };

/** Midnight: that is when clocks begin. By then a world has been made, and its migration begins. */
const beginsAt = Date.UTC(2026, 0, 1, 0, 0, 50);

/**
 * The world of a seed, where that is wanted with waves, windows, approvals or Services that are to have a waypoint: the
 * same one otherwise.
 */
export function stageOf(seed: number, isGated = false): Stage {
  const open = openStageOf(seed);
  if (!isGated) return open;
  const random = seededRandom(seed * 15_485_863 + 11);
  const { from, to, migration } = open;
  const homes = open.homes.map((home): Home => ({ ...home, ...(home.inScope && { tier: pick(random, tiers) }) }));
  const scope = homes.filter(({ inScope }) => inScope).map(({ name }) => name);
  const gates = gatesOf(random, scope, beginsAt, from === 'IstioSidecar' && to === 'IstioAmbient');
  const { services, isFrozen = false, ...fields } = gates;
  const spec = migration['spec'] as { readonly waypoint?: object };
  const waypoint = services === undefined ? {} : { waypoint: { ...spec.waypoint, services } };
  const annotations = isFrozen ? { annotations: { [freezeAnnotation]: 'not yet' } } : {};
  const metadata = { ...migration.metadata, ...annotations };
  return { ...open, homes, gates, migration: { ...migration, metadata, spec: { ...spec, ...fields, ...waypoint } } };
}

/**
 * The world of a seed: two or three namespaces that are to move, and one that stays. Every third has policies that need
 * HTTP.
 */
function openStageOf(seed: number): Stage {
  const random = seededRandom(seed * 104_729 + 5);
  const [from, to] = pick(random, ways);
  const gateway = gatewayOf(random, from, to);
  const names = ['shop', 'books', ...(random() < 0.3 ? ['depot'] : [])];
  const all = [...names, 'office'];
  const homes = all.map((name): Home => {
    const apps = appsOf(random);
    const inScope = name !== 'office';
    const mode = inScope || random() < 0.7 ? from : 'IstioSidecar';
    // Nobody means that what is enforced nowhere should go on being enforced.
    const policies = to === 'None' && inScope && random() < 0.8 ? [] : policiesOf(random, name, apps, all);
    const isBound = gateway === 'waypoint' && inScope;
    return {
      name,
      mode,
      inScope,
      apps,
      policies: isBound ? policies.map(atWaypoint) : policies,
      ...(gateway !== undefined && inScope && { gateway, isBound }),
      ...(inScope && name === 'books' && to !== 'None' && random() < 0.04 && { isUnrestarted: true }),
      ...(inScope && random() < 0.15 && { hasParameters: true }),
    };
  });
  const oldSidecars = from === 'IstioSidecar' && random() < 0.5;
  return { from, to, homes, migration: migrationOf(random, homes, { from, to, oldSidecars, gateway }), oldSidecars };
}

/** A waypoint of people's own: one that the migration is to use, or one that the namespace goes away from. */
function gatewayOf(random: Random, from: Mode, to: Mode): string | undefined {
  if (from === 'IstioSidecar' && to === 'IstioAmbient') return random() < 0.2 ? 'gate' : undefined;
  return from === 'IstioAmbient' && to === 'IstioSidecar' && random() < 0.6 ? 'waypoint' : undefined;
}

/**
 * The policy as one that the waypoint reads, for the Service of the name of a workload or for all: what pods read would
 * be about the waypoint, from which all calls come.
 */
function atWaypoint(policy: KubeObject): KubeObject {
  const { selector, rules, ...rest } = policy['spec'] as {
    readonly selector?: { readonly matchLabels: { readonly app: string } };
    readonly rules?: readonly object[];
  };
  if (policy.kind !== 'AuthorizationPolicy') return policy;
  // A waypoint is called at the port of the Service.
  const atService = JSON.parse(JSON.stringify(rules ?? []).replaceAll('"8080"', '"80"')) as readonly object[];
  const targetRefs =
    selector === undefined
      ? [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'waypoint' }]
      : [{ group: '', kind: 'Service', name: selector.matchLabels.app }];
  return { ...policy, spec: { ...rest, rules: atService, targetRefs } };
}

function appsOf(random: Random): readonly App[] {
  const kinds = ['Deployment', 'Deployment', 'Deployment', 'StatefulSet', 'DaemonSet'] as const;
  return ['web', 'api', ...(random() < 0.2 ? ['db'] : [])].map((name) => {
    const kind = pick(random, kinds);
    const strategy = kind !== 'Deployment' && random() < 0.4 ? { updateStrategy: { type: 'OnDelete' } } : undefined;
    return { kind, name, replicas: 1 + below(random, 2), ...(strategy && { strategy }) };
  });
}

function policiesOf(
  random: Random,
  home: string,
  apps: readonly App[],
  homes: readonly string[],
): readonly KubeObject[] {
  const count = below(random, 3);
  const made = Array.from({ length: count }, (_, index) =>
    policyOf(
      random,
      home,
      `rule-${String(index)}`,
      apps.map(({ name }) => name),
      homes,
    ),
  );
  return [...(random() < 0.6 ? [strict(home)] : []), ...made];
}

/** An AuthorizationPolicy as people write them; a third of them need HTTP. */
export function policyOf(
  random: Random,
  home: string,
  name: string,
  apps: readonly string[],
  homes: readonly string[],
): KubeObject {
  const who = (): string => `cluster.local/ns/${pick(random, homes)}/sa/${pick(random, ['web', 'api'])}`;
  const from = (source: object): object => ({ from: [{ source }] });
  const to = (operation: object): object => ({ to: [{ operation }] });
  const rules: readonly (() => readonly [action: string, rule: object])[] = [
    () => ['ALLOW', from({ principals: [who(), who()] })],
    () => ['ALLOW', from({ namespaces: [pick(random, homes), home] })],
    () => ['DENY', from({ principals: [who()] })],
    () => ['DENY', from({ notNamespaces: [pick(random, homes), home] })],
    () => ['DENY', { ...from({ namespaces: [pick(random, homes)] }), ...to({ ports: ['8080'] }) }],
    () => ['ALLOW', { ...from({ principals: [who(), who()] }), ...to({ methods: ['GET'] }) }],
    () => ['DENY', to({ methods: ['DELETE'] })],
    () => ['DENY', { ...from({ notPrincipals: [who()] }), ...to({ paths: ['/admin'] }) }],
  ];
  const [action, rule] = pick(random, rules)();
  const selector = random() < 0.7 ? { selector: { matchLabels: { app: pick(random, apps) } } } : {};
  return object('AuthorizationPolicy', home, name, { ...selector, action, rules: [rule] });
}

function migrationOf(
  random: Random,
  homes: readonly Home[],
  {
    oldSidecars,
    gateway,
    ...way
  }: Pick<Stage, 'from' | 'to' | 'oldSidecars'> & { readonly gateway: string | undefined },
): KubeObject {
  const scope = homes.filter(({ inScope }) => inScope).map(({ name }) => name);
  const namespaces = random() < 0.5 ? { names: scope } : { selector: { matchLabels: { [wave.key]: wave.value } } };
  const callers = homes.map(({ name }) => ({
    namespace: name,
    from: random() < 0.5 ? [] : scope.filter(() => random() < 0.5).map((each) => ({ namespace: each })),
  }));
  return meshMigration(migrationName, namespaces, {
    ...way,
    action: random() < 0.8 ? 'Migrate' : 'Plan',
    restart: {
      progressDeadline: '60s',
      ...(oldSidecars && way.to === 'IstioAmbient' && random() < 0.6 && { hboneNamespaces: { names: ['office'] } }),
    },
    ...(gateway === 'gate' && { waypoint: { adopt: gateway } }),
    ...(random() < 0.7 && { callers }),
    policies: { bypass: random() < 0.5 ? 'FailClosed' : 'CallersFirst', refusals: random() < 0.5 ? 'Accept' : 'Block' },
    rollback: { automatic: random() < 0.7, onScopeLost: pick(random, ['Hold', 'Rollback', 'Finish'] as const) },
    failureBudget: { namespaces: 5 },
  });
}

/** The objects of a namespace in the order of their creation. */
export function objectsOf(home: Home): readonly KubeObject[] {
  const { name, mode, apps, policies, inScope, gateway, isBound, hasParameters, tier: of } = home;
  const bound = gateway !== undefined && isBound === true ? { 'istio.io/use-waypoint': gateway } : {};
  return [
    namespace(name, {
      ...labelsOf(mode),
      ...(inScope && { [wave.key]: wave.value }),
      ...(of !== undefined && { [tier]: of }),
    }),
    ...apps.map((app): KubeObject => ({ kind: 'ServiceAccount', metadata: { name: app.name, namespace: name } })),
    ...(gateway === undefined ? [] : [waypoint(name, { name: gateway })]),
    ...(hasParameters === true ? [waypointParameters(name, 'waypoint-parameters', { service: { spec: {} } })] : []),
    ...apps.map((app) => service(name, app.name, bound, httpPort)),
    ...policies,
    ...apps.map((app) => workloadOf(name, app)),
  ];
}

/** The labels of a namespace that is in a mode. */
export function labelsOf(mode: Mode): Readonly<Record<string, string>> {
  const labels = Object.entries(modeLabels[mode]);
  return Object.fromEntries(labels.filter((label): label is [string, string] => label[1] !== null));
}

/** The workload of an app. */
export function workloadOf(home: string, { kind, name, replicas, strategy }: App): KubeObject {
  const options = { replicas, serviceAccount: name, ...(strategy && { spec: strategy }) };
  return kind === 'Deployment' ? deployment(home, name, options) : workload(kind, home, name, options);
}

import { seededRandom, type Random } from '../../src/base/random.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { deployment, meshMigration, namespace, object, strict, workload } from '../scenarios/manifests.ts';
import { service } from '../scenarios/waypoint-world.ts';
import { below, pick } from './draw.ts';

/** A workload with a Service of its name, and an account of its name. */
export interface App {
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
}

/** What is there before the first move. */
export interface Stage {
  readonly from: Mode;
  readonly to: Mode;
  readonly migration: KubeObject;
  readonly homes: readonly Home[];
  /** Whether the namespaces are injected before ambient is enabled, so that no sidecar takes HBONE. */
  readonly oldSidecars: boolean;
}

/** The name of the MeshMigration of every history. */
export const migrationName = 'campaign';

/** By this label the migration selects, where it selects by label. */
export const wave = { key: 'wave', value: 'one' };

/** How often each way is drawn: what most people do half of the time. */
const ways: readonly (readonly [from: Mode, to: Mode])[] = [
  ['IstioSidecar', 'IstioAmbient'],
  ['IstioSidecar', 'IstioAmbient'],
  ['IstioSidecar', 'IstioAmbient'],
  ['IstioSidecar', 'IstioAmbient'],
  ['IstioSidecar', 'IstioAmbient'],
  ['IstioSidecar', 'IstioAmbient'],
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

/**
 * The world of a seed: two or three namespaces that are to move, and one that stays. Every third has policies that need
 * HTTP.
 */
export function stageOf(seed: number): Stage {
  const random = seededRandom(seed * 104_729 + 5);
  const [from, to] = pick(random, ways);
  const names = ['shop', 'books', ...(random() < 0.3 ? ['depot'] : [])];
  const all = [...names, 'office'];
  const homes = all.map((name): Home => {
    const apps = appsOf(random);
    const inScope = name !== 'office';
    const mode = inScope || random() < 0.7 ? from : 'IstioSidecar';
    // Nobody means that what is enforced nowhere should go on being enforced.
    const policies = to === 'None' && inScope && random() < 0.8 ? [] : policiesOf(random, name, apps, all);
    return { name, mode, inScope, apps, policies };
  });
  const oldSidecars = from === 'IstioSidecar' && random() < 0.5;
  return { from, to, homes, migration: migrationOf(random, homes, { from, to }), oldSidecars };
}

function appsOf(random: Random): readonly App[] {
  const kinds = ['Deployment', 'Deployment', 'Deployment', 'StatefulSet', 'DaemonSet'] as const;
  return ['web', 'api', ...(random() < 0.2 ? ['db'] : [])].map((name) => ({
    kind: pick(random, kinds),
    name,
    replicas: 1 + below(random, 2),
  }));
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

function migrationOf(random: Random, homes: readonly Home[], way: Pick<Stage, 'from' | 'to'>): KubeObject {
  const scope = homes.filter(({ inScope }) => inScope).map(({ name }) => name);
  const namespaces = random() < 0.5 ? { names: scope } : { selector: { matchLabels: { [wave.key]: wave.value } } };
  const callers = homes.map(({ name }) => ({
    namespace: name,
    from: random() < 0.5 ? [] : scope.filter(() => random() < 0.5).map((each) => ({ namespace: each })),
  }));
  return meshMigration(migrationName, namespaces, {
    ...way,
    action: random() < 0.8 ? 'Migrate' : 'Plan',
    restart: { progressDeadline: '60s' },
    ...(random() < 0.7 && { callers }),
    policies: { bypass: random() < 0.5 ? 'FailClosed' : 'CallersFirst', refusals: random() < 0.5 ? 'Accept' : 'Block' },
    rollback: { automatic: random() < 0.7, onScopeLost: pick(random, ['Hold', 'Rollback', 'Finish'] as const) },
    failureBudget: { namespaces: 5 },
  });
}

/** The objects of a namespace in the order of their creation. */
export function objectsOf({ name, mode, apps, policies, inScope }: Home): readonly KubeObject[] {
  return [
    namespace(name, { ...labelsOf(mode), ...(inScope && { [wave.key]: wave.value }) }),
    ...apps.map((app): KubeObject => ({ kind: 'ServiceAccount', metadata: { name: app.name, namespace: name } })),
    ...apps.map((app) => service(name, app.name, {}, httpPort)),
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
export function workloadOf(home: string, { kind, name, replicas }: App): KubeObject {
  const options = { replicas, serviceAccount: name };
  return kind === 'Deployment' ? deployment(home, name, options) : workload(kind, home, name, options);
}

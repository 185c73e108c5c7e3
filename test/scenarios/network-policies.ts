import assert from 'node:assert/strict';
import type { Finding } from '../../src/api/common.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { stalled } from './http.ts';
import { atStep, old } from './late-findings.ts';
import { deployment, kinds, meshMigration, namespace, object } from './manifests.ts';
import type { Scenario } from './scenario.ts';
import type { World } from './world.ts';

const appPort = { port: 8080 };
const hbonePort = { protocol: 'TCP', port: 15008 };

/** Lets pods of some namespaces call the pods of this one by these ports, and nobody else. */
function opening(ports: readonly object[], home: string, ...callers: readonly string[]): KubeObject {
  const from = callers.map((name) => ({
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
  }));
  return object('NetworkPolicy', home, 'ports', {
    podSelector: {},
    policyTypes: ['Ingress'],
    ingress: [{ from: [{ podSelector: {} }, ...from], ports }],
  });
}

async function open(world: World, home: string, ...callers: readonly string[]): Promise<void> {
  const { spec } = opening([appPort, hbonePort], home, ...callers) as { readonly spec?: unknown };
  await world.patch('NetworkPolicy', home, 'ports', { spec });
}

async function shop(world: World, home = world.ns()): Promise<void> {
  await world.create(namespace(home), deployment(home, 'web', { replicas: 2 }));
  await world.podsReady(2, home);
}

function about(findings: readonly Finding[] | undefined, object: string): Finding {
  const found = findings?.find((each) => each.id === 'MM139' && each.object === object);
  assert.ok(found, JSON.stringify(findings));
  return found;
}

/** What NetworkPolicies cut off of calls that go by HBONE. */
export const networkPolicyScenarios: readonly Scenario[] = [
  {
    // Pods in ambient are Ready, whoever reaches them.
    name: 'network-policy-by-ports',
    async run(world) {
      const home = world.ns();
      await shop(world);
      await world.create(opening([appPort], home), meshMigration(world.name, { names: [home] }));
      const { status } = await world.childPhase('Blocked');
      const { severity, message, fix } = about(status?.findings, `NetworkPolicy ${home}/ports`);
      assert.equal(severity, 'Critical');
      assert.match(message, new RegExp(`does not open TCP 15008.*${home}/web to ${home}/web \\(by 8080 today\\)`));
      assert.match(fix, /spec\.ingress\[0\]: "- \{protocol: TCP, port: 15008\}"/);
      await open(world, home);
      await world.childPhase('Migrated');
      await world.modesAre({ Ambient: 2 });
    },
  },
  {
    name: 'network-policy-at-rest',
    async run(world) {
      const home = world.ns();
      await shop(world);
      await world.create(meshMigration(world.name, { names: [home] }));
      await world.childPhase('Migrated');
      await world.create(opening([appPort], home));
      assert.match(await stalled(world, 'CriticalFinding'), /^MM139 .* are cut off/);
      await open(world, home);
      await world.childPhase('Migrated');
      await world.modesAre({ Ambient: 2 });
    },
  },
  {
    // Sidecars that stay are called by HBONE from ambient: their policies are their owner's, and somebody says that
    // they are known.
    name: 'network-policy-of-others',
    async run(world) {
      const [home, bank] = [world.ns(), world.ns('bank')];
      await shop(world, bank);
      await shop(world);
      await world.create(opening([appPort], bank, home), meshMigration(world.name, { names: [home] }));
      const { status } = await world.childPhase('Blocked');
      const { fix } = about(status?.findings, `NetworkPolicy ${bank}/ports`);
      const [, digest] = /digest: ([a-f0-9]{32})/.exec(fix) ?? [];
      const accept = [{ finding: 'MM139', object: `NetworkPolicy ${bank}/ports`, digest }];
      await world.edit({ accept });
      await world.childPhase('Migrated');
      await world.modesAre({ Ambient: 2 });
      await world.modesAre({ Sidecar: 2 }, bank);
    },
  },
  {
    name: 'network-policy-on-the-way',
    prepare: (world) => old(world),
    async run(world) {
      const home = world.ns();
      await world.create(meshMigration(world.name, { names: [home] }));
      await atStep(world, 'RestartForHbone');
      await world.create(opening([appPort], home));
      const { status } = await world.childPhase('RolledBack');
      assert.match(status?.failure?.message ?? '', /^MM139/);
      await world.modesAre({ Sidecar: 3 });
      await world.delete(kinds.NetworkPolicy, home, 'ports');
    },
  },
  {
    // That somebody may call is no sign that he does: whoever likes gives his pods the labels that a rule asks for.
    name: 'network-policy-stranger',
    prepare: (world) => old(world),
    async run(world) {
      const [home, stranger] = [world.ns(), world.ns('stranger')];
      const within = [{ from: [{ podSelector: {} }], ports: [appPort, hbonePort] }];
      const scraped = { from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: 'scraper' } } }] };
      await world.create(
        namespace(stranger),
        object('NetworkPolicy', home, 'ports', {
          podSelector: {},
          policyTypes: ['Ingress'],
          ingress: [...within, { ...scraped, ports: [{ port: 9090 }] }],
        }),
        meshMigration(world.name, { names: [home] }),
      );
      await atStep(world, 'RestartForHbone');
      await world.create(deployment(stranger, 'scraper'));
      const { status } = await world.childPhase('Migrated');
      await world.modesAre({ Ambient: 3 });
      assert.equal(status?.failure, undefined);
      await world.podsReady(1, stranger);
      await world.delete(kinds.NetworkPolicy, home, 'ports');
    },
  },
];

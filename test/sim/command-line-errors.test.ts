import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { systemClock } from '../../src/base/clock.ts';
import { hostOf } from '../../src/cli/host.ts';
import { KubeClient } from '../../src/kube/client.ts';
import type { Transport } from '../../src/kube/transport.ts';
import { meshMigration } from '../scenarios/manifests.ts';
import { meshMigrations, type MeshMigration } from '../../src/api/resources.ts';
import { keyboardAt, type Ran } from '../support/command-line.ts';
import { installOperator } from '../support/install.ts';
import { FaultyTransport } from './apiserver/faults.ts';
import type { Fault } from './apiserver/fault-rules.ts';
import { SimApiServer } from './apiserver/sim-api-server.ts';

const { signal } = new AbortController();
const servers: SimApiServer[] = [];

/** An API server without a mesh and without an operator, with or without our kinds. */
async function apiServer(installed: boolean): Promise<Transport> {
  const server = new SimApiServer({ clock: systemClock });
  servers.push(server);
  const transport = server.transport();
  const client = new KubeClient({ transport, clock: systemClock, random: () => 0, fieldManager: 'test' });
  if (!installed) return transport;
  const namespaces = { group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false };
  await client.create(namespaces, { metadata: { name: 'istio-system' } }, signal);
  await installOperator(client, systemClock, signal);
  for (const name of ['shop', 'pay'])
    await client.create(meshMigrations, meshMigration(name, { names: [name] }), signal);
  return transport;
}

async function type(transport: Transport, line: string): Promise<Ran> {
  return await keyboardAt(transport, systemClock).type(line);
}

/** The same on a connection that fails so from the first request on. */
async function typeWith(transport: Transport, fault: Fault, line: string): Promise<Ran> {
  return await type(new FaultyTransport(transport, systemClock, [{ times: Infinity, fault }]), line);
}

afterAll(async () => {
  for (const server of servers) await server.stop();
});

describe('on a cluster with the operator, a command', () => {
  let transport: Transport;

  beforeAll(async () => {
    transport = await apiServer(true);
  });

  it.each([
    ['status shap', 'there is no MeshMigration shap; there is pay, shop. Did you mean shop?'],
    ['pause shap', 'there is no MeshMigration shap; there is pay, shop. Did you mean shop?'],
    ['rollback shop -n shop', 'namespace shop has no record in MeshMigration shop: it is not in its scope'],
    ['approve shap --yes', 'there is no MeshMigration shap; there is pay, shop. Did you mean shop?'],
    ['approve shop -n shop --yes', 'namespace shop has no record in MeshMigration shop: it is not in its scope'],
    ['approve shop --yes', 'MeshMigration shop: nothing was changed: the operator has not looked at it yet'],
    ['pause shop', 'MeshMigration shop: nothing was changed: the operator has not looked at it yet; is it running?'],
  ])('says what is missing: %s', async (line, message) => {
    expect(await type(transport, line)).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringContaining(message),
    });
  });

  it.each([
    ['pause', "Missing required argument 'name'"],
    ['pause shop pay', 'Unexpected argument'],
    ['pause Shop', '"Shop" is no name of a MeshMigration'],
    ['pause shop -n Not', '--namespace must be the name of a namespace'],
    ['pause shop --timeout soon', '--timeout must be a duration such as 90s'],
    ['pause shop --dry-run=client', "Unknown option '--dry-run=client'"],
    ['status -o xml', '--output must be one of tree, json, yaml'],
    ['status -w -o json', '-o json and -o yaml are one document'],
    ['status --nonsense', "Unknown option '--nonsense'"],
    ['approve shop', 'this is no terminal, so nobody is asked: add --yes, or --hash'],
    ['approve shop -o json', '-o json is one document and asks nothing: add --yes, or --hash'],
    ['approve shop --hash sha256:1', '--hash must be sha256: and 64 digits as status.plan has them, not "sha256:1"'],
    ['approve shop --wave a -n b --yes', '--wave and --namespace are two plans'],
    ['approve shop --yes -o xml', '--output must be one of text, json, yaml'],
    ['diff', "Missing required argument 'name'"],
    ['diff shop -o tree', '--output must be one of text, json, yaml'],
    ['statsu', 'there is no command "statsu"; the nearest is "status"'],
  ])('refuses what is typed wrong: %s', async (line, message) => {
    expect(await type(transport, line)).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringContaining(message),
    });
  });

  it.each(['status', 'status shop', 'pause shop', 'rollback shop -n shop', 'approve shop --yes'])(
    'says what is not allowed, and where the rights are explained: %s',
    async (line) => {
      expect(await typeWith(transport, { kind: 'Refuse', status: 403 }, line)).toMatchObject({
        exitCode: 1,
        stderr: expect.stringMatching(/403 Forbidden: .*not here\nWho may do what is in docs\/user-guide\.md, Rights/),
      });
    },
  );

  it('ends diff as kubectl diff ends: by more than 1 where it cannot tell', async () => {
    expect(await type(transport, 'diff shap')).toMatchObject({ exitCode: 2, stdout: '' });
    expect(await typeWith(transport, { kind: 'Refuse', status: 403 }, 'diff shop')).toMatchObject({ exitCode: 2 });
    expect(await type(transport, 'diff shop')).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('What is shown may be old: the operator has not looked at it yet'),
    });
  });

  it('leaves an approval to the manifest that states it, and says what has to stand there', async () => {
    const hash = `sha256:${'a'.repeat(64)}`;
    const git = new KubeClient({
      transport,
      clock: systemClock,
      random: () => 0,
      fieldManager: 'kustomize-controller',
    });
    const stated = meshMigration('from-git', { names: ['git'] }, { approval: { mode: 'Required', plans: [] } });
    const { metadata } = await git.apply(meshMigrations, stated, { signal });
    const status = {
      phase: 'Planned',
      writtenPhase: 'Planned',
      observedGeneration: metadata.generation,
      plan: { hash },
    };
    await git.mergePatch(meshMigrations, undefined, 'from-git', { status }, { subresource: 'status', signal });
    const before = await git.get(meshMigrations, undefined, 'from-git', signal);
    expect(await type(transport, 'approve from-git --yes')).toEqual({
      exitCode: 1,
      stderr: '',
      stdout: expect.stringMatching(
        new RegExp(
          `stated by a manifest that kustomize-controller applies[^]*\nspec:\n {2}approval:\n {4}plans:\n {6}- ${hash}\n$`,
        ),
      ),
    });
    expect(parse((await type(transport, 'approve from-git --yes -o yaml')).stdout)).toMatchObject({
      result: 'StatedElsewhere',
      statedBy: ['kustomize-controller'],
    });
    expect(await git.get(meshMigrations, undefined, 'from-git', signal)).toEqual(before);
    expect(await type(transport, 'approve from-git --yes --force --timeout 0s')).toMatchObject({ exitCode: 0 });
    const after = await git.get<MeshMigration>(meshMigrations, undefined, 'from-git', signal);
    expect(after.spec.approval.plans).toEqual([hash]);
    await git.delete(meshMigrations, undefined, 'from-git', { signal });
  });

  it('shows what nobody has looked at as that, and never as done', async () => {
    expect(await type(transport, 'status shop --timeout 0s')).toMatchObject({
      exitCode: 4,
      stdout: expect.stringContaining('MeshMigration shop  IstioSidecar to IstioAmbient, Migrate  not looked at yet'),
    });
  });
});

describe('on a cluster without the operator', () => {
  it.each(['status', 'status shop', 'status -n shop', 'pause shop', 'rollback shop -n shop', 'approve shop --yes'])(
    'it is said that it is not installed: %s',
    async (line) => {
      expect(await type(await apiServer(false), line)).toMatchObject({
        exitCode: 1,
        stdout: '',
        stderr: expect.stringContaining('MeshMigrations are not known there: the operator is not installed'),
      });
    },
  );
});

describe('a context that does not exist', () => {
  let folder = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'contexts-'));
    await writeFile(
      join(folder, 'config'),
      `apiVersion: v1
kind: Config
current-context: staging
contexts: [{name: staging, context: {cluster: s, user: u}}]
clusters: [{name: s, cluster: {server: "http://127.0.0.1:1"}}]
users: [{name: u, user: {}}]
`,
    );
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  async function typed(line: string): Promise<Ran> {
    const stream = { write: () => undefined };
    const host = hostOf({ stdin: process.stdin, stdout: stream, stderr: stream });
    return await keyboardAt(await apiServer(false), systemClock, {
      connect: (options) => host.connect(options),
    }).type(`${line} --kubeconfig ${folder}/config`);
  }

  it('is named, with those that do', async () => {
    expect(await typed('status --context stagin')).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: 'The kubeconfig has no context "stagin", only staging. Did you mean "staging"?\n',
    });
  });

  it('is one thing, and a server that does not answer another', async () => {
    expect(await typed('status')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/nothing listens there[^]*is this the right context\?/),
    });
  });
});

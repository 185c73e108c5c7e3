import { describe, expect, it } from '@jest/globals';
import { mostApprovedPlans } from '../../api/approval.ts';
import { defaultSpec } from '../../api/default-spec.ts';
import type { MeshMigrationStatus } from '../../api/mesh-migration-status.ts';
import type { MeshMigrationSpec } from '../../api/mesh-migration-spec.ts';
import type { ObjectMeta } from '../../api/object.ts';
import type { NamespaceMigration } from '../../api/resources.ts';
import { digestFrom, hashAlone } from '../../plan/digest.ts';
import { meshes } from '../../mesh/meshes.ts';
import { hostOf } from '../host.ts';
import { approvalField, statersOf } from '../../plan/stated.ts';
import { decidedOf } from './decided.ts';
import { detailOf } from './detail.ts';
import { differenceOf } from './diff.ts';
import { approvalPatch } from './patch.ts';
import type { Picture } from './picture.ts';
import { targetOf, type Wanted } from './target.ts';
import { previewLines, writeDocument, writeLines } from './told.ts';
import { planViewOf } from './view.ts';

const route = { from: 'IstioSidecar', to: 'IstioAmbient' } as const;

function sha(digit: string): string {
  return `sha256:${digit.repeat(64)}`;
}

const [all, canary, old] = [sha('a'), sha('c'), sha('0')];

function digest(parts: Partial<Parameters<typeof digestFrom>[0]> = {}): string {
  return digestFrom({ steps: 's', objects: 'o', answers: [], ...parts });
}

function record(namespace: string, status: NamespaceMigration['status']): NamespaceMigration {
  return { metadata: { name: 'shop', namespace }, spec: { migration: 'shop', ...route }, ...(status && { status }) };
}

const finding = { id: 'MM020', severity: 'Critical', object: '', message: '', fix: '' } as const;

const waiting = { writtenPhase: 'Pending', phase: 'Pending', planDigest: digest(), itinerary: 'L4' } as const;

interface Given {
  readonly spec?: Partial<MeshMigrationSpec>;
  readonly plan?: MeshMigrationStatus['plan'];
  readonly records?: readonly NamespaceMigration[];
  readonly metadata?: Partial<ObjectMeta>;
  readonly status?: Partial<MeshMigrationStatus>;
}

function picture({ spec, plan, records = [record('a', waiting)], metadata, status }: Given = {}): Picture {
  return {
    migration: {
      metadata: { name: 'shop', uid: 'u', generation: 3, resourceVersion: '7', ...metadata },
      spec: { ...defaultSpec(route), approval: { mode: 'Required', plans: [] }, ...spec },
      status: {
        phase: 'Migrating',
        writtenPhase: 'Migrating',
        observedGeneration: 3,
        plan: plan ?? { hash: all, waves: [{ name: 'canary', hash: canary }] },
        ...status,
      },
    },
    records,
    homes: undefined,
  };
}

function decided(given: Given, asked: Partial<Parameters<typeof decidedOf>[2]> = {}): ReturnType<typeof decidedOf> {
  const seen = picture(given);
  return decidedOf(seen, planViewOf(seen), { prune: false, force: false, ...asked });
}

function approvedBy(by: string, then: string): Given['plan'] {
  return { hash: all, approved: [{ namespace: 'a', digest: then, by }] };
}

describe('how a plan stands to what was approved of', () => {
  const listed: Given['spec'] = { approval: { mode: 'Required', plans: [old] } };

  it.each<[string, Given, string, string | undefined, boolean]>([
    ['nobody has approved', {}, 'Unapproved', undefined, true],
    ['nobody has to', { spec: { approval: { mode: 'Auto', plans: [] } } }, 'Free', undefined, false],
    ['it is the same', { spec: listed, plan: approvedBy(old, digest()) }, 'Approved', undefined, false],
    [
      'its steps changed',
      { spec: listed, plan: approvedBy(old, digest({ steps: 'x' })) },
      'Changed',
      'its steps',
      true,
    ],
    [
      'more is answered for',
      {
        spec: listed,
        plan: approvedBy(old, digest()),
        records: [record('a', { ...waiting, planDigest: digest({ answers: ['MM024 x'] }) })],
      },
      'Changed',
      'what was answered for',
      true,
    ],
    [
      'what changed needs no approval, and had one',
      { spec: { approval: { mode: 'Auto', plans: [old] } }, plan: approvedBy(old, digest({ objects: 'x' })) },
      'Changed',
      'what is made for it or what its owner states',
      true,
    ],
    ['the entry was taken out', { plan: approvedBy(old, digest()) }, 'Unapproved', undefined, true],
    [
      'it was started',
      { plan: approvedBy(old, digest({ steps: 'x' })), records: [record('a', { ...waiting, direction: 'Forward' })] },
      'Begun',
      undefined,
      false,
    ],
    ['nobody has looked at it', { records: [record('a', undefined)] }, 'Unknown', undefined, true],
    [
      'its wave says that it needs none, and may not be told',
      {
        spec: {
          waves: [{ name: 'canary', namespaces: { names: ['a'] }, soak: '0s', maxFailures: 0, approval: 'Auto' }],
        },
      },
      'Unapproved',
      undefined,
      true,
    ],
  ])('%s', (_, given, standing, changed, differs) => {
    const { namespaces, differs: isOther } = differenceOf(picture(given), true, undefined);
    expect(namespaces[0]).toMatchObject({ standing, ...(changed !== undefined && { changed }) });
    expect(isOther).toBe(differs);
  });

  it.each<[string, Given, boolean]>([
    ['not all were looked at', { plan: {}, spec: { approval: { mode: 'Auto', plans: [] } } }, true],
    ['the spec was changed', { metadata: { generation: 4 }, spec: { approval: { mode: 'Auto', plans: [] } } }, true],
  ])('is a difference while nobody knows: %s', (_, given, differs) => {
    expect(differenceOf(picture(given), true, undefined).differs).toBe(differs);
  });
});

describe('which plan is approved of', () => {
  const alone = hashAlone(route, 'a', digest());

  it.each<[string, Wanted, unknown]>([
    ['that of all', {}, { kind: 'Migration', hash: all }],
    ['that of a wave', { wave: 'canary' }, { kind: 'Wave', name: 'canary', hash: canary, place: 0 }],
    ['that of a namespace', { namespace: 'a' }, { kind: 'Namespace', name: 'a', hash: alone }],
    ['whatever has the hash', { hash: canary }, { kind: 'Wave', name: 'canary', hash: canary, place: 0 }],
    ['that of one namespace by its hash', { hash: alone }, { kind: 'Namespace', name: 'a', hash: alone }],
    ['none by a misspelt wave', { wave: 'canery' }, expect.stringContaining('Did you mean canary?')],
    ['none by an old hash', { hash: old }, expect.stringContaining(`the status does not show ${old}; it shows ${all}`)],
    ['none where wave and hash are two', { wave: 'canary', hash: all }, expect.stringContaining('does not show')],
  ])('is %s', (_, wanted, target) => {
    expect(targetOf(wanted, planViewOf(picture()))).toEqual(target);
  });

  it.each<[string, Given, Partial<Parameters<typeof decidedOf>[2]>, string]>([
    ['is not looked at yet', { status: { writtenPhase: undefined } }, {}, 'has not looked at it yet'],
    ['has an edited spec', { metadata: { generation: 4 } }, {}, 'its spec was changed'],
    ['is going', { metadata: { deletionTimestamp: 'x' } }, {}, 'it is being deleted'],
    ['has no plan of all', { plan: { waves: [] } }, {}, 'status.plan.hash is not there'],
    ['has no waves', { plan: { hash: all } }, { wave: 'canary' }, 'leave out --wave'],
    ['has no such record yet', { records: [record('a', undefined)] }, { namespace: 'a' }, 'status.planDigest'],
  ])('is none where the migration %s', (_, given, asked, message) => {
    expect(decided(given, asked)).toEqual({ kind: 'Refuse', message: expect.stringContaining(message) as unknown });
  });

  it.each<[string, Given]>([
    ['it is in the list', { spec: { approval: { mode: 'Required', plans: [old, all] } } }],
    ['all of it was started', { records: [record('a', { ...waiting, direction: 'Forward' })] }],
  ])('is approved of already where %s', (_, given) => {
    expect(decided(given)).toMatchObject({ kind: 'Already', target: { hash: all } });
  });
});

describe('what is printed', () => {
  it('acts on no terminal, whatever stands in a status', () => {
    const odd = 'a\u001B[2J\u202Eb';
    const plan = [{ name: odd, why: odd }];
    const status = { ...waiting, plan, explanations: [odd], findings: [{ ...finding, object: odd }] };
    const seen = picture({ records: [record('a', status)] });
    const [first] = seen.records;
    const view = planViewOf(seen);
    const detail = first && detailOf(first, seen, meshes);
    const target = { kind: 'Wave', name: odd, hash: canary, place: 0 } as const;
    let text = '';
    const stdout = { write: (part: string): unknown => (text += part) };
    const host = hostOf({ stdin: process.stdin, stdout, stderr: stdout });
    writeLines(previewLines(view, target, view.namespaces, detail, 100), host);
    writeDocument({ ...view, detail }, 'json', host);
    writeDocument({ ...view, detail }, 'yaml', host);
    expect(text).toContain('MM020');
    expect(text).not.toMatch(/[\u001B\u202E]/);
  });
});

describe('what is written', () => {
  it('is one more entry, as long as the status shows it and the spec is what was seen', () => {
    const seen = picture();
    const wave = { kind: 'Wave', name: 'canary', hash: canary, place: 0 } as const;
    expect(approvalPatch(seen, wave, [])).toEqual([
      { op: 'test', path: '/metadata/uid', value: 'u' },
      { op: 'test', path: '/metadata/generation', value: 3 },
      { op: 'test', path: '/status/plan/waves/0', value: { name: 'canary', hash: canary } },
      { op: 'add', path: '/spec/approval/plans/-', value: canary },
    ]);
    expect(approvalPatch(seen, { kind: 'Migration', hash: all }, [])).toContainEqual({
      op: 'test',
      path: '/status/plan/hash',
      value: all,
    });
  });

  it('has room in a full list only where the oldest that are shown nowhere may go', () => {
    const others = Array.from(
      { length: mostApprovedPlans - 2 },
      (_, at) => `sha256:${String(at + 1).padStart(64, '0')}`,
    );
    const plans = [canary, old, ...others];
    const full: Given = { spec: { approval: { mode: 'Required', plans } } };
    expect(decided(full)).toMatchObject({ kind: 'Refuse', message: expect.stringContaining('--prune') as unknown });
    expect(decided(full, { prune: true })).toMatchObject({ kind: 'Approve', pruned: [1] });
    const used = { ...full, plan: { ...approvedBy(old, digest()), waves: [{ name: 'canary', hash: canary }] } };
    expect(decided(used, { prune: true })).toMatchObject({ kind: 'Approve', pruned: [2] });
    expect(approvalPatch(picture(full), { kind: 'Migration', hash: all }, [1, 5]).slice(-4)).toEqual([
      { op: 'test', path: '/metadata/resourceVersion', value: '7' },
      { op: 'remove', path: '/spec/approval/plans/5' },
      { op: 'remove', path: '/spec/approval/plans/1' },
      { op: 'add', path: '/spec/approval/plans/-', value: all },
    ]);
  });
});

describe('a manifest of somebody', () => {
  const fieldsV1 = { 'f:spec': { 'f:approval': { 'f:mode': {} } } };
  const lastApplied = (spec: object): NonNullable<ObjectMeta['annotations']> => ({
    'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ spec }),
  });
  const by = (manager: string, operation: string, rest: Partial<ObjectMeta> = {}): Given => ({
    metadata: { managedFields: [{ manager, operation, fieldsV1 }], ...rest },
  });
  const stated = { annotations: lastApplied({ approval: { mode: 'Required' } }) };
  const unstated = { annotations: lastApplied({ action: 'Plan' }) };

  it.each<[string, Given, readonly string[]]>([
    ['Flux, server-side', by('kustomize-controller', 'Apply'), ['kustomize-controller']],
    ['Argo CD, server-side', by('argocd-controller', 'Apply'), ['argocd-controller']],
    ['Argo CD', by('argocd-controller', 'Update', stated), ['argocd-controller']],
    ['kubectl apply', by('kubectl-client-side-apply', 'Update', stated), ['kubectl-client-side-apply']],
    ['kubectl apply --server-side', by('kubectl', 'Apply'), ['kubectl']],
    ['nobody, where the API server has filled it in', by('kubectl-client-side-apply', 'Update', unstated), []],
    ['Helm, where it is other than filled in', by('helm', 'Update'), ['helm']],
    [
      'nobody, where Helm has what is filled in',
      { ...by('helm', 'Update'), spec: { approval: { mode: 'Auto', plans: [] } } },
      [],
    ],
    ['nobody, where it was patched', by('kubectl-patch', 'Update'), []],
    ['nobody, where it was approved of by this program', by('mesh-migration-cli', 'Update'), []],
    [
      'nobody, where others apply other fields',
      {
        metadata: {
          managedFields: [{ manager: 'flux', operation: 'Apply', fieldsV1: { 'f:spec': { 'f:action': {} } } }],
        },
      },
      [],
    ],
  ])('that states the approval is that of %s', (_, given, names) => {
    expect(statersOf(picture(given).migration, approvalField)).toEqual(names);
    expect(decided(given).kind).toBe(names.length > 0 ? 'Stated' : 'Approve');
    expect(decided(given, { force: true }).kind).toBe('Approve');
  });
});

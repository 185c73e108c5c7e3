import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { objectSchema } from '../../src/api/crd.ts';
import { kinds } from '../../src/api/kinds.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { denial, type Admission } from '../support/admission-policy.ts';
import { operatorUser as operator } from '../support/impersonation.ts';
import { readManifests } from '../support/install.ts';
import { statusKeys } from '../support/status-keys.ts';
import { validateValue } from '../sim/apiserver/schema-validate.ts';

type Json = Readonly<Record<string, unknown>>;

const objects = readManifests('deploy/kustomize/admission.yaml');

function policyOf(list: readonly KubeObject[]): KubeObject {
  const policy = list.find(({ kind }) => kind === 'ValidatingAdmissionPolicy');
  if (policy === undefined) throw new Error('no policy');
  return policy;
}

const policy = policyOf(objects);

const others = statusKeys.filter(({ key }) => key !== 'phase');

function object(kind: string, status: unknown, metadata: Json = {}): Json {
  return {
    metadata: { name: 'shop', ...(kind === 'NamespaceMigration' && { namespace: 'shop-api' }), ...metadata },
    ...(status !== undefined && { status }),
  };
}

function statusEdit(kind: string, before: unknown, after: unknown, user = 'alice'): string | undefined {
  return denial(policy, {
    user,
    operation: 'UPDATE',
    kind,
    subresource: 'status',
    object: object(kind, after),
    oldObject: object(kind, before),
  });
}

function recordEdit(
  operation: Admission['operation'],
  before: Json | undefined,
  after: Json,
  user = 'alice',
): string | undefined {
  const oldObject = before === undefined ? undefined : object('NamespaceMigration', {}, before);
  return denial(policy, {
    user,
    operation,
    kind: 'NamespaceMigration',
    object: object('NamespaceMigration', {}, after),
    ...(oldObject !== undefined && { oldObject }),
  });
}

describe('the admission policy', () => {
  it.each(statusKeys)('is tried with what the schema takes as status.$key of a $kind', ({ resource, key, values }) => {
    const definition = kinds.find((each) => each.resource === resource);
    const schema = definition && objectSchema(definition).properties?.['status']?.properties?.[key];
    expect(schema).toBeDefined();
    const causes = values.flatMap((value) => validateValue(value, undefined, schema ?? {}, key));
    expect(causes).toEqual([]);
  });

  it.each(others)('denies to change status.$key of a $kind', ({ kind, key, values: [one, two] }) => {
    const edits = [
      [{ [key]: one }, { [key]: two }],
      [{ [key]: one }, {}],
      [{ [key]: one }, undefined],
      [{}, { [key]: one }],
      [undefined, { [key]: one }],
      [{ [key]: one }, { [key]: null }],
    ];

    expect(edits.map(([before, after]) => statusEdit(kind, before, after))).toEqual(
      edits.map(() => expect.stringContaining(`this edit changes ${key}. Give a command`)),
    );
    expect(edits.map(([before, after]) => statusEdit(kind, before, after, operator))).toEqual(
      edits.map(() => undefined),
    );
  });

  it('is asked about keys that have two values', () => {
    expect(others.length).toBeGreaterThan(20);
    expect(others.filter(({ values: [one, two] }) => isDeepStrictEqual(one, two))).toEqual([]);
  });

  it.each(['MeshMigration', 'NamespaceMigration'])(
    'denies to change a field of a %s that no version has yet',
    (kind) => {
      expect(statusEdit(kind, { phase: 'Migrating' }, { phase: 'Migrating', ofTomorrow: { a: [1] } })).toContain(
        'this edit changes ofTomorrow.',
      );
    },
  );

  it.each(['MeshMigration', 'NamespaceMigration'])(
    'lets anybody who has the right change status.phase of a %s',
    (kind) => {
      const rest = Object.fromEntries(
        others.filter((entry) => entry.kind === kind).map(({ key, values }) => [key, values[0]]),
      );
      const edits = [
        [
          { phase: 'Migrating', ...rest },
          { phase: 'RollingBack', ...rest },
        ],
        [rest, { phase: 'Paused', ...rest }],
        [undefined, { phase: 'Paused' }],
        [{ phase: 'Paused' }, undefined],
      ];

      expect(edits.map(([before, after]) => statusEdit(kind, before, after))).toEqual(edits.map(() => undefined));
    },
  );

  it('names every key of a mixed edit and the command that is admitted', () => {
    const message = statusEdit(
      'NamespaceMigration',
      { phase: 'Migrating', attempt: 1 },
      { phase: 'RollingBack', direction: 'Backward' },
    );

    expect(message).toMatch(/^only the operator writes a status, and this edit changes direction, attempt\. /);
    expect(message).toContain(
      `kubectl patch nsm shop -n shop-api --subresource=status --type=merge -p '{"status":{"phase":"RollingBack"}}'`,
    );
    expect(statusEdit('MeshMigration', {}, { startedAt: 'x' })).toContain('kubectl patch mm shop --subresource=status');
  });

  const label = 'meshmigration.dev/migration';
  it.each([
    ['a creation', 'CREATE', undefined, {}, 'only the operator creates'],
    [
      'a label of ours with another value',
      'UPDATE',
      { labels: { [label]: 'shop' } },
      { labels: { [label]: 'mine' } },
      'labels meshmigration.dev/',
    ],
    ['a label of ours that is taken away', 'UPDATE', { labels: { [label]: 'shop' } }, {}, 'labels meshmigration.dev/'],
    ['a label of ours that is added', 'UPDATE', {}, { labels: { [label]: 'shop' } }, 'labels meshmigration.dev/'],
    ['a finalizer', 'UPDATE', {}, { finalizers: ['example.com/hold'] }, 'takes no finalizer'],
  ] as const)('denies of a NamespaceMigration %s', (_what, operation, before, after, message) => {
    expect(recordEdit(operation, before, after)).toContain(message);
    expect(recordEdit(operation, before, after, operator)).toBeUndefined();
  });

  it('lets go what others need: labels of their own, and finalizers that are taken away', () => {
    const before = { labels: { [label]: 'shop' }, finalizers: ['foregroundDeletion'] };

    expect(recordEdit('UPDATE', before, { labels: { [label]: 'shop', team: 'a' } })).toBeUndefined();
  });

  it('asks about both kinds, whatever their version, and never about a deletion', () => {
    const { matchConstraints } = policy['spec'] as {
      matchConstraints: { resourceRules: readonly Record<string, readonly string[]>[] };
    };
    const plurals = kinds.map(({ resource }) => resource.plural);

    expect(matchConstraints.resourceRules[0]).toEqual({
      apiGroups: ['meshmigration.dev'],
      apiVersions: ['*'],
      operations: ['UPDATE'],
      resources: plurals.map((plural) => `${plural}/status`),
    });
    expect(matchConstraints.resourceRules.flatMap(({ operations = [] }) => operations)).not.toContain('DELETE');
  });

  it('is in force where it is installed: bound to everything, to deny, and closed when it fails', () => {
    const binding = objects.find(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding');

    expect(policy['spec']).toMatchObject({ failurePolicy: 'Fail' });
    expect(binding?.['spec']).toEqual({ policyName: policy.metadata.name, validationActions: ['Deny'] });
    expect(readManifests('deploy/kustomize/kustomization.yaml')[0]?.['resources']).toContain('admission.yaml');
  });

  it('knows the user under which the operator runs', () => {
    const [account] = readManifests('deploy/kustomize/rbac.yaml').filter(({ kind }) => kind === 'ServiceAccount');

    expect(operator).toBe(
      `system:serviceaccount:${String(account?.metadata.namespace)}:${String(account?.metadata.name)}`,
    );
  });
});

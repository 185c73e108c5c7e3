import { describe, expect, it } from '@jest/globals';
import { migrationSpec, namespace, root } from '../../test/support/mesh-fixtures.ts';
import type { MeshMigrationStatus } from '../api/mesh-migration-status.ts';
import { journalAnnotation, type MeshMigration } from '../api/resources.ts';
import type { NamespaceView } from '../mesh/views.ts';
import { journalText, type Journal } from './journal.ts';
import { scopeOf, type Scope } from './scope.ts';

interface Given {
  readonly name?: string;
  readonly names?: readonly string[];
  readonly selector?: object;
  readonly exclude?: readonly string[];
  readonly created?: string;
  readonly spec?: Parameters<typeof migrationSpec>[0];
  readonly status?: MeshMigrationStatus;
}

function migration({
  name = 'mm',
  names = [],
  selector,
  exclude = [],
  created = '2030-01-01T00:00:00Z',
  spec = {},
  status,
}: Given = {}): MeshMigration {
  return {
    metadata: { name, creationTimestamp: created },
    spec: migrationSpec({ ...spec, namespaces: { names, exclude, ...(selector && { selector }) } }),
    ...(status && { status }),
  };
}

function startedBy(name: string, more: Partial<Journal> = {}): string {
  return journalText({
    migration: name,
    uid: 'u',
    route: { from: 'IstioSidecar', to: 'IstioAmbient' },
    attempt: 1,
    direction: 'Forward',
    itinerary: 'L4',
    capturedAt: '2030-01-01T00:00:00Z',
    labels: {},
    set: {},
    ...more,
  });
}

function team(name: string, value: string, more: Partial<NamespaceView> = {}): NamespaceView {
  return namespace({ name, labels: { team: value }, ...more });
}

const own = 'migration-of-ours';

const cluster = [
  team('shop', 'a'),
  team('cart', 'a'),
  team('blog', 'b'),
  team('kube-system', 'a'),
  team(root, 'b'),
  team(own, 'd'),
  team('gone', 'c', { terminating: true }),
];

function scope(self: MeshMigration, others: readonly MeshMigration[] = [], namespaces = cluster): Scope {
  return scopeOf(self, [self, ...others], namespaces, [root, own]);
}

function ids({ findings }: Scope): readonly string[] {
  return findings.map(({ id, object }) => `${id} ${object}`);
}

describe('scopeOf', () => {
  it.each<[string, Given, readonly string[], readonly string[]]>([
    ['names, sorted', { names: ['shop', 'blog'] }, ['blog', 'shop'], []],
    ['a selector', { selector: { matchLabels: { team: 'a' } }, exclude: ['kube-system'] }, ['cart', 'shop'], []],
    [
      'names and a selector together',
      { names: ['blog'], selector: { matchLabels: { team: 'a' } }, exclude: ['kube-system'] },
      ['blog', 'cart', 'shop'],
      [],
    ],
    ['exclude before everything else', { names: ['shop'], exclude: ['shop', 'cart'] }, [], ['MM004 MeshMigration mm']],
    [
      'a selector that takes in a system namespace',
      { selector: { matchLabels: { team: 'a' } } },
      ['cart', 'shop'],
      ['MM001 Namespace kube-system'],
    ],
    [
      'a selector that takes in the namespace of the operator',
      { names: ['shop'], selector: { matchLabels: { team: 'd' } } },
      ['shop'],
      [`MM001 Namespace ${own}`],
    ],
    ['the namespace of the operator by name', { names: ['shop', own] }, ['shop'], [`MM001 Namespace ${own}`]],
    [
      'a selector that takes in the namespace of the control plane',
      { selector: { matchLabels: { team: 'b' } } },
      ['blog'],
      [`MM001 Namespace ${root}`],
    ],
    ['a namespace that does not exist', { names: ['shop', 'nowhere'] }, ['shop'], ['MM003 Namespace nowhere']],
    ['a namespace that is being deleted', { names: ['gone', 'shop'] }, ['shop'], []],
    ['nothing', { selector: { matchLabels: { team: 'z' } } }, [], ['MM004 MeshMigration mm']],
  ])('knows %s', (_case, given, namespaces, findings) => {
    const found = scope(migration(given));

    expect(found.namespaces).toEqual(namespaces);
    expect(ids(found)).toEqual(findings);
  });

  it('names every namespace in the lists of the spec that is not there, with the one that was probably meant', () => {
    const spec = {
      callers: [
        { namespace: 'shop', from: [{ namespace: 'crat' }, { namespace: 'blog' }] },
        { namespace: 'shpo', from: [] },
      ],
      policies: { direct: [{ namespace: 'crat', ports: [8080] }] },
      waypoint: { services: ['blog/api', 'crat/*'] },
      restart: { hboneNamespaces: { names: ['nothing-like-it'] } },
    };
    const found = scope(migration({ names: ['shop'], exclude: ['blgo', 'gone'], spec: migrationSpec(spec) }));

    expect(found.findings.map(({ id, severity, object, message }) => [id, severity, object, message])).toEqual([
      [
        'MM127',
        'Warning',
        'Namespace blgo',
        'it is named in spec.namespaces.exclude but does not exist; the nearest name that does is blog',
      ],
      [
        'MM127',
        'Warning',
        'Namespace crat',
        'it is named in spec.callers and spec.waypoint.services and spec.policies.direct but does not exist; the nearest name that does is cart',
      ],
      [
        'MM127',
        'Warning',
        'Namespace shpo',
        'it is named in spec.callers but does not exist; the nearest name that does is shop',
      ],
      [
        'MM127',
        'Warning',
        'Namespace nothing-like-it',
        'it is named in spec.restart.hboneNamespaces but does not exist',
      ],
    ]);
  });

  it('hides nothing critical by very many names that are not there', () => {
    const names = Array.from({ length: 200 }, (_, index) => `nowhere-${index}`);

    expect(ids(scope(migration({ names, exclude: ['x', ...names.map((name) => `${name}x`)] })))).toContain(
      'MM004 MeshMigration mm',
    );
  });

  describe('of a namespace that is started', () => {
    const injected = { 'istio-injection': 'enabled', 'istio.io/dataplane-mode': null };
    const flipped = { 'istio-injection': 'disabled', 'istio.io/dataplane-mode': 'ambient' };
    const started = (by: string, more: Partial<Journal> = {}): NamespaceView =>
      namespace({
        name: 'shop',
        labels: { team: 'a', ...flipped },
        annotations: { [journalAnnotation]: startedBy(by, { labels: injected, set: flipped, ...more }) },
      });
    const before = { matchLabels: { 'istio-injection': 'enabled' } };
    const never = { matchExpressions: [{ key: 'istio.io/dataplane-mode', operator: 'DoesNotExist' }] };
    const after = { matchLabels: { 'istio.io/dataplane-mode': 'ambient' } };
    const team = { matchLabels: { 'istio-injection': 'enabled', team: 'b' } };

    it.each([
      ['by those of data planes that it had before', started('mm'), before, true],
      ['not by those that it has now', started('mm'), after, false],
      ['by one that it had not before', started('mm'), never, true],
      ['by other labels as they are now', started('mm'), team, false],
      ['by those that it has now, by another migration', started('other'), before, false],
      ['by those that it has now where none is changed', started('mm', { itinerary: 'Hbone' }), after, true],
      ['by those of before on its way back', started('mm', { direction: 'Backward' }), before, true],
    ])('goes by labels: %s', (_case, view, selector, isIn) => {
      expect(scope(migration({ selector }), [], [view]).namespaces).toEqual(isIn ? ['shop'] : []);
    });
  });

  it('misses nobody when all that it has moved is to stay', () => {
    const given = { selector: { matchLabels: { team: 'z' } }, status: { startedAt: '2030-01-01T00:00:00Z' } };

    expect(ids(scope(migration({ ...given, spec: { action: 'Finalize' } })))).toEqual([]);
    expect(ids(scope(migration(given)))).toEqual(['MM004 MeshMigration mm']);
  });

  describe('with another migration over the same namespace', () => {
    const self = migration({ names: ['shop'], created: '2030-01-02T00:00:00Z' });
    const older = migration({ name: 'older', names: ['shop'] });

    it('gives it to the older one', () => {
      expect(ids(scope(self, [older]))).toEqual(['MM002 Namespace shop']);
      expect(ids(scope(older, [self]))).toEqual([]);
    });

    it('gives it by name to one of two of the same second', () => {
      const twin = migration({ name: 'twin', names: ['shop'], created: '2030-01-02T00:00:00Z' });

      expect(ids(scope(self, [twin]))).toEqual([]);
      expect(ids(scope(twin, [self]))).toEqual(['MM002 Namespace shop']);
    });

    it('leaves it to whoever has started it, older or not', () => {
      const begun = [team('shop', 'a', { annotations: { [journalAnnotation]: startedBy('mm') } })];

      expect(ids(scope(self, [older], begun))).toEqual([]);
      expect(ids(scope(older, [self], begun))).toEqual(['MM002 Namespace shop']);
      expect(scope(self, [older], begun).changed).toEqual(['shop']);
    });

    it('has it when the other has let go, or never meant it', () => {
      expect(
        ids(scope(self, [migration({ name: 'older', names: ['shop'], status: { writtenPhase: 'Finalized' } })])),
      ).toEqual([]);
      expect(ids(scope(self, [migration({ name: 'older', names: ['blog'] })]))).toEqual([]);
    });
  });

  describe('has nothing critical when what the fix says is done:', () => {
    const self = migration({ names: ['shop'], created: '2030-01-02T00:00:00Z' });
    const older = migration({ name: 'older', names: ['shop'] });
    const wide = migration({ selector: { matchLabels: { team: 'a' } } });
    const nobody = migration({ selector: { matchLabels: { team: 'z' } } });
    const named = (of: Scope): string => of.findings.map(({ fix }) => fix).join(' ');

    it.each([
      [
        'add kube-system to spec.namespaces.exclude',
        'add it to spec.namespaces.exclude',
        scope(wide),
        scope(migration({ selector: { matchLabels: { team: 'a' } }, exclude: ['kube-system'] })),
      ],
      [
        'narrow the selector',
        'or narrow the selector',
        scope(wide),
        scope(
          migration({
            selector: {
              matchLabels: { team: 'a' },
              matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-system'] }],
            },
          }),
          [],
          cluster.map((each) => ({ ...each, labels: { ...each.labels, 'kubernetes.io/metadata.name': each.name } })),
        ),
      ],
      [
        'take the namespace of the operator out of spec.namespaces.names',
        'out of spec.namespaces.names',
        scope(migration({ names: ['shop', own] })),
        scope(migration({ names: ['shop'] })),
      ],
      [
        'exclude it in the other one',
        'spec.namespaces.exclude of one of the two',
        scope(self, [older]),
        scope(self, [migration({ name: 'older', names: ['shop', 'blog'], exclude: ['shop'] })]),
      ],
      [
        'exclude it here',
        'spec.namespaces.exclude of one of the two',
        scope(migration({ names: ['shop', 'blog'], created: '2030-01-02T00:00:00Z' }), [older]),
        scope(migration({ names: ['shop', 'blog'], exclude: ['shop'], created: '2030-01-02T00:00:00Z' }), [older]),
      ],
      ['delete the other one', 'or delete older', scope(self, [older]), scope(self)],
      [
        'finalize what it has migrated',
        'or finalize what it has migrated',
        scope(self, [older]),
        scope(self, [{ ...older, status: { writtenPhase: 'Finalized' } }]),
      ],
      [
        'name a namespace',
        'Name the namespaces in spec.namespaces.names',
        scope(nobody),
        scope(migration({ names: ['shop'] })),
      ],
      [
        'label it as the selector asks',
        'the labels that spec.namespaces.selector asks for',
        scope(nobody),
        scope(nobody, [], [...cluster, team('new', 'z')]),
      ],
      [
        'take it out of the excluded ones',
        'take them out of spec.namespaces.exclude',
        scope(migration({ names: ['shop'], exclude: ['shop'] })),
        scope(migration({ names: ['shop'] })),
      ],
    ])('%s', (_what, says, before, after) => {
      expect(before.findings.map(({ severity }) => severity)).toContain('Critical');
      expect(named(before)).toContain(says);
      expect(after.findings.filter(({ severity }) => severity === 'Critical')).toEqual([]);
    });
  });

  it('stays within what the status may hold', () => {
    const names = Array.from({ length: 80 }, (_each, n) => `missing-${n}`);

    expect(scope(migration({ names: ['shop', ...names] })).findings).toHaveLength(50);
  });
});

import { describe, expect, it } from '@jest/globals';
import type { MeshMigration, NamespaceMigration } from '../../api/resources.ts';
import { MeshMigrationSpec } from '../../api/mesh-migration-spec.ts';
import type { Condition } from '../../api/common.ts';
import { painted } from '../terminal/line.ts';
import { wrapped } from '../terminal/wrapped.ts';
import { hostOf } from '../host.ts';
import { changes } from './changes.ts';
import { printTree, showing } from './show.ts';
import { tree } from './tree.ts';
import { stateOfAll, viewOf, type State } from './view.ts';
import { codeOf } from './watch.ts';

const goOn = `kubectl patch nsm shop -n a --subresource=status --type=merge -p '{"status":{"phase":"Migrating"}}'`;

function condition(type: string, reason: string, message: string, status: Condition['status'] = 'True'): Condition {
  return { type, status, reason, message, observedGeneration: 1, lastTransitionTime: '2030-01-01T00:00:00Z' };
}

function migration(status: MeshMigration['status'], spec: object = {}): MeshMigration {
  return {
    metadata: { name: 'shop', generation: 1 },
    spec: MeshMigrationSpec.parse({ from: 'IstioSidecar', to: 'IstioAmbient', namespaces: { names: ['a'] }, ...spec }),
    ...(status && { status: { observedGeneration: 1, ...status } }),
  };
}

function record(namespace: string, status: NamespaceMigration['status']): NamespaceMigration {
  return {
    metadata: { name: 'shop', namespace, generation: 1 },
    spec: { migration: 'shop', from: 'IstioSidecar', to: 'IstioAmbient' },
    ...(status && { status: { observedGeneration: 1, ...status } }),
  };
}

const ready = [condition('Ready', 'Migrated', 'all is there')];
const workload = {
  kind: 'Deployment',
  name: 'web',
  uid: 'u',
  step: 'RestartWorkloads',
  pods: 1,
  patches: 1,
  startedAt: '',
} as const;

const seen = {
  migrations: [
    migration({
      phase: 'Migrating',
      writtenPhase: 'Migrating',
      namespaces: {
        total: 3,
        pending: 1,
        blocked: 0,
        inFlight: 1,
        migrated: 1,
        incomplete: 0,
        rolledBack: 0,
        failed: 0,
      },
      conditions: [condition('Ready', 'Migrating', '1 of 3 namespaces migrated', 'False')],
    }),
  ],
  records: [
    record('longer-name', undefined),
    record('b', {
      phase: 'Migrated',
      writtenPhase: 'Migrated',
      conditions: ready,
      pods: { sidecar: 0, ambient: 2, none: 0, transitional: 0 },
    }),
    record('a', {
      phase: 'Paused',
      writtenPhase: 'Paused',
      step: 'RestartWorkloads',
      itinerary: 'L7',
      workloads: [{ ...workload, completedAt: 'x' }, workload],
      pods: { sidecar: 1, ambient: 1, none: 0, transitional: 0 },
      conditions: [condition('Stalled', 'Paused', `paused by ann. To go on: ${goOn}`)],
    }),
  ],
  homes: undefined,
};

function text(columns = 100): string {
  return tree(viewOf(seen), columns)
    .map((line) => painted(line, false))
    .join('\n');
}

describe('the tree', () => {
  it('has each namespace in columns, with the reason why it is stuck and the command that leads out', () => {
    expect(text()).toBe(
      [
        'MeshMigration shop  IstioSidecar to IstioAmbient, Plan  Migrating  1 of 3 namespaces migrated',
        '  1 of 3 namespaces migrated',
        '├─ a            Paused             RestartWorkloads  1 of 2 restarted  pods: 1 sidecar, 1 ambient  with waypoint',
        '│    Paused: paused by ann. To go on:',
        `│    ${goOn}`,
        '├─ b            Migrated                                               pods: 2 ambient',
        '└─ longer-name  not looked at yet',
      ].join('\n'),
    );
  });

  it.each<[string, NamespaceMigration['status']]>([
    [
      'taken back because of ProgressDeadlineExceeded: web was not through in 5m',
      { failure: { reason: 'ProgressDeadlineExceeded', message: 'web was not through in 5m', at: '' } },
    ],
    [
      'taken back by a command of kubectl-patch',
      { command: { action: 'Rollback', by: 'kubectl-patch', at: '2030-01-01T00:00:00Z' } },
    ],
  ])('says why a namespace goes back: %s', (words, status) => {
    const phase = { phase: 'RollingBack', writtenPhase: 'RollingBack' };
    const lines = (direction: 'Forward' | 'Backward'): string =>
      tree(
        viewOf({ migrations: [], records: [record('a', { ...phase, direction, ...status })], homes: undefined }),
        120,
      )
        .map((line) => painted(line, false))
        .join('\n');
    expect(lines('Backward')).toContain(words);
    expect(lines('Forward')).not.toContain('taken back');
  });

  it.each([40, 80, 200])('breaks no command at %d columns', (columns) => {
    expect(text(columns)).toContain(goOn);
  });

  it('says that there is nothing', () => {
    expect(tree({ migrations: [], namespaces: [] }, 80)).toEqual([[{ text: 'There is no MeshMigration.' }]]);
  });
});

describe('where something stands', () => {
  it.each<[State, string, MeshMigration['status'], number]>([
    ['InProgress', 'was not looked at', undefined, 4],
    [
      'InProgress',
      'was commanded and nobody has answered',
      { phase: 'Paused', writtenPhase: 'Migrated', conditions: ready },
      4,
    ],
    [
      'InProgress',
      'is of another generation',
      { observedGeneration: 0, phase: 'Migrated', writtenPhase: 'Migrated', conditions: ready },
      4,
    ],
    [
      'InProgress',
      'is ready for nobody',
      { phase: 'Migrated', writtenPhase: 'Migrated', conditions: [condition('Ready', 'x', '', 'Unknown')] },
      4,
    ],
    ['Done', 'has arrived', { phase: 'Migrated', writtenPhase: 'Migrated', conditions: ready }, 0],
    [
      'Stalled',
      'needs a person',
      { phase: 'Failed', writtenPhase: 'Failed', conditions: [...ready, condition('Stalled', 'x', '')] },
      1,
    ],
  ])('is %s where it %s', (state, _, status, code) => {
    const view = viewOf({ migrations: [migration(status)], records: [], homes: undefined });

    expect([stateOfAll(view), codeOf(view)]).toEqual([state, code]);
  });

  it('is nowhere done where there is nothing', () => {
    expect(codeOf({ migrations: [], namespaces: [] })).toBe(1);
  });

  it('tells of a wave by labels only where namespaces may be read', () => {
    const waves = [{ name: 'w', namespaces: { selector: { matchLabels: { team: 'x' } } } }];
    const view = viewOf({ ...seen, migrations: [migration(undefined, { waves })] }).migrations[0];

    expect(view?.waves.map(({ namespaces }) => namespaces.length)).toEqual([0, 0]);
    expect(view?.namespaces.map(({ namespace }) => namespace)).toEqual(['a', 'b', 'longer-name']);
  });
});

describe('a log', () => {
  it('has a line for what has changed, and for what is gone', () => {
    const [before, now] = [
      viewOf(seen),
      viewOf({
        ...seen,
        records: [record('b', { phase: 'Paused', writtenPhase: 'Paused' }), ...seen.records.slice(2)],
      }),
    ];
    const lines = changes(before, now, '12:00').map((line) => painted(line, true));

    expect(lines).toEqual(['12:00 shop namespace b: Paused', '12:00 shop namespace longer-name: gone']);
    expect(changes(now, now, '12:00')).toEqual([]);
  });
});

describe('what others wrote', () => {
  const odd = '\u001B[31m\u202E\n::error::stop ##[x]';

  it('acts on no terminal and on no runner of CI', () => {
    const shown = painted([{ text: odd, tone: 'bad' }], true);

    expect(shown).toMatch(/^\u001B\[31m[^\u001B\u202E\n]+\u001B\[0m$/);
    expect(shown).not.toContain('##');
  });

  it('is bounded', () => {
    const long = record('a', {
      phase: 'x',
      writtenPhase: 'x',
      conditions: [condition('Stalled', 'x', 'y'.repeat(9000))],
    });

    expect(viewOf({ ...seen, migrations: [], records: [long] }).namespaces[0]?.stalled?.message.length).toBe(2048);
  });
});

describe('a screen', () => {
  function screen(output: object, env: Readonly<Record<string, string>> = {}) {
    let written = '';
    const stdout = { ...output, write: (part: string) => (written += part) };
    return { host: hostOf({ stdin: process.stdin, stdout, stderr: stdout, env }), written: () => written };
  }

  it.each([
    ['a terminal', { isTTY: true }, {}, true],
    ['a terminal whose user wants none', { isTTY: true }, { NO_COLOR: '1' }, false],
    ['a terminal that has none', { isTTY: true }, { TERM: 'dumb' }, false],
    ['a pipe', {}, {}, false],
  ])('has colours on %s: %#', (_, output, env, colours) => {
    const { host, written } = screen(output, env);
    printTree(viewOf(seen), host);

    expect(written().includes('\u001B[31m')).toBe(colours);
  });

  it('is no higher than it is, and says what is left out', () => {
    const { host, written } = screen({ isTTY: true, columns: 60, rows: 6 }, { NO_COLOR: '1' });
    showing(host)(viewOf(seen), undefined);
    const lines = written().split('\n');

    expect(lines.length).toBeLessThanOrEqual(6);
    expect(lines.at(-2)).toMatch(/^… \d+ more lines/);
  });

  it('is taken for an ordinary one where it says that it has no size', () => {
    const { host, written } = screen({ isTTY: true, columns: 0, rows: 0 }, { NO_COLOR: '1' });
    showing(host)(viewOf(seen), undefined);

    expect(written()).toContain('longer-name');
  });

  it('says that what it shows may be old', () => {
    const { host, written } = screen({});
    const show = showing(host);
    show(viewOf(seen), 'GET /apis: 503');
    show(viewOf(seen), 'GET /apis: 503');

    expect(written().match(/What is shown may be old: GET \/apis: 503/g)).toHaveLength(1);
  });
});

describe('a paragraph', () => {
  it.each([
    ['', 10, []],
    ['one two three', 8, ['one two', 'three']],
    ['a word that-is-much-longer than that', 10, ['a word', 'that-is-much-longer', 'than that']],
    [`do: ${goOn}; or: ${goOn}. Or not`, 20, ['do:', goOn, 'or:', goOn, 'Or not']],
  ])('of %j at %d columns', (words, width, lines) => {
    expect(wrapped(words, width)).toEqual(lines);
  });
});

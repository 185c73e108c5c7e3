import { describe, expect, it } from '@jest/globals';
import { windowsClosed, windowsNear } from './gates.ts';
import { Gates } from './judge/gates.ts';
import { Plans } from './judge/plans.ts';
import type { Committed, JudgedKind, States } from './judge/states.ts';
import { areOpen } from './judge/windows.ts';
import { openingOf } from '../../src/plan/windows.ts';
import { seededRandom } from '../../src/base/random.ts';
import type { KubeObject } from '../../src/api/object.ts';
import type { Window } from '../../src/api/windows.ts';

/*
 * The judge of waves, windows and approvals, without an operator: what it lets begin, and what it accuses.
 */

const hash = (digit: string): string => `sha256:${digit.repeat(64)}`;

/** What is there, and what time it is, as the judge is told of it. */
class Court {
  now = 1_000_000;
  isTroubled = false;
  readonly #objects = new Map<string, KubeObject>();
  readonly #gates: Gates;

  constructor() {
    const states: Pick<States, 'all' | 'get'> = {
      all: (kind, namespace) =>
        [...this.#objects.values()].filter(
          (each) => each.kind === kind && (namespace === undefined || each.metadata.namespace === namespace),
        ),
      get: (kind, namespace, name) =>
        this.#objects.get(`${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`),
    };
    this.#gates = new Gates(
      states as States,
      { now: () => this.now, isTroubled: () => this.isTroubled, wallClock: () => this.now },
      () => false,
    );
  }

  change(kind: JudgedKind, after: KubeObject, by: 'Operator' | 'Person'): readonly string[] {
    const { namespace, name } = after.metadata;
    const key = namespace === undefined ? name : `${namespace}/${name}`;
    const change: Committed = { kind, key, before: this.#objects.get(`${kind} ${key}`), after };
    this.#objects.set(`${kind} ${key}`, { ...after, kind });
    this.#gates.committed(change);
    if (by === 'Operator') return this.#gates.written(change);
    this.#gates.edited(change);
    return [];
  }

  look(): readonly string[] {
    return this.#gates.look();
  }

  home(name: string, annotations: Readonly<Record<string, string>> = {}): void {
    this.change('Namespace', { metadata: { name, uid: `uid of ${name}`, annotations } }, 'Person');
  }

  migration(spec: object, annotations = {}, status = {}): void {
    const whole = { action: 'Migrate', namespaces: { names: ['a', 'b'] }, ...spec };
    this.change('MeshMigration', { metadata: { name: 'm', uid: 'm', annotations }, spec: whole, status }, 'Person');
  }

  record(name: string, status: object): void {
    this.change('NamespaceMigration', { metadata: { name: 'm', namespace: name }, status }, 'Operator');
  }

  begin(name: string, direction = 'Forward'): readonly string[] {
    const journal = JSON.stringify({ migration: 'm', direction });
    const before = this.#objects.get(`Namespace ${name}`)?.metadata.annotations;
    const annotations = { ...before, 'meshmigration.dev/journal': journal };
    return this.change('Namespace', { metadata: { name, uid: `uid of ${name}`, annotations } }, 'Operator');
  }

  pass(ms: number): void {
    this.now += ms;
  }
}

/** Two namespaces, and nothing that has happened for a while. */
function court(): Court {
  const made = new Court();
  made.home('a');
  made.home('b');
  return made;
}

const required = { approval: { mode: 'Required', plans: [hash('1')] } };
const always = { kind: 'Allow', schedule: '0-59/10 * * * *', duration: '9m' };

describe('the judge of windows', () => {
  it('reads those of the campaign as the operator does, at any moment', () => {
    const random = seededRandom(7);
    for (let tries = 0; tries < 200; tries++) {
      const at = Date.UTC(2026, 0, 1) + Math.floor(random() * 7_200_000);
      const windows = random() < 0.5 ? windowsNear(random, at) : windowsClosed(random, at);
      const asRead = windows.map((window): Window => ({ ...window, timeZone: 'UTC' }));
      expect([windows, at, areOpen(windows, at)]).toEqual([windows, at, openingOf(asRead, at).state === 'Open']);
    }
  });

  it('closes some at the moment that is asked for, and for minutes more', () => {
    const random = seededRandom(3);
    for (let at = Date.UTC(2026, 0, 1); at < Date.UTC(2026, 0, 1, 2); at += 61_000) {
      const windows = windowsClosed(random, at);
      expect([areOpen(windows, at), areOpen(windows, at + 100_000)]).toEqual([false, false]);
    }
  });

  it('accuses whoever begins while none is open, but for a moment after it has closed', () => {
    const early = court();
    early.migration({ windows: [{ ...always, kind: 'Deny' }] });
    early.pass(100_000);
    early.now = 12 * 60_000 + 3000;
    expect(early.begin('a')).toEqual(['Gate: a was begun, and no window is open']);
    early.now = 20 * 60_000 + 3000;
    expect(early.begin('b')).toEqual([]);
  });

  it('lets a way back begin at any time', () => {
    const back = court();
    back.migration({ windows: [{ ...always, kind: 'Deny' }] });
    back.now = 12 * 60_000 + 3000;
    expect(back.begin('a', 'Backward')).toEqual([]);
  });

  it('accuses a namespace that does not turn while all go back', () => {
    const back = court();
    back.migration({});
    back.begin('a');
    back.migration({ action: 'Rollback', windows: [{ ...always, kind: 'Deny' }] });
    back.pass(30_000);
    expect(back.look()).toEqual([]);
    back.pass(100_000);
    expect(back.look()).toEqual(['Gate: a is to go back, and does not turn']);
  });

  it('accuses whoever says that he waits for one that is open', () => {
    const idle = court();
    idle.migration({ windows: [always] });
    idle.record('a', { phase: 'Pending', message: 'window closed: by spec.windows nothing is started' });
    idle.now = 20 * 60_000 + 30_000;
    expect(idle.look()).toHaveLength(0);
    idle.pass(120_000);
    expect(idle.look().join()).toMatch(/^Gate: a says that no window is open: window closed/);
  });
});

describe('the judge of pauses', () => {
  const restarted = (by: string): KubeObject => ({
    metadata: { name: 'web', namespace: 'a' },
    spec: { template: { metadata: { annotations: { 'meshmigration.dev/restart': by } } } },
  });

  it.each([
    ['Forward', 'Pause', ['Gate: a goes on while all is held']],
    ['Forward', 'Migrate', []],
    ['Backward', 'Pause', []],
  ])('of a namespace that goes %s while %s is said', (direction, action, said) => {
    const paused = court();
    paused.migration({});
    paused.change('Deployment', restarted('1'), 'Person');
    paused.begin('a', direction);
    paused.migration({ action });
    paused.pass(3000);
    expect(paused.change('Deployment', restarted('2'), 'Operator')).toEqual([]);
    paused.pass(100_000);
    expect(paused.change('Deployment', restarted('3'), 'Operator')).toEqual(said);
  });
});

describe('the judge of freezes', () => {
  it('accuses whoever begins while the migration, or the namespace, is frozen', () => {
    const frozen = court();
    frozen.migration({}, { 'meshmigration.dev/freeze': '' });
    frozen.home('b', { 'meshmigration.dev/freeze': 'x' });
    frozen.pass(100_000);
    expect(frozen.begin('a')).toEqual(['Gate: a was begun, and the migration is frozen']);
    frozen.migration({});
    frozen.pass(100_000);
    expect(frozen.begin('b')).toEqual(['Gate: b was begun, and it is frozen']);
  });

  it('leaves a moment to learn of it, and more while watches may be stale', () => {
    const frozen = court();
    frozen.migration({});
    frozen.pass(100_000);
    frozen.migration({}, { 'meshmigration.dev/freeze': '' });
    frozen.pass(4000);
    expect(frozen.begin('a')).toEqual([]);
    frozen.isTroubled = true;
    frozen.pass(40_000);
    expect(frozen.begin('b')).toEqual([]);
  });
});

describe('the judge of approvals', () => {
  it('accuses whoever begins by a plan that nobody has approved of, or that was never shown', () => {
    const alone = court();
    alone.migration({ approval: { mode: 'Required', plans: [] } }, {}, { plan: { hash: hash('1') } });
    alone.pass(100_000);
    expect(alone.begin('a')).toEqual(['Gate: a was begun, and nobody has approved of its plan']);
    alone.migration({ approval: { mode: 'Required', plans: [hash('2')] } }, {}, { plan: { hash: hash('1') } });
    alone.pass(100_000);
    expect(alone.begin('b')).toEqual(['Gate: b was begun, and nobody has approved of its plan']);
  });

  it('takes the hash of all, of the wave, and of the namespace alone', () => {
    const waves = [{ name: 'w', namespaces: { names: ['a'] }, soak: '0s', maxFailures: 0 }];
    const shown = [{ hash: hash('1') }, { waves: [{ name: 'w', hash: hash('1') }] }, {}];
    for (const plan of shown) {
      const approved = court();
      approved.migration({ ...required, waves }, {}, { plan });
      if (Object.keys(plan).length === 0)
        approved.record('a', { phase: 'Pending', message: `waits until somebody approves, for example: ${hash('1')}` });
      approved.pass(100_000);
      expect([plan, approved.begin('a')]).toEqual([plan, []]);
    }
  });

  it('accuses whoever begins when its owner has stated something else since', () => {
    const changed = court();
    changed.migration(required, {}, { plan: { hash: hash('1') } });
    changed.pass(100_000);
    const policy = { metadata: { name: 'late', namespace: 'a' }, spec: { action: 'DENY' } };
    changed.change('AuthorizationPolicy', policy, 'Person');
    changed.pass(1000);
    changed.migration(required, {}, { plan: { hash: hash('2') } });
    changed.pass(100_000);
    expect(changed.begin('a')).toEqual(['Gate: a was begun, and its plan changed after it was approved of']);
    expect(changed.begin('b')).toEqual([]);
  });

  it('knows what a hash stands for: what was stated when it was shown first, or for long while it was', () => {
    const plans = new Plans();
    plans.state('one', 0);
    plans.show(new Set(['h']), 100_000, false);
    plans.state('two', 200_000);
    plans.show(new Set(['i']), 201_000, false);
    expect([plans.covers('h', 300_000), plans.covers('i', 300_000)]).toEqual([false, true]);
    plans.state('one', 400_000);
    expect([plans.covers('h', 500_000), plans.covers('i', 500_000)]).toEqual([true, true]);
  });
});

describe('the judge of waves', () => {
  const wave = { name: 'w', namespaces: { names: ['a'] }, soak: '1m', maxFailures: 0 };
  const early = 'Gate: b was begun, and wave w has not arrived and soaked';

  it.each([
    ['has not begun', 'Pending', 200_000, early],
    ['is under way', 'Migrating', 200_000, early],
    ['has arrived, and has not soaked', 'Migrated', 30_000, early],
    ['has soaked', 'Migrated', 61_000, undefined],
    ['is blocked, and nobody may be', 'Blocked', 200_000, early],
  ])('lets nobody else begin before a wave is over: one that %s', (_what, phase, ms, said) => {
    const judged = court();
    judged.migration({ waves: [wave] });
    judged.record('a', { phase });
    judged.pass(ms);
    expect(judged.begin('b')).toEqual(said === undefined ? [] : [said]);
  });

  it('leaves out of account as many as may fail', () => {
    const judged = court();
    judged.migration({ waves: [{ ...wave, maxFailures: 1 }] });
    judged.record('a', { phase: 'Blocked' });
    judged.pass(61_000);
    expect(judged.begin('b')).toEqual([]);
  });

  it('has it soak anew by one that goes back, and keeps what was over', () => {
    const judged = court();
    judged.migration({ waves: [wave] });
    judged.record('a', { phase: 'Migrated' });
    judged.pass(30_000);
    judged.record('a', { phase: 'RollingBack' });
    judged.pass(10_000);
    judged.look();
    judged.record('a', { phase: 'Migrated' });
    judged.pass(40_000);
    judged.look();
    expect(judged.begin('b')).toEqual([early]);

    const over = court();
    over.migration({ waves: [wave] });
    over.record('a', { phase: 'Migrated' });
    over.pass(61_000);
    over.look();
    over.record('a', { phase: 'RollingBack' });
    over.pass(100_000);
    expect(over.begin('b')).toEqual([]);
  });

  it('passes by one that goes by labels and has nobody, and holds one that names somebody who is not there', () => {
    const judged = court();
    judged.migration({ waves: [{ ...wave, namespaces: { selector: { matchLabels: { tier: 'x' } } } }] });
    judged.pass(100_000);
    expect(judged.begin('b')).toEqual([]);

    const misspelt = court();
    misspelt.migration({ waves: [{ ...wave, namespaces: { names: ['aa'] } }] });
    misspelt.pass(100_000);
    expect(misspelt.begin('b')).toEqual([early]);
  });
});

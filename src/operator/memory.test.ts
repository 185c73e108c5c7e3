import { describe, expect, it } from '@jest/globals';
import { migrationSpec, namespace } from '../../test/support/mesh-fixtures.ts';
import { VirtualClock } from '../../test/sim/virtual-clock.ts';
import { seededRandom } from '../base/random.ts';
import type { MeshMigration, NamespaceMigration } from '../api/resources.ts';
import type { Effort } from '../engine/efforts.ts';
import { namespaces } from '../engine/resources.ts';
import { lateMs } from '../engine/sweep.ts';
import { ForbiddenError } from '../kube/errors.ts';
import { Memory, type Remembered } from './memory.ts';
import { RecordRefusals } from './record-refusals.ts';

type Uids = readonly [home: string, record: string, migration: string];

const record = (uid: string): NamespaceMigration => ({
  metadata: { name: 'mm', namespace: 'shop', uid },
  spec: { migration: 'mm', from: 'IstioSidecar', to: 'IstioAmbient' },
});
const denied = new ForbiddenError({
  request: { server: 's', method: 'PATCH', path: '/' },
  code: 403,
  reason: 'Forbidden',
  message: 'no',
});

function subjectOf(memory: Memory, [home, child, migration]: Uids): Remembered {
  const object: MeshMigration = { metadata: { name: 'mm', uid: migration }, spec: migrationSpec() };
  return memory.subject(record(child), object, namespace({ name: 'shop', uid: home }));
}

function everythingKnown(): { readonly memory: Memory; readonly records: RecordRefusals; readonly first: Remembered } {
  const clock = new VirtualClock({ random: seededRandom(1) });
  const records = new RecordRefusals(clock);
  const memory = new Memory(clock, records);
  const first = subjectOf(memory, ['h', 'r', 'm']);
  memory.parking.note(first, { status: { direction: 'Backward' }, next: { kind: 'Wait', parked: 'Waits' } }, false);
  memory.refusals.note(first.key, 'PATCH', 'no', false);
  memory.swept(first, namespace({ name: 'shop', uid: 'h' }), lateMs);
  const effort: Effort = { part: 'PATCH', resource: namespaces, namespace: undefined, name: 'shop', wanted: {} };
  memory.fights.wrote(memory.way(first), effort);
  memory.fights.tell(memory.way(first), effort, 'undone');
  for (let n = 0; n < 3; n += 1) records.statusFailed(record('r'), denied);
  return { memory, records, first };
}

function isKnown(
  { memory, records, first }: ReturnType<typeof everythingKnown>,
  now: Remembered = first,
): readonly boolean[] {
  return [
    memory.parking.around(now).has('shop'),
    memory.refusals.of(now.key).size > 0,
    memory.isSwept(now, namespace({ name: 'shop', uid: 'h' })),
    memory.quiet.isSwept(now.key),
    memory.fights.of(memory.way(now)).size > 0,
    records.ofStatus(record('r')) !== undefined,
  ];
}

const [all, none] = [
  [true, true, true, true, true, true],
  [false, false, false, false, false, false],
];

describe('what is kept about a namespace', () => {
  it('is there for as long as the objects are', () => {
    const known = everythingKnown();
    expect(isKnown(known, subjectOf(known.memory, ['h', 'r', 'm']))).toEqual(all);
  });

  it.each<[string, Uids]>([
    ['namespace', ['other', 'r', 'm']],
    ['record', ['h', 'other', 'm']],
    ['migration', ['h', 'r', 'other']],
  ])('is not inherited by another %s of the same name, and not kept besides', (_what, uids) => {
    const known = everythingKnown();
    expect(isKnown(known, subjectOf(known.memory, uids))).toEqual(none);
    expect(isKnown(known)).toEqual(none);
  });

  it.each<[string, Uids, boolean]>([
    ['namespace', ['other', 'r', 'm'], false],
    ['record', ['h', 'other', 'm'], true],
    ['migration', ['h', 'r', 'other'], false],
  ])('is how long it has waited with another %s of the same name: %s', (_what, uids, isKept) => {
    let now = 0;
    const clock = { now: () => now, monotonic: () => now };
    const memory = new Memory(clock as never, new RecordRefusals(clock));
    memory.stopwatch.looked(subjectOf(memory, ['h', 'r', 'm']).waits, ['a']);
    now = 1000;
    memory.gone('shop', 'mm', false);
    const { waits } = subjectOf(memory, uids);
    expect(memory.stopwatch.read(waits)('a')).toBe(isKept ? 1000 : 0);
    memory.gone('shop', 'mm', true);
    expect(memory.stopwatch.read(waits)('a')).toBe(0);
  });

  it('goes when nothing is there any more', () => {
    const known = everythingKnown();
    known.memory.gone('shop', 'mm', true);
    expect(isKnown(known)).toEqual(none);
  });
});

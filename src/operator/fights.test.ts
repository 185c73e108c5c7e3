import { describe, expect, it } from '@jest/globals';
import { fc } from '../../test/support/properties.ts';
import type { Effort } from '../engine/efforts.ts';
import { services } from '../engine/resources.ts';
import { Fights } from './fights.ts';

const tenMinutes = 10 * 60_000;

function effort(value: string, name = 'api'): Effort {
  return { part: `PATCH ${name}`, resource: services, namespace: 'shop', name, wanted: { label: value } };
}

class World {
  ms = 0;
  readonly fights = new Fights({ monotonic: () => this.ms });

  /** Writes as often as it may for ten minutes; returns how often that was. */
  fight(efforts: readonly Effort[]): number {
    const end = this.ms + tenMinutes;
    let writes = 0;
    for (let turn = 0; this.ms < end; turn += 1) {
      const next = efforts[turn % efforts.length]!;
      this.ms += this.fights.dueInMs('shop', next) + 1;
      this.fights.wrote('shop', next);
      writes += 1;
    }
    return writes;
  }
}

describe('what is written and does not last', () => {
  it('is written some dozens of times in ten minutes, whatever is wanted of the object in turn', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 3 }), (values) => {
        expect(new World().fight(values.map((value) => effort(value)))).toBeLessThanOrEqual(45);
      }),
    );
  });

  it('is compared with no more than a hundred of what it was, however often it is another', () => {
    const world = new World();
    const many = Array.from({ length: 150 }, (_each, n) => effort(`v${n}`));
    for (let round = 0; round < 40; round += 1) for (const each of many) world.fights.wrote('shop', each);
    expect(many.map((each) => world.fights.dueInMs('shop', each)).filter((ms) => ms > 0)).toEqual([]);
  });

  it('is never given up', () => {
    const world = new World();
    world.fight([effort('a')]);
    for (let time = 0; time < 20; time += 1) {
      const before = world.ms;
      world.ms += world.fights.dueInMs('shop', effort('a'));
      expect(world.ms - before).toBeLessThanOrEqual(60_000);
      world.fights.wrote('shop', effort('a'));
    }
  });

  it('keeps nothing else back', () => {
    const world = new World();
    world.fight([effort('a')]);
    expect([
      world.fights.dueInMs('shop', effort('b')),
      world.fights.dueInMs('shop', effort('a', 'web')),
      world.fights.dueInMs('blog', effort('a')),
    ]).toEqual([0, 0, 0]);
  });

  it('is another matter when something else of ours came in between', () => {
    const world = new World();
    for (let time = 0; time < 8; time += 1) {
      for (const each of ['bound', 'free']) {
        expect(world.fights.dueInMs('shop', effort(each))).toBe(0);
        world.fights.wrote('shop', effort(each));
      }
    }
  });

  it('is told until it has lasted for a time, and forgotten when it has lasted for long', () => {
    const world = new World();
    world.fight([effort('a')]);
    expect(world.fights.tell('shop', effort('a'), 'changed back')).toBe(true);
    expect(world.fights.tell('shop', effort('a'), 'changed back')).toBe(false);
    expect([...world.fights.of('shop')]).toEqual([
      ['PATCH api', expect.objectContaining({ message: 'changed back', undone: true })],
    ]);
    world.ms += world.fights.overInMs('shop') ?? 0;
    expect(world.fights.of('shop').size).toBe(0);
    expect(world.fights.overInMs('shop')).toBeUndefined();
    expect(world.fights.isFought('shop', effort('a'))).toBe(true);
    world.ms += 15 * 60_000;
    world.fights.wrote('shop', effort('a', 'web'));
    expect(world.fights.isFought('shop', effort('a'))).toBe(false);
  });
});

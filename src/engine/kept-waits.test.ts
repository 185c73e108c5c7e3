import { describe, expect, it } from '@jest/globals';
import { service } from '../../test/support/mesh-fixtures.ts';
import { NamespaceWorld } from '../../test/support/namespace-world.ts';
import { journalAnnotation } from '../api/resources.ts';
import type { Itinerary } from '../mesh/adapter.ts';
import { decideSafely } from './decide-safely.ts';
import type { Situation } from './situation.ts';

/** A namespace whose labels are changed, and whose workloads are being restarted. */
function underWay(): Situation {
  const world = new NamespaceWorld();
  for (let round = 0; world.atStart || world.status?.step !== 'RestartWorkloads'; round += 1) {
    if (round > 200) throw new Error(`never came to it: ${JSON.stringify(world.status)}`);
    world.round();
  }
  return world.situation();
}

/** Somebody has changed the labels of a Service by which it is known what protects its pods. */
function withServiceRelabelled(given: Situation): Situation {
  const { adapter, surroundings } = given;
  const { namespace } = surroundings;
  const target = 'istio.io/use-waypoint';
  const journal = JSON.parse(namespace.annotations[journalAnnotation] ?? '{}') as object;
  const services = [[{ [target]: 'mine' }, 'web']];
  const annotations = { ...namespace.annotations, [journalAnnotation]: JSON.stringify({ ...journal, services }) };
  const itinerary = (...all: Parameters<typeof adapter.itinerary>): Itinerary => {
    const known = adapter.itinerary(...all);
    const work = { kind: 'BindServices', targets: { [target]: null }, services: () => [], keeps: () => [] } as const;
    return { ...known, forward: [...known.forward, { name: 'UnbindWaypoint', why: '', work }] };
  };
  return {
    ...given,
    adapter: { ...adapter, itinerary },
    remembered: undefined,
    surroundings: {
      ...surroundings,
      namespace: { ...namespace, annotations },
      services: [service({ name: 'web', labels: { [target]: 'another' } })],
    },
  };
}

/** A check of ours stumbles over something. */
function withFault(given: Situation): Situation {
  const findings = (): never => {
    throw new Error('a fault');
  };
  return { ...given, adapter: { ...given.adapter, findings } };
}

describe('a look that holds a namespace for a moment', () => {
  it.each([
    ['because somebody has changed the labels of a Service', withServiceRelabelled, /labels of Service/],
    ['because a check stumbles', withFault, /MM000|internal/i],
  ])('has no wait begin anew: %s', (_why, hold, said) => {
    const given = underWay();
    expect(decideSafely(given).kept).toBeUndefined();
    const { status, kept } = decideSafely(hold(given));
    expect(status.message).toMatch(said);
    expect(kept).toEqual({ except: [] });
  });
});

describe('a namespace that somebody has stopped', () => {
  it('has no wait begin anew, and none go on', () => {
    const given = underWay();
    const { status, kept } = decideSafely({ ...given, wanted: 'Pause' });
    expect(status.phase).toBe('Paused');
    expect(kept).toEqual({ except: [], still: true });
  });
});

import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import type { Move } from './history.ts';
import { labelsOf, type Mode } from './stage.ts';
import { Theirs } from './judge/theirs.ts';
import type { States } from './judge/states.ts';
import type { Call, Peer, Plane } from './judge/traffic.ts';
import { oneIn } from '../support/sample.ts';
import { play } from './play.ts';

/*
 * What the judge leaves to people: only what nobody but them has opened, and only for as long as the operator has nothing to do with it.
 */

const ambient = { annotations: { 'ambient.istio.io/redirection': 'enabled' } };

function pod(uid: string, metadata: object = {}): KubeObject {
  return { kind: 'Pod', metadata: { name: uid, namespace: 'books', uid, ...metadata } };
}

function home(mode: Mode, annotations: Readonly<Record<string, string>> = {}): KubeObject {
  return { kind: 'Namespace', metadata: { name: 'books', labels: labelsOf(mode), annotations } };
}

/** What is known of books, which was in ambient, with its Service web behind its waypoint gate. */
function theirsOf(objects: readonly KubeObject[]): Theirs {
  const states: Pick<States, 'all' | 'get'> = {
    all: (kind) => objects.filter((each) => each.kind === kind),
    get: (kind) => objects.find((each) => each.kind === kind),
  };
  const theirs = new Theirs(states as States, { plane: () => 'Ambient', gateway: () => 'gate' });
  theirs.start(['books']);
  return theirs;
}

function peerIn(plane: Plane): Peer {
  return { namespace: 'books', account: 'web', labels: {}, plane, hbone: false };
}

function callTo(plane: Plane): Call {
  const to = peerIn(plane);
  return { from: { ...to, account: 'api' }, to, service: 'web', method: 'GET', path: '/' };
}

const gone = { kind: 'Gateway', key: 'books/gate', before: undefined, after: undefined } as const;

/** Histories in which people have opened something, and nobody else. */
const left: readonly (readonly [seed: number, moves: readonly Move[]])[] = [
  [2024, []],
  [2758, [{ at: 8531, kind: 'Action', name: 'waypoint deleted', dice: 366_449_085 }]],
  [3157, [{ at: 9193, kind: 'Action', name: 'pods never ready', dice: 1_527_803_185 }]],
  [
    63_030,
    [
      { at: 4726, kind: 'Action', name: 'MeshMigration deleted', dice: 986_140_264 },
      { at: 111_820, kind: 'Action', name: 'record with other labels', dice: 1_479_491_047 },
    ],
  ],
];

describe('what people have opened themselves', () => {
  it('are pods that were outside before, until they are in the mesh once', () => {
    const theirs = theirsOf([home('IstioSidecar'), pod('out'), pod('in', ambient)]);
    expect([theirs.isStray(pod('out')), theirs.isStray(pod('in')), theirs.isStray(pod('new'))]).toEqual([
      true,
      false,
      false,
    ]);
    theirs.committed({ kind: 'Pod', key: 'books/out', before: pod('out'), after: pod('out', ambient) });
    expect(theirs.isStray(pod('out'))).toBe(false);
  });

  it('is a namespace that was moved by hand before, until the operator changes anything there', () => {
    expect(theirsOf([home('IstioAmbient')]).isMovedByHand(peerIn('Sidecar'))).toBe(false);

    const theirs = theirsOf([home('IstioSidecar')]);
    expect([theirs.isMovedByHand(peerIn('Sidecar')), theirs.isMovedByHand(peerIn('Ambient'))]).toEqual([true, false]);
    theirs.written({ kind: 'NamespaceMigration', key: 'books/campaign', before: undefined, after: undefined });
    expect(theirs.isMovedByHand(peerIn('Sidecar'))).toBe(true);
    theirs.written({ kind: 'Namespace', key: 'books', before: undefined, after: undefined });
    expect(theirs.isMovedByHand(peerIn('Sidecar'))).toBe(false);
  });

  it('is a waypoint that they have deleted, until it is there again or the namespace is under way', () => {
    const theirs = theirsOf([home('IstioAmbient')]);
    expect(theirs.isWithoutWaypoint(callTo('Ambient'))).toBe(false);
    theirs.edited(gone);
    expect(theirs.isWithoutWaypoint(callTo('Ambient'))).toBe(true);
    theirs.edited({ ...gone, after: pod('gate') });
    expect(theirs.isWithoutWaypoint(callTo('Ambient'))).toBe(false);

    const underWay = theirsOf([home('IstioAmbient', { 'meshmigration.dev/journal': '{}' })]);
    underWay.edited(gone);
    expect(underWay.isWithoutWaypoint(callTo('Ambient'))).toBe(false);
  });

  it.each(oneIn(4, left))('is not held against the operator: %i', async (seed, moves) => {
    expect((await play({ seed, ending: 'Delete', moves })).violations).toEqual([]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { clauses } from '../../test/support/mesh-contract.ts';
import type { Itinerary, MeshAdapter, StepPlan } from './adapter.ts';
import { istio } from './istio/adapter.ts';
import { meshes } from './meshes.ts';

type Clause = keyof typeof clauses;

const all = Object.keys(clauses) as readonly Clause[];

describe.each(meshes.all.map((mesh) => [mesh.name, mesh] as const))('%s', (_name, mesh) => {
  it.each(all)('%s', (clause) => {
    expect(clauses[clause](mesh)).toEqual([]);
  });
});

function walking(change: (steps: Itinerary) => Itinerary): MeshAdapter {
  return { ...istio, itinerary: (...asked) => change(istio.itinerary(...asked)) };
}

function without(name: string): (steps: readonly StepPlan[]) => readonly StepPlan[] {
  return (steps) => steps.filter((step) => step.name !== name);
}

let asked = 0;

/** A mesh that breaks a clause, in each of the ways that it is there for. */
const wrong: Readonly<Record<Clause, readonly MeshAdapter[]>> = {
  'looks at each kind once, under one name': [
    { ...istio, watched: [...istio.watched, ...istio.watched.slice(0, 1)] },
    { ...istio, watched: istio.watched.map((row) => ({ ...row, kind: 'Policy' })) },
  ],
  'looks at all that it makes': [{ ...istio, watched: istio.watched.slice(1) }],
  'has each finding once': [{ ...istio, findingIds: ['MM020', 'MM021', 'MM020'] }],
  'has a mode of its own for each data plane': [{ ...istio, modeFor: () => 'Ambient' }],
  'takes no pods of its own accord that are in no data plane': [{ ...istio, captures: () => true }],
  'knows each way, there and back': [
    walking(({ forward }) => ({ forward, backward: [] })),
    walking(({ backward }) => ({ forward: [], backward })),
  ],
  'names each step as the API does, and once': [
    walking(({ forward, backward }) => ({ forward: [...forward, ...forward.slice(0, 1)], backward })),
    walking(({ forward, backward }) => ({
      forward,
      backward: backward.map((step) => ({ ...step, name: 'Undo' as StepPlan['name'] })),
    })),
  ],
  'changes no label that it does not have recorded': [{ ...istio, labels: istio.labels.slice(1) }],
  'goes back after any step to the labels it began with': [
    walking(({ forward, backward }) => ({ forward, backward: without('RestoreCapture')(backward) })),
  ],
  'takes back all that it makes and binds': [
    walking(({ forward, backward }) => ({ forward, backward: without('RemovePolicies')(backward) })),
    walking(({ forward, backward }) => ({ forward, backward: without('UnbindWaypoint')(backward) })),
  ],
  'knows where its labels lead': [{ ...istio, arrived: () => false }],
  'answers without changing what it is given, and the same again': [
    { ...istio, explain: () => [`asked ${(asked += 1)} times`] },
    {
      ...istio,
      order: (surroundings) => {
        try {
          (surroundings.workloads as unknown[]).push({});
        } catch (error) {
          surroundings.onFault?.('the order', error);
        }
        return [];
      },
    },
  ],
  'asks for no kind that it does not look at': [
    { ...istio, heldBefore: ({ mesh }) => mesh.configs('Unheard').map(({ name }) => name) },
    { ...istio, refuses: ({ mesh }) => (mesh.serves('Unheard') ? 'shop' : undefined) },
  ],
  'tells nothing by an id that it does not name': [
    { ...istio, findingIds: istio.findingIds.slice(0, 1) },
    {
      ...istio,
      findings: () => [{ id: 'MM009', severity: 'Critical', object: 'a', message: 'internal error', fix: 'none' }],
    },
  ],
};

describe('a mesh that does not keep the contract', () => {
  it.each(all.flatMap((clause) => wrong[clause].map((mesh, index) => [clause, index + 1, mesh] as const)))(
    'is found where it %s: not so, in way %i',
    (clause, _way, mesh) => {
      expect(clauses[clause](mesh)).not.toEqual([]);
    },
  );
});

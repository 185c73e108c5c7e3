import { describe, expect, it } from '@jest/globals';
import { questions } from '../../../test/fuzz/questions.ts';
import { installed, mesh, namespace, plainPod, captured, surroundings } from '../../../test/support/mesh-fixtures.ts';
import { ingredients, theirHome, type Theirs } from '../../../test/support/stranger-shapes.ts';
import type { MeshState, Surroundings } from '../adapter.ts';
import { istio } from './adapter.ts';
import { watched } from './settings/resources.ts';

const none: readonly never[] = [];

/** `shop` beside a stranger, and the kinds of which it looks at what does not stand in `shop`. */
function reading(
  theirs: Theirs,
  more: Partial<Surroundings>,
): { readonly given: Surroundings; readonly kinds: Set<string> } {
  const given = surroundings(more);
  const kinds = new Set<string>();
  const all = mesh([...installed, ...(theirs.configs ?? none)]);
  const of = <T>(name: string, lists: readonly T[] | undefined): readonly T[] =>
    name === theirHome ? (lists ?? none) : none;
  const state: MeshState = {
    ...all,
    inhabitedNamespaces: () => ['shop', theirHome],
    configs: (kind, home) => {
      if (home === undefined || home === theirHome) kinds.add(kind);
      return all.configs(kind, home);
    },
    labelsOf: () => ({ 'istio-injection': 'enabled' }),
    pods: (name) => of(name, theirs.pods),
    workloads: (name) => of(name, theirs.workloads),
    otherTemplates: (name) => of(name, theirs.otherTemplates),
    services: (name) => (name === undefined ? (theirs.services ?? none) : of(name, theirs.services)),
  };
  return { given: { ...given, mesh: state }, kinds };
}

const ways: readonly Partial<Surroundings>[] = [
  {},
  { route: { from: 'None', to: 'IstioAmbient' }, pods: [plainPod()], namespace: namespace({ labels: {} }) },
  {
    route: { from: 'IstioAmbient', to: 'IstioSidecar' },
    namespace: namespace({ labels: { 'istio.io/dataplane-mode': 'ambient' } }),
    pods: [plainPod(captured)],
    itinerary: 'L4',
  },
];

describe('a kind of which only the own objects matter', () => {
  const own = watched.filter(({ isOwn }) => isOwn === true).map(({ kind }) => kind);

  it('is none of which anybody looks at what others have: whoever does is woken by it', () => {
    const read = new Set<string>();
    for (const make of Object.values(ingredients))
      for (const way of ways) {
        const { given, kinds } = reading(make(2), way);
        for (const [, ask] of questions(istio, given)) ask();
        for (const kind of kinds) read.add(kind);
      }

    expect(read.size).toBeGreaterThan(10);
    expect(own.filter((kind) => read.has(kind))).toEqual([]);
    expect([...read].filter((kind) => !watched.some((each) => each.kind === kind))).toEqual([]);
  });
});

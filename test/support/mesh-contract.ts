import { isDeepStrictEqual } from 'node:util';
import { Mode, type DataPlane } from '../../src/api/common.ts';
import { ItineraryName, StepName } from '../../src/api/namespace-migration.ts';
import type {
  Itinerary,
  LabelTargets,
  MeshAdapter,
  Route,
  StepPlan,
  StepWork,
  Surroundings,
} from '../../src/mesh/adapter.ts';
import { internalErrorId } from '../../src/mesh/internal-error.ts';
import { kindsOf, ofKind } from '../../src/mesh/kinds.ts';
import { questions } from '../fuzz/questions.ts';
import {
  config,
  installed,
  mesh as meshOf,
  namespace,
  plainPod,
  present,
  root,
  surroundings,
} from './mesh-fixtures.ts';

/** A way of a mesh, with the labels of a namespace that begins it. */
interface Way {
  readonly route: Route;
  readonly name: ItineraryName;
  readonly original: LabelTargets;
}

function labelsAfter(steps: readonly StepPlan[], start: LabelTargets): LabelTargets {
  return steps.reduce((labels, { work }) => (work.kind === 'Labels' ? { ...labels, ...work.targets } : labels), start);
}

/** The labels of a namespace that a mesh has brought to a data plane. */
function labelsAt(mesh: MeshAdapter, dataPlane: DataPlane): LabelTargets {
  const nothing = Object.fromEntries(mesh.labels.map((label) => [label, null]));
  if (dataPlane === 'None') return nothing;
  return labelsAfter(mesh.itinerary({ from: 'None', to: dataPlane }, nothing, 'L4').forward, nothing);
}

/** Every way that the mesh says it knows. */
function waysOf(mesh: MeshAdapter): readonly Way[] {
  const sides: readonly DataPlane[] = [...mesh.dataPlanes, 'None'];
  const routes = sides.flatMap((from) => sides.filter((to) => to !== from).map((to) => ({ from, to })));
  return routes.flatMap((route) =>
    ItineraryName.options.map((name) => ({ route, name, original: labelsAt(mesh, route.from) })),
  );
}

function titleOf({ route: { from, to }, name }: Way): string {
  return `${from} to ${to} by ${name}`;
}

/** Freezes it and all that it holds: whoever changes what he is given throws. */
function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const each of Object.values(value)) frozen(each);
  return value;
}

/** A namespace at the start of a way, with an object of every kind that the mesh looks at, here and in its own place. */
function pictureOf(mesh: MeshAdapter, { route, original }: Way, kinds = new Set<string>()): Surroundings {
  const table = kindsOf(mesh.watched);
  const objects = [...table.keys()].flatMap((kind) =>
    ['shop', root].map((home) => config(kind, {}, { namespace: home, uid: `${kind} ${home}` })),
  );
  const all = meshOf([...installed, ...objects]);
  return frozen(
    surroundings({
      route,
      namespace: namespace({ labels: present(original) }),
      pods: [plainPod()],
      mesh: {
        ...all,
        configs: (kind, home) => {
          kinds.add(kind);
          return frozen(all.configs(ofKind(table, kind).kind, home));
        },
        serves: (kind) => {
          kinds.add(kind);
          return all.serves(ofKind(table, kind).kind);
        },
      },
    }),
  );
}

function ofWork<K extends StepWork['kind']>(
  steps: readonly StepPlan[],
  kind: K,
): readonly (Extract<StepWork, { kind: K }> & { readonly step: StepName })[] {
  return steps.flatMap(({ name, work }) =>
    work.kind === kind ? [{ ...(work as Extract<StepWork, { kind: K }>), step: name }] : [],
  );
}

/** What is made on the way there and on the way back, and who takes it back. */
function leftBehind({ forward, backward }: Itinerary): readonly string[] {
  const removed = ofWork([...forward, ...backward], 'Remove').flatMap(({ steps }) => steps);
  const unbound = ofWork([...forward, ...backward], 'UnbindServices').flatMap(({ keys }) => keys);
  return [
    ...ofWork([...forward, ...backward], 'Apply').flatMap(({ step }) => (removed.includes(step) ? [] : [step])),
    ...ofWork([...forward, ...backward], 'BindServices')
      .flatMap(({ targets }) => Object.keys(targets))
      .filter((key) => !unbound.includes(key)),
  ];
}

/** What stands there again, having stood there already. */
function repeated(names: readonly string[]): readonly string[] {
  return names.filter((name, index) => names.indexOf(name) < index);
}

function others<T>(names: readonly T[], known: readonly T[]): readonly string[] {
  return names.filter((name) => !known.includes(name)).map(String);
}

/** What throws, as a sentence about it. */
function thrownBy(ask: () => unknown): readonly string[] {
  try {
    ask();
    return [];
  } catch (error) {
    return [String(error)];
  }
}

/** What is wrong with the labels on one of its ways, after any step there and all the way back. */
function wrongLabels({ route, original }: Way, { forward, backward }: Itinerary): readonly string[] {
  return Array.from({ length: forward.length + 1 }, (_, done) => {
    const back = labelsAfter(backward, labelsAfter(forward.slice(0, done), original));
    return isDeepStrictEqual(back, original) ? [] : [`after step ${done} of ${route.from}: ${JSON.stringify(back)}`];
  }).flat();
}

/** What of the answers to all questions is another the second time, and what it changes or fails at. */
function impure(mesh: MeshAdapter, way: Way): readonly string[] {
  const faults: string[] = [];
  const picture = frozen({
    ...pictureOf(mesh, way),
    itinerary: way.name,
    onFault: (where: string, error: unknown): void => {
      faults.push(`${where}: ${String(error)}`);
    },
  });
  const unlike = questions(mesh, picture).flatMap(([what, ask]) =>
    JSON.stringify(ask()) === JSON.stringify(ask()) ? [] : [what],
  );
  return [...unlike, ...faults];
}

function unknownKinds(mesh: MeshAdapter, way: Way): readonly string[] {
  const kinds = new Set<string>();
  const picture = pictureOf(mesh, way, kinds);
  const thrown = questions(mesh, picture).flatMap(([, ask]) => thrownBy(ask));
  return [
    ...others(
      [...kinds],
      mesh.watched.map(({ kind }) => kind),
    ),
    ...thrown,
  ];
}

function unknownFindings(mesh: MeshAdapter, way: Way): readonly string[] {
  const picture = pictureOf(mesh, way);
  const told = (['Start', 'UnderWay', 'AtRest'] as const).flatMap((when) => mesh.findings(picture, when));
  const ids = told.map(({ id }) => id);
  return [...others(ids, mesh.findingIds), ...ids.filter((id) => id === internalErrorId)];
}

/** One thing that the engine relies on: what of it a mesh does not keep. */
type Clause = (mesh: MeshAdapter) => readonly string[];

/** What a clause about a way finds on all of them, with the way. */
function onEach(find: (mesh: MeshAdapter, way: Way, steps: Itinerary) => readonly string[]): Clause {
  return (mesh) =>
    waysOf(mesh).flatMap((way) =>
      find(mesh, way, mesh.itinerary(way.route, way.original, way.name)).map((what) => `${titleOf(way)}: ${what}`),
    );
}

/** Everything that the engine relies on of any mesh, by what it is. */
export const clauses = {
  'looks at each kind once, under one name': ({ watched }) => thrownBy(() => kindsOf(watched)),
  'looks at all that it makes': ({ made, watched }) => others(made, watched),
  'has each finding once': ({ findingIds }) => repeated(findingIds),
  'has a mode of its own for each data plane': (mesh) => {
    const modes = [...mesh.dataPlanes, 'None' as const].map((dataPlane) => mesh.modeFor(dataPlane));
    return [...repeated(modes), ...others(modes, Mode.options)];
  },
  'takes no pods of its own accord that are in no data plane': (mesh) =>
    mesh.captures('None') ? ['None captures'] : [],
  'knows each way, there and back': onEach((_mesh, _way, { forward, backward }) =>
    [forward, backward].flatMap(({ length }) => (length > 0 ? [] : ['no step'])),
  ),
  'names each step as the API does, and once': onEach((_mesh, _way, { forward, backward }) =>
    [forward, backward].flatMap((steps) => {
      const names = steps.map(({ name }) => name);
      return [...repeated(names), ...others(names, StepName.options)];
    }),
  ),
  'changes no label that it does not have recorded': onEach(({ labels }, _way, { forward, backward }) =>
    others(
      ofWork([...forward, ...backward], 'Labels').flatMap(({ targets }) => Object.keys(targets)),
      labels,
    ),
  ),
  'goes back after any step to the labels it began with': onEach((_mesh, way, steps) => wrongLabels(way, steps)),
  'takes back all that it makes and binds': onEach((_mesh, _way, steps) => leftBehind(steps)),
  'knows where its labels lead': onEach((mesh, { route, original, name }, { forward }) => {
    const there = present(labelsAfter(forward, original));
    return name === 'Hbone' || mesh.arrived(route, there) ? [] : [JSON.stringify(there)];
  }),
  'answers without changing what it is given, and the same again': onEach(impure),
  'asks for no kind that it does not look at': onEach(unknownKinds),
  'tells nothing by an id that it does not name': onEach(unknownFindings),
} as const satisfies Readonly<Record<string, Clause>>;

import type { MeshAdapter, StepPlan, StepWork, Surroundings } from '../../src/mesh/adapter.ts';
import { configByName } from '../../src/mesh/look-up.ts';

/** Something that the engine may ask, by what it is called. */
export type Question = readonly [string, () => unknown];

/** Of each object that stands, and is wanted. */
function ofStanding(work: Extract<StepWork, { kind: 'Apply' }>, surroundings: Surroundings): readonly unknown[] {
  const { mesh, namespace } = surroundings;
  const wanted = work.objects(surroundings);
  return (typeof wanted === 'string' ? [] : wanted).map((manifest) => {
    const { resource, object } = manifest;
    const seen = configByName(mesh.configs(resource.kind, namespace.name), object.metadata.name);
    return seen && work.stays?.(surroundings, seen, manifest);
  });
}

function ofWork({ work, name }: StepPlan, surroundings: Surroundings): readonly Question[] {
  switch (work.kind) {
    case 'Apply': {
      const seen = surroundings.mesh.configs('AuthorizationPolicy', surroundings.namespace.name);
      return [
        [`${name}: objects`, () => work.objects(surroundings)],
        [`${name}: possible`, () => work.possible?.(surroundings)],
        [`${name}: orphans`, () => work.orphans?.(surroundings)],
        [`${name}: withheld`, () => work.withheld?.(surroundings)],
        [`${name}: isRollout`, () => work.isRollout?.(surroundings)],
        [`${name}: stays`, () => seen.map((each) => work.stays?.(surroundings, each, undefined))],
        [`${name}: stays as it is`, () => ofStanding(work, surroundings)],
      ];
    }
    case 'BindServices':
      return [
        [`${name}: services`, () => work.services(surroundings)],
        [`${name}: keeps`, () => work.keeps?.(surroundings)],
      ];
    case 'UnbindServices':
      return [[`${name}: strays`, () => work.strays?.services(surroundings)]];
    case 'Restart':
      return [
        [`${name}: order`, () => work.order?.(surroundings)],
        [`${name}: stale`, () => surroundings.pods.map((pod) => work.stale(pod, surroundings))],
      ];
    case 'Labels':
    case 'Remove':
      return [[`${name}: heldBy`, () => surroundings.pods.map((pod) => work.heldBy?.(pod))]];
    case 'Check':
    case 'Snapshot':
    case 'Baseline':
      return [];
    case 'Verify':
      return [[`${name}: leaves`, () => surroundings.pods.map((pod) => work.leaves?.(pod, surroundings))]];
  }
}

function ofStep(step: StepPlan, surroundings: Surroundings): readonly Question[] {
  const { name, gate, relies, scales, awaits, settled } = step;
  return [
    [`${name}: gate`, () => gate?.(surroundings)],
    [`${name}: relies`, () => relies?.(surroundings)],
    [`${name}: scales`, () => scales?.(surroundings)],
    [`${name}: awaits`, () => awaits?.(surroundings)],
    [`${name}: settled`, () => typeof settled === 'function' && settled(surroundings)],
    ...ofWork(step, surroundings),
  ];
}

/** Everything that the engine may ask an adapter about one namespace. */
export function questions(adapter: MeshAdapter, surroundings: Surroundings): readonly Question[] {
  const { workloads, mesh, namespace, route, itinerary = 'L4' } = surroundings;
  const original = Object.fromEntries(adapter.labels.map((label) => [label, namespace.labels[label] ?? null]));
  const { forward, backward } = adapter.itinerary(route, original, itinerary);
  return [
    ['findings at the start', () => adapter.findings(surroundings, 'Start')],
    ['findings on the way', () => adapter.findings(surroundings, 'UnderWay')],
    ['findings at rest', () => adapter.findings(surroundings, 'AtRest')],
    ['unready', () => adapter.unready(surroundings)],
    ['unfit', () => workloads.map((workload) => adapter.unfit(surroundings, workload))],
    ['unreadyBack', () => adapter.unreadyBack(surroundings, false)],
    ['unfitBack', () => workloads.map((workload) => adapter.unfitBack(surroundings, workload, false))],
    ['awaitsBack', () => workloads.map((workload) => adapter.awaitsBack(surroundings, workload))],
    ['choose', () => adapter.choose(surroundings)],
    ['adopts', () => adapter.adopts(surroundings)],
    ['order', () => adapter.order(surroundings)],
    ['explain', () => adapter.explain(surroundings)],
    ['longer', () => adapter.longer(surroundings)],
    ['unseenBefore', () => adapter.unseenBefore(surroundings)],
    ['callersBefore', () => adapter.callersBefore(surroundings)],
    ['requests', () => adapter.requests(surroundings)],
    ['heldBefore', () => adapter.heldBefore(surroundings)],
    ['refusing', () => adapter.refusing(surroundings)],
    ['refuses', () => adapter.refuses(surroundings)],
    ['refusedCallers', () => adapter.refusedCallers(surroundings)],
    ['noWayBack', () => adapter.noWayBack(surroundings)],
    ['callersOf', () => adapter.callersOf('shop', surroundings)],
    ['versionOf', () => adapter.versionOf(workloads)],
    ['nodeAgents', () => adapter.nodeAgents(mesh)],
    ['isOurs', () => mesh.configs('AuthorizationPolicy').map((config) => adapter.isOurs(config, true))],
    ...[...forward, ...backward].flatMap((step) => ofStep(step, surroundings)),
  ];
}

/** Asks all of it. */
export function askEverything(adapter: MeshAdapter, surroundings: Surroundings): void {
  for (const [, ask] of questions(adapter, surroundings)) ask();
}

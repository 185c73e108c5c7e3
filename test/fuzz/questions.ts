import type { MeshAdapter, StepPlan, Surroundings } from '../../src/mesh/adapter.ts';

function askStep({ work, gate, scales, awaits, settled }: StepPlan, surroundings: Surroundings): void {
  gate?.(surroundings);
  scales?.(surroundings);
  awaits?.(surroundings);
  if (typeof settled === 'function') settled(surroundings);
  switch (work.kind) {
    case 'Apply': {
      work.objects(surroundings);
      work.possible?.(surroundings);
      for (const seen of surroundings.mesh.configs('AuthorizationPolicy', surroundings.namespace.name))
        work.stays?.(surroundings, seen, undefined);
      return;
    }
    case 'BindServices':
      work.services(surroundings);
      return;
    case 'UnbindServices':
      work.strays?.services(surroundings);
      return;
    case 'Restart':
      work.order?.(surroundings);
      for (const pod of surroundings.pods) work.stale(pod);
      return;
    case 'Labels':
    case 'Remove':
      for (const pod of surroundings.pods) work.heldBy?.(pod);
      return;
    case 'Check':
    case 'Snapshot':
    case 'Baseline':
    case 'Verify':
      return;
  }
}

/** Everything that the engine may ask an adapter about one namespace. */
export function askEverything(adapter: MeshAdapter, surroundings: Surroundings): void {
  adapter.findings(surroundings, 'Start');
  adapter.findings(surroundings, 'UnderWay');
  adapter.unready(surroundings);
  for (const workload of surroundings.workloads) adapter.unfit(surroundings, workload);
  adapter.choose(surroundings);
  adapter.order(surroundings);
  adapter.explain(surroundings);
  adapter.longer(surroundings);
  adapter.unseenBefore(surroundings);
  adapter.refusing(surroundings);
  adapter.refuses(surroundings);
  adapter.refusedCallers(surroundings);
  adapter.callersOf('shop', surroundings);
  adapter.versionOf(surroundings.workloads);
  for (const config of surroundings.mesh.configs('AuthorizationPolicy')) adapter.isOurs(config, true);
  const original = Object.fromEntries(
    adapter.labels.map((label) => [label, surroundings.namespace.labels[label] ?? null]),
  );
  const { forward, backward } = adapter.itinerary(surroundings.route, original, surroundings.itinerary ?? 'L4');
  for (const step of [...forward, ...backward]) askStep(step, surroundings);
}

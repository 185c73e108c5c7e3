import type { DataPlane, Finding } from '../../../src/api/common.ts';
import type { Surroundings } from '../../../src/mesh/adapter.ts';
import { istio } from '../../../src/mesh/istio/adapter.ts';
import type { PodView } from '../../../src/mesh/views.ts';
import { captured, namespace, plainPod, pod, service, workload } from '../mesh-fixtures.ts';

const beside = 'beside';

const standing: Readonly<
  Record<DataPlane, { readonly labels: Readonly<Record<string, string>>; readonly pod: PodView }>
> = {
  IstioSidecar: { labels: { 'istio-injection': 'enabled' }, pod: pod() },
  IstioAmbient: { labels: { 'istio.io/dataplane-mode': 'ambient' }, pod: plainPod(captured) },
  None: { labels: {}, pod: plainPod() },
};

/** Another namespace of the same migration, where the one of an example stays as it is. */
function neighbourOf({
  route,
  spec,
  namespace: left,
  pods,
  workloads,
  otherTemplates,
  services,
  mesh,
}: Surroundings): Surroundings {
  const { labels, pod: one } = standing[route.from];
  const ofLeft = <T>(home: string | undefined, own: readonly T[], others: readonly T[]): readonly T[] => {
    if (home === undefined) return [...own, ...others];
    return home === left.name ? own : others;
  };
  return {
    route,
    spec,
    namespace: namespace({ name: beside, uid: beside, labels }),
    pods: [{ ...one, namespace: beside }],
    workloads: [workload({ namespace: beside, replicas: 1 })],
    otherTemplates: [],
    budgets: [],
    services: [service({ namespace: beside })],
    mesh: {
      ...mesh,
      pods: (home) => ofLeft(home, pods, mesh.pods(home)),
      workloads: (home) => ofLeft(home, workloads, mesh.workloads(home)),
      otherTemplates: (home) => ofLeft(home, otherTemplates, mesh.otherTemplates(home)),
      services: (home) => ofLeft(home, services, mesh.services(home)),
      inhabitedNamespaces: () => [...new Set([...mesh.inhabitedNamespaces(), left.name])],
    },
  };
}

/** What keeps the others of a migration from going on, once the namespace of an example is left out of it. */
export function keepingOthers(given: Surroundings, prepared: (rest: Surroundings) => Surroundings): readonly Finding[] {
  return istio.findings(prepared(neighbourOf(given)), 'Start').filter(({ severity }) => severity === 'Critical');
}

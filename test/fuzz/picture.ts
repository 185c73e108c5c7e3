import type { KubeObject } from '../../src/api/object.ts';
import type { ItineraryName, WorkloadKind } from '../../src/api/namespace-migration.ts';
import type { MeshState, Route, Surroundings } from '../../src/mesh/adapter.ts';
import { watched } from '../../src/mesh/istio/settings/resources.ts';
import { projectTemplate } from '../../src/mesh/project-template.ts';
import { projectWorkload } from '../../src/mesh/project-workload.ts';
import { projectWatched } from '../../src/mesh/project-watched.ts';
import { projectBudget, projectNamespace, projectPod, projectService } from '../../src/mesh/project.ts';
import type { ConfigView, WorkloadView } from '../../src/mesh/views.ts';
import { migrationSpec } from '../support/mesh-fixtures.ts';
import { ofKinds } from './corpus.ts';

const rootNamespace = 'istio-system';

function workloadsOf(objects: readonly KubeObject[]): readonly WorkloadView[] {
  return (['Deployment', 'StatefulSet', 'DaemonSet'] as const satisfies readonly WorkloadKind[]).flatMap((kind) =>
    ofKinds(objects, kind).map(projectWorkload(kind)),
  );
}

/** The cluster as the operator would see it if the API server had these objects. */
export function meshOf(objects: readonly KubeObject[]): MeshState {
  const configs: readonly ConfigView[] = watched.flatMap((each) =>
    ofKinds(objects, each.kind).map(projectWatched(each)),
  );
  const [workloads, pods, services, namespaces] = [
    workloadsOf(objects),
    ofKinds(objects, 'Pod').map(projectPod),
    ofKinds(objects, 'Service').map(projectService),
    ofKinds(objects, 'Namespace').map(projectNamespace),
  ];
  const otherTemplates = ofKinds(objects, 'CronJob').map(projectTemplate('batch', 'CronJob'));
  return {
    controlPlaneNamespace: rootNamespace,
    rootNamespace,
    version: '1.31',
    serves: () => true,
    configs: (kind, namespace) =>
      configs.filter((config) => config.kind === kind && (namespace === undefined || config.namespace === namespace)),
    daemonSets: () => workloads.filter(({ kind }) => kind === 'DaemonSet'),
    inhabitedNamespaces: () => [...new Set(pods.map(({ namespace }) => namespace))],
    pods: (namespace) => pods.filter((pod) => pod.namespace === namespace),
    services: (namespace) => services.filter((service) => namespace === undefined || service.namespace === namespace),
    workloads: (namespace) => workloads.filter((workload) => workload.namespace === namespace),
    otherTemplates: (namespace) => otherTemplates.filter((template) => template.namespace === namespace),
    labelsOf: (name) => namespaces.find((namespace) => namespace.name === name)?.labels,
  };
}

/** Namespace `shop` on a route. */
export function pictureOf(
  objects: readonly KubeObject[],
  route: Route,
  itinerary: ItineraryName | undefined,
): Surroundings {
  const mesh = meshOf(objects);
  const [namespace = projectNamespace({ metadata: { name: 'shop' } })] = ofKinds(objects, 'Namespace')
    .map(projectNamespace)
    .filter(({ name }) => name === 'shop');
  return {
    route,
    namespace,
    mesh,
    ...(itinerary !== undefined && { itinerary }),
    spec: migrationSpec({
      ...route,
      callers: [{ namespace: 'shop', from: [{ namespace: 'web' }] }],
      policies: { direct: [{ namespace: 'shop', ports: [9090] }] },
    }),
    pods: mesh.pods('shop'),
    workloads: mesh.workloads('shop'),
    otherTemplates: mesh.otherTemplates('shop'),
    services: mesh.services('shop'),
    budgets: ofKinds(objects, 'PodDisruptionBudget').map(projectBudget),
  };
}

import { kindKey, type Resource } from '../api/object.ts';
import { restartAnnotation } from '../api/resources.ts';
import { namespaces, pods, services, templateResources, workloadResources } from '../engine/resources.ts';
import type { Change, Stored } from '../kube/store.ts';
import type { ConfigView, NamespaceView, PodView, ServiceView, TemplateView, WorkloadView } from '../mesh/views.ts';

/*
 * Who waits for something in another namespace is told that it goes on by itself. So each kind that looks at other namespaces read has to wake them; but pods come
 * and go, and a rollout changes its workload with each of them: told is what differs in what others see.
 */

function ofTemplate(view: TemplateView & Partial<Pick<WorkloadView, 'replicas'>>): unknown {
  const { templateLabels, templateAnnotations, containerPorts, hostNetwork, serviceAccount, replicas } = view;
  const { [restartAnnotation]: _restarted, ...annotations } = templateAnnotations;
  return [templateLabels, annotations, containerPorts, hostNetwork, serviceAccount, replicas === 0];
}

/** What makes pods tells of these; only who has made some by hand changes them by themselves. */
function ofPod({ owner, labels, annotations, containers, hostNetwork, finished }: PodView): unknown {
  return owner === undefined ? [labels, annotations, containers, hostNetwork, finished] : undefined;
}

function ofService(view: ServiceView): unknown {
  const { labels, selector, ports, headless, externalName, exportTo } = view;
  return [labels, selector, ports, headless, externalName, exportTo];
}

/** By kind: what others see of an object. */
const seen: ReadonlyMap<string, (object: never) => unknown> = new Map<string, (object: never) => unknown>([
  [kindKey(namespaces), ({ labels }: NamespaceView) => labels],
  [kindKey(pods), ofPod],
  [kindKey(services), ofService],
  ...[...workloadResources, ...templateResources].map((resource) => [kindKey(resource), ofTemplate] as const),
]);

/** Whether what others see of an object is another thing after a change. */
export function isSeenElsewhere(resource: Resource, { previous, current }: Change<Stored>): boolean {
  const of = seen.get(kindKey(resource)) as ((object: Stored) => unknown) | undefined;
  if (of === undefined) return false;
  const [before, after] = [previous, current].map((object) => JSON.stringify(object && of(object)));
  return before !== after;
}

/** Whether nothing has changed of an object of which only this is looked at, like the state of a node. */
export function isAsBefore({ previous, current }: Change<ConfigView>): boolean {
  const [before, after] = [previous, current].map((object) => object && JSON.stringify([object.labels, object.spec]));
  return before !== undefined && before === after;
}

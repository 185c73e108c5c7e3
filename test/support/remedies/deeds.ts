import { MeshMigrationSpec } from '../../../src/api/mesh-migration-spec.ts';
import type { MeshState, Surroundings } from '../../../src/mesh/adapter.ts';
import { record } from '../../../src/mesh/json.ts';
import type { ConfigView, PodView, ServiceView, TemplateView, WorkloadView } from '../../../src/mesh/views.ts';
import { captured, injected, root } from '../mesh-fixtures.ts';
import type { Deed } from './remedy.ts';

type Strings = Readonly<Record<string, string>>;
type Spec = Readonly<Record<string, unknown>>;

/** One deed after the other. */
export function inTurn(...deeds: readonly Deed[]): Deed {
  return (given, finding) => deeds.reduce((sofar, deed) => deed(sofar, finding), given);
}

/** The mesh, with something of it other than it was. */
export function inMesh(change: (mesh: MeshState, given: Surroundings) => Partial<MeshState>): Deed {
  return (given) => ({ ...given, mesh: { ...given.mesh, ...change(given.mesh, given) } });
}

/** Every configuration object becomes what is said of it: none, itself, another or several. */
export function eachConfig(become: (config: ConfigView) => readonly ConfigView[]): Deed {
  return inMesh((mesh) => {
    const lists = new Map<string, readonly ConfigView[]>();
    return {
      configs: (kind, home) => {
        const key = `${kind} ${home}`;
        const all =
          lists.get(key) ??
          mesh
            .configs(kind)
            .flatMap(become)
            .filter((each) => home === undefined || each.namespace === home);
        lists.set(key, all);
        return all;
      },
    };
  });
}

/** As a finding names it. */
function namesIt(object: string, { kind, namespace, name }: Pick<ConfigView, 'kind' | 'namespace' | 'name'>): boolean {
  return object === `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`;
}

/** The object that the finding is about is another one. */
export function changeIt(change: (config: ConfigView) => ConfigView): Deed {
  return (given, finding) =>
    eachConfig((each) => [namesIt(finding.object, each) ? change(each) : each])(given, finding);
}

/** Its spec is another one. */
export function respecify(change: (spec: Spec) => Spec): Deed {
  return changeIt((config) => ({ ...config, spec: change(config.spec), generation: config.generation + 1 }));
}

/** It is deleted. */
export const deleteIt: Deed = (given, finding) =>
  eachConfig((each) => (namesIt(finding.object, each) ? [] : [each]))(given, finding);

/** Objects of some kinds are deleted, of whatever namespace. */
export function deleteAll(...kinds: readonly string[]): Deed {
  return eachConfig((each) => (kinds.includes(each.kind) ? [] : [each]));
}

/** Objects are made, and replace those of the same kind, namespace and name. */
export function make(...configs: readonly ConfigView[]): Deed {
  const pathOf = ({ kind, namespace, name }: ConfigView): string => `${kind} ${namespace}/${name}`;
  const paths = new Set(configs.map(pathOf));
  return inMesh((mesh) => {
    const without = (kind: string, home?: string): readonly ConfigView[] =>
      mesh.configs(kind, home).filter((each) => !paths.has(pathOf(each)));
    const lists = new Map<string, readonly ConfigView[]>();
    return {
      configs: (kind, home) => {
        const key = `${kind} ${home}`;
        const made = configs.filter((each) => each.kind === kind && (home === undefined || each.namespace === home));
        const all = lists.get(key) ?? [...without(kind, home), ...made];
        lists.set(key, all);
        return all;
      },
    };
  });
}

/** A field of `spec` of the migration is set, as a merge patch does it. */
export function patchMigration(patch: Spec): Deed {
  return (given) => ({ ...given, spec: MeshMigrationSpec.parse(merged(given.spec, patch)) });
}

function merged(before: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const was = record(before);
  return { ...was, ...Object.fromEntries(Object.entries(patch).map(([key, value]) => [key, merged(was[key], value)])) };
}

/** What the fix of the finding offers is added to `spec.accept`, as it is written there. */
export const acceptIt: Deed = (given, finding) => {
  const said = /add to spec\.accept: \{finding: (MM\d+), object: ([^,]+), digest: (\w+)\}/.exec(finding.fix);
  if (said === null) throw new Error(`no entry is offered: ${finding.fix}`);
  const [, id, object, digest] = said;
  return patchMigration({ accept: [...given.spec.accept, { finding: id, object, digest }] })(given, finding);
};

/** Labels of the namespace, null for none. */
export function labelNamespace(labels: Readonly<Record<string, string | null>>): Deed {
  return (given) => ({ ...given, namespace: { ...given.namespace, labels: patched(given.namespace.labels, labels) } });
}

/** A map with some of its values set, or taken out by null. */
export function patched(before: Strings, patch: Readonly<Record<string, string | null>>): Strings {
  const all: [string, string | null][] = Object.entries({ ...before, ...patch });
  return Object.fromEntries(all.flatMap(([key, value]) => (value === null ? [] : [[key, value] as const])));
}

/** Services of the namespace become others. */
export function eachService(become: (service: ServiceView) => readonly ServiceView[]): Deed {
  return (given) => ({ ...given, services: given.services.flatMap(become) });
}

/** Services of other namespaces do. */
export function eachServiceElsewhere(become: (service: ServiceView) => readonly ServiceView[]): Deed {
  return inMesh((mesh) => ({ services: (home) => mesh.services(home).flatMap(become) }));
}

/** Pods of the namespace become others. */
export function eachPod(become: (pod: PodView) => readonly PodView[]): Deed {
  return (given) => ({ ...given, pods: given.pods.flatMap(become) });
}

/** Workloads of the namespace do. */
export function eachWorkload(become: (workload: WorkloadView) => readonly WorkloadView[]): Deed {
  return (given) => ({ ...given, workloads: given.workloads.flatMap(become) });
}

/** Templates of workloads and of CronJobs are patched. */
export function eachTemplate(patch: (template: TemplateView) => Partial<TemplateView>): Deed {
  return (given) => ({
    ...given,
    workloads: given.workloads.map((each) => ({ ...each, ...patch(each), kind: each.kind })),
    otherTemplates: given.otherTemplates.map((each) => ({ ...each, ...patch(each) })),
  });
}

/** Labels of templates, and of their pods, which the rollout makes anew. */
export function labelTemplates(labels: Readonly<Record<string, string | null>>): Deed {
  return inTurn(
    eachTemplate(({ templateLabels }) => ({ templateLabels: patched(templateLabels, labels) })),
    eachPod((pod) => [{ ...pod, labels: patched(pod.labels, labels) }]),
  );
}

/** Annotations of them. */
export function annotateTemplates(annotations: Readonly<Record<string, string | null>>): Deed {
  return inTurn(
    eachTemplate(({ templateAnnotations }) => ({ templateAnnotations: patched(templateAnnotations, annotations) })),
    eachPod((pod) => [{ ...pod, annotations: patched(pod.annotations, annotations) }]),
  );
}

/** A pod as it is with a sidecar that takes HBONE, after a restart into injection. */
export function withSidecar(pod: PodView): PodView {
  return {
    ...pod,
    labels: { ...pod.labels, 'security.istio.io/tlsMode': 'istio', 'networking.istio.io/tunnel': 'http' },
    annotations: { ...patched(pod.annotations, { 'ambient.istio.io/redirection': null }), ...injected.annotations },
    containers: [...new Set([...pod.containers, 'istio-proxy'])],
  };
}

/** A pod as it is in ambient, after a restart there. */
export function inAmbient(pod: PodView): PodView {
  return {
    ...pod,
    labels: patched(pod.labels, { 'security.istio.io/tlsMode': null, 'networking.istio.io/tunnel': null }),
    annotations: { ...patched(pod.annotations, { 'sidecar.istio.io/status': null }), ...captured.annotations },
    containers: pod.containers.filter((name) => name !== 'istio-proxy'),
  };
}

/** A pod as it is in no mesh. */
export function outside(pod: PodView): PodView {
  const { annotations, ...rest } = inAmbient(pod);
  return { ...rest, annotations: patched(annotations, { 'ambient.istio.io/redirection': null }) };
}

/** Pods of another namespace become others. */
export function eachPodOf(home: string, become: (pod: PodView) => readonly PodView[]): Deed {
  return inMesh((mesh) => ({
    pods: (name) => (name === home ? mesh.pods(name).flatMap(become) : mesh.pods(name)),
  }));
}

/** Every mesh configuration says this, after what it says. */
export function configureMesh(change: (text: string) => string): Deed {
  return eachConfig((each) => [
    each.kind === 'ConfigMap' && each.namespace === root && typeof each.spec['mesh'] === 'string'
      ? { ...each, spec: { ...each.spec, mesh: change(each.spec['mesh']) } }
      : each,
  ]);
}

import type { Mode } from '../../../api/common.ts';
import { memoize } from '../../../base/memoize.ts';
import type { MeshObjects, MeshState } from '../../adapter.ts';
import { record, records, strings, stringMap, text, type Json } from '../../json.ts';
import { selects, type ConfigView, type PodView, type SelectorView } from '../../views.ts';
import { injectionAsked, injects } from './injection.ts';
import { dataplaneModeLabel, injectLabel, injectionLabel, revisionLabel } from './labels.ts';

type Labels = Readonly<Record<string, string>>;

/** What of a pod's template decides on its data plane. */
export type Template = Pick<PodView, 'labels' | 'annotations'>;

/** One webhook of an injector: it is called when both selectors match. */
interface Hook {
  readonly namespaces: SelectorView;
  readonly pods: SelectorView;
}

/** A selector as an object of Kubernetes has it. */
export function selectorOf(value: Json): SelectorView {
  return {
    matchLabels: stringMap(value['matchLabels']),
    matchExpressions: records(value['matchExpressions']).map((each) => ({
      key: text(each['key']) ?? '',
      operator: text(each['operator']) ?? '',
      values: strings(each['values']),
    })),
  };
}

/** Read once for as long as they stay as they are: it is asked of every template of the mesh. */
const hooksIn = memoize((configurations: readonly ConfigView[]): readonly Hook[] | undefined => {
  const injectors = configurations.filter(({ labels }) => labels['app'] === 'sidecar-injector');
  const hooks = injectors.flatMap(({ spec }) => records(spec['webhooks']));
  if (hooks.length === 0) return undefined;
  return hooks.map((hook) => ({
    namespaces: selectorOf(record(hook['namespaceSelector'])),
    pods: selectorOf(record(hook['objectSelector'])),
  }));
});

/** The webhooks of all injectors as the API server has them; undefined where none are known, as in manifests. */
function hooksOf(mesh: Pick<MeshObjects, 'configs'>): readonly Hook[] | undefined {
  return hooksIn(mesh.configs('MutatingWebhookConfiguration'));
}

/** Whether it is known that no injector is installed at all: it could be read, and there is none. */
export function noInjectors(mesh: MeshState): boolean {
  const kind = 'MutatingWebhookConfiguration';
  return mesh.serves(kind) && mesh.unreadable?.includes(kind) !== true && hooksOf(mesh) === undefined;
}

/** By the selectors of the chart (mutatingwebhook.yaml of istio-discovery), with an injector for every revision. */
function isCalledByDefault(namespace: Labels, pod: Labels): boolean {
  if (pod[injectLabel] === 'false') return false;
  if (namespace[injectionLabel] !== undefined || namespace[revisionLabel] !== undefined) return injects(namespace);
  return pod[revisionLabel] !== undefined || pod[injectLabel] === 'true';
}

/** Whether an injector is called for the pod, and then puts a sidecar in; undefined if nobody can tell. */
function isInjected(
  mesh: Pick<MeshObjects, 'configs'>,
  namespace: Labels,
  { labels, annotations }: Template,
): boolean | undefined {
  const hooks = hooksOf(mesh);
  const called =
    hooks === undefined
      ? isCalledByDefault(namespace, labels)
      : hooks.some(({ namespaces, pods }) => selects(namespaces, namespace) && selects(pods, labels));
  const asked = injectionAsked({ labels, annotations });
  return called && asked === 'Unclear' ? undefined : called && asked !== 'No';
}

/**
 * The mode of a pod that is created now from this template in a namespace with these labels. A sidecar beats every
 * label of ambient, and the label of a pod that of its namespace (Matches in cni/pkg/util/enablement_selector.go).
 * `Transitional`: nobody can tell.
 */
export function nextMode(mesh: Pick<MeshObjects, 'configs'>, namespace: Labels, template: Template): Mode {
  const injected = isInjected(mesh, namespace, template);
  if (injected === undefined) return 'Transitional';
  if (injected) return 'Sidecar';
  const own = template.labels[dataplaneModeLabel];
  if (own === 'ambient') return 'Ambient';
  return namespace[dataplaneModeLabel] === 'ambient' && own !== 'none' ? 'Ambient' : 'None';
}

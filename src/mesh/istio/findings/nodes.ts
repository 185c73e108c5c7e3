import { counted } from '../../../base/counted.ts';
import { memoize, memoizeLast } from '../../../base/memoize.ts';
import { own } from '../../../base/own.ts';
import type { MeshState, Surroundings } from '../../adapter.ts';
import { mayRunOn, weightOf, type Placement } from '../../placement.ts';
import type { ConfigView, NamespaceView, PodView, TemplateView, WorkloadView } from '../../views.ts';
import { carriersOf, nodeAgentNamespaces, type NodeAgent } from '../vocabulary/node-agents.ts';
import { concerns } from '../vocabulary/pod-mode.ts';
import { bounded, costed, recount, spend } from '../../../base/effort.ts';
import { isOfGateway } from '../vocabulary/gateway-pods.ts';
import { nameOf } from '../vocabulary/objects.ts';
import type { Evidence, Rule } from './rule.ts';
import { isCaptured } from './templates.ts';

/** A node for which a component of the mesh is not meant. */
interface Gap {
  readonly node: ConfigView;
  /** DaemonSets that run nothing there. */
  readonly missing: readonly string[];
}

const agents: readonly NodeAgent[] = ['istio-cni-node', 'ztunnel'];

/** Neither component is made for Windows, and no injector puts a sidecar into pods there. */
function isLinux({ labels }: ConfigView): boolean {
  return labels['kubernetes.io/os'] !== 'windows';
}

function missingOn(node: ConfigView, sets: readonly WorkloadView[]): readonly string[] {
  return sets.some(({ placement }) => mayRunOn(node, placement)) ? [] : sets.map(nameOf);
}

/**
 * Where a pod that is not ready is missing MM012 and MM013 say it, by the counts of the DaemonSet; these do not count
 * nodes for which it is not meant. Where none is there at all they say so too.
 */
const gapsIn = memoizeLast(
  (nodes: readonly ConfigView[], _sets: readonly WorkloadView[], _namespaces: string, mesh: MeshState) => {
    const carriers = agents.map((agent) => carriersOf(agent, mesh).genuine);
    return nodes.filter(isLinux).flatMap((node): readonly Gap[] => {
      const missing = carriers.flatMap((sets) => missingOn(node, sets));
      return missing.length === 0 ? [] : [{ node, missing }];
    });
  },
);

/** Where the components themselves run nothing is moved. */
function gapsOf({ route, mesh, namespace }: Surroundings): readonly Gap[] {
  if (route.to !== 'IstioAmbient') return [];
  const [nodes, homes] = [mesh.configs('Node'), nodeAgentNamespaces(mesh)];
  if (nodes.length === 0 || homes.includes(namespace.name)) return [];
  return gapsIn(nodes, mesh.daemonSets(), homes.join(' '), mesh);
}

const silent: Placement = { selector: {}, tolerations: [] };

/** Where pods that say this about nodes may run; told for as long as both stay as they are. */
const placesOf = memoizeLast((placement: Placement, gaps: readonly Gap[]) =>
  costed(() => {
    const weight = weightOf(placement);
    return gaps.filter(({ node }) => {
      spend(weight);
      return mayRunOn(node, placement);
    });
  }),
);

/** Of all templates and all nodes together. */
const steps = 500_000;

/** By template; where that takes too long to tell, each may run on any of them. */
function placesIn(templates: readonly TemplateView[], gaps: readonly Gap[]): readonly (readonly Gap[])[] {
  const found = bounded(steps, () => templates.map(({ placement }) => recount(placesOf(placement ?? silent, gaps))));
  return found.kind === 'Done' ? found.value : templates.map(() => gaps);
}

/** What an admission plugin adds to the node selector of all pods of a namespace (PodNodeSelector, OpenShift). */
const selectorAnnotations = ['scheduler.alpha.kubernetes.io/node-selector', 'openshift.io/node-selector'];

/** Labels that nodes must have for all pods of a namespace; undefined where no node can have them. */
function selectorOf(annotations: NamespaceView['annotations']): ReadonlyMap<string, string> | undefined {
  const asked = new Map<string, string>();
  for (const pair of selectorAnnotations.flatMap((key) => (annotations[key] ?? '').split(','))) {
    const [key = '', value = ''] = pair.split('=').map((part) => part.trim());
    if (key === '') continue;
    if ((asked.get(key) ?? value) !== value) return undefined;
    asked.set(key, value);
  }
  return asked;
}

/** The nodes among them to which pods of a namespace are let; the same list where it says nothing. */
const admitted = memoizeLast((annotations: NamespaceView['annotations'], gaps: readonly Gap[]): readonly Gap[] => {
  const asked = selectorOf(annotations);
  if (asked === undefined) return [];
  if (asked.size === 0) return gaps;
  const entries = [...asked];
  return gaps.filter(({ node }) => entries.every(([key, value]) => own(node.labels, key) === value));
});

const consequence =
  'there a new pod of an ambient namespace is not captured, so that it is Ready in no mesh and no policy is asked, or does not start';

/** What runs nothing on some nodes; many templates share a list of them. */
const missingIn = memoize((places: readonly Gap[]): readonly string[] =>
  [...new Set(places.flatMap((each) => each.missing))].slice(0, 4),
);

function told(object: string, verb: string, places: readonly Gap[]): Evidence {
  const names = places.slice(0, 3).map(({ node }) => node.name);
  const more = places.length > names.length ? `, ${counted(places.length - names.length, 'more node')}` : '';
  return {
    object,
    message: `${verb} on ${names.join(', ')}${more}, for which ${missingIn(places).join(', ')} is not meant (nodeSelector, affinity, tolerations): ${consequence}`,
  };
}

function find(surroundings: Surroundings): readonly Evidence[] {
  const { namespace, pods, workloads, otherTemplates } = surroundings;
  const gaps = gapsOf(surroundings);
  if (gaps.length === 0) return [];
  const byName = new Map(gaps.map((gap) => [gap.node.name, gap]));
  const here = (pod: PodView): readonly Gap[] => {
    const gap = pod.node === undefined ? undefined : byName.get(pod.node);
    return gap === undefined || pod.terminating || !concerns(pod) || isOfGateway(pod, workloads) ? [] : [gap];
  };
  const templates = [...workloads, ...otherTemplates].filter(isCaptured);
  const places = placesIn(templates, admitted(namespace.annotations, gaps));
  const may = templates.flatMap((template, at) => {
    const found = places[at] ?? [];
    return found.length === 0 ? [] : [told(nameOf(template), 'its pods may run', found)];
  });
  const known = new Set(may.map(({ object }) => object));
  const ownerOf = ({ owner, namespace, name }: PodView): string => nameOf({ namespace, ...(owner ?? { name }) });
  const running = Map.groupBy(
    pods.filter((pod) => here(pod).length > 0 && !known.has(ownerOf(pod))),
    ownerOf,
  );
  return [
    ...may,
    ...[...running].map(([object, own]) => told(object, 'its pods run', [...new Set(own.flatMap(here))])),
  ];
}

/** Where pods would come to nodes without what captures them. */
export const nodeRules: readonly Rule[] = [
  {
    id: 'MM125',
    severity: 'Critical',
    when: 'BeforeRestart',
    lasts: true,
    back: 'Asked',
    // Nodes come and go by the hundred: which of them it is says nothing else of the template.
    decidedBy: [],
    title: 'A node on which nothing would capture pods',
    fix: 'Have the DaemonSets run there too (tolerations, nodeSelector and affinity in the values of their charts). Or keep the pods from these nodes, by nodeAffinity in their template or a taint of the nodes that they do not tolerate, and move those that run there.',
    find,
  },
];

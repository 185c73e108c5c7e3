import type { DataPlane } from '../../../api/common.ts';
import { listed } from '../../../base/counted.ts';
import { shown } from '../../../base/shown.ts';
import type { Surroundings } from '../../adapter.ts';
import { askedOf, meshIn, otherMeshes, type OtherMesh } from '../../other-meshes.ts';
import type { PodView, TemplateView } from '../../views.ts';
import { optsOutOfInjection } from '../vocabulary/injection.ts';
import { onlyRestarts } from '../waypoint/choose.ts';
import { isOfGateway, makesGateway } from '../vocabulary/gateway-pods.ts';
import { nameOf } from '../vocabulary/objects.ts';
import type { Evidence, Rule } from './rule.ts';
import { optsOutOfCapture } from './templates.ts';

/** A pod, or what makes pods, with what is to say about it. */
interface Holder extends Pick<PodView, 'labels' | 'annotations'> {
  /** `Deployment shop/api`, of a pod that of its owner. */
  readonly object: string;
  /** The containers that run there, or would. */
  readonly containers: readonly string[];
  /** What is there in a template stays until its owner takes it out; of a pod it may be an injector's. */
  readonly isWritten: boolean;
  /** A pod that nobody makes again, so that no injector ever sees it. */
  readonly isBare?: true;
}

/** What Istio would do to pods of another mesh. */
const consequences: Readonly<Record<DataPlane, string>> = {
  IstioAmbient:
    'ztunnel would take the same connections, past the policies of that mesh and of this one, or so that nobody understands them',
  IstioSidecar:
    'the injector does not ask for it: with a sidecar beside it connections go past the policies of one of the two, or without it that mesh has lost the pod',
  None: 'they would be in that mesh, and not outside of every mesh',
};

/** Whether Istio leaves the pod alone there: what takes it nowhere does no harm. */
function staysOut(holder: Holder, { to }: Surroundings['route']): boolean {
  return optsOutOfCapture(holder) && (to !== 'IstioSidecar' || optsOutOfInjection(holder));
}

function ofPod(pod: PodView): Holder {
  const { owner, namespace, labels, annotations, containers } = pod;
  const object = owner === undefined ? nameOf(pod) : nameOf({ ...owner, namespace });
  return { object, labels, annotations, containers, isWritten: false, ...(owner === undefined && { isBare: true }) };
}

function ofTemplate(template: TemplateView): Holder {
  const { kind, templateLabels: labels, templateAnnotations: annotations, otherProxies = [] } = template;
  return { object: nameOf(template), labels, annotations, containers: otherProxies, isWritten: kind !== 'Pod' };
}

/** Everything that Istio would take: what runs, and what says how the next pods would be. */
function holdersIn({ pods, workloads, otherTemplates, route }: Surroundings): {
  readonly running: readonly Holder[];
  readonly next: readonly Holder[];
  /** Nothing says how the next pods would be. */
  readonly isUntold: boolean;
} {
  const running = pods.filter(
    (pod) => !pod.hostNetwork && !pod.finished && !pod.terminating && !isOfGateway(pod, workloads),
  );
  const templates = [...workloads, ...otherTemplates].filter(
    (template) => template.hostNetwork !== true && !makesGateway(template),
  );
  const known = new Set(templates.map(({ kind, name }) => `${kind} ${name}`));
  // Of a kind that nobody reads here a pod is as its template; one without an owner is never made again.
  const unread = running.filter(({ owner }) => owner !== undefined && !known.has(`${owner.kind} ${owner.name}`));
  const taken = (holder: Holder): boolean => !staysOut(holder, route);
  return {
    running: running.map(ofPod).filter(taken),
    next: [...templates.map(ofTemplate), ...unread.map(ofPod)].filter(taken),
    isUntold: templates.length + unread.length === 0,
  };
}

/** How a mesh is told to leave something alone. */
function leaveBy({ asking: { key, pod, no } }: OtherMesh): string {
  return `${pod[0]?.slice(0, -1) ?? 'label'} ${key}=${no}`;
}

function fixOf(mesh: OtherMesh, isWritten: boolean, container = ''): string {
  const out = isWritten
    ? `Remove container ${container} and its like from the template, which somebody has written there`
    : `Take it out of ${mesh.name}: ${leaveBy(mesh)} in its template, and wait until its pods are new`;
  return `${out}. Or have Istio leave it alone: labels istio.io/dataplane-mode=none and sidecar.istio.io/inject=false in its template; or leave the namespace out. Between two meshes calls are in plaintext and have no identity: policies and STRICT meet them as such.`;
}

/** The mesh whose proxy is in something. */
function ofContainers(
  { object, containers, isWritten, isBare }: Holder,
  { to }: Surroundings['route'],
): readonly Evidence[] {
  const found = meshIn(containers);
  if (found === undefined) return [];
  const container = shown(found.container);
  return [
    {
      object,
      message: `the proxy of ${found.mesh.name} is in its pods (container ${container}): ${consequences[to]}`,
      fix: fixOf(found.mesh, isWritten, container),
      ...(isBare && to === 'IstioSidecar' && { onlyThere: true as const }),
    },
  ];
}

/** A mesh that a template asks for. */
function ofTemplates(holder: Holder, { to }: Surroundings['route']): readonly Evidence[] {
  return otherMeshes.flatMap((mesh) => {
    const asked = askedOf(mesh, 'pod', holder);
    return asked?.yes !== true
      ? []
      : [
          {
            object: holder.object,
            message: `${mesh.name} is to put its proxy into its next pods (${asked.sign}): ${consequences[to]}`,
            fix: fixOf(mesh, false),
          },
        ];
  });
}

/** What a namespace asks for, unless everything in it says no. */
function ofNamespace(
  { namespace, route }: Surroundings,
  { running, next, isUntold }: ReturnType<typeof holdersIn>,
): readonly Evidence[] {
  return otherMeshes.flatMap((mesh): readonly Evidence[] => {
    const asked = askedOf(mesh, 'namespace', namespace);
    if (asked?.yes !== true) return [];
    const isLive = mesh.live === true;
    const meant = (isLive ? [...running, ...next] : next).filter((each) => askedOf(mesh, 'pod', each)?.yes !== false);
    if (meant.length === 0 && !isUntold) return [];
    const objects = meant.length === 0 ? '' : ` of ${listed([...new Set(meant.map(({ object }) => object))])}`;
    return [
      {
        object: `Namespace ${namespace.name}`,
        message: `${mesh.name} ${isLive ? 'takes the pods' : 'is to put its proxy into the next pods'}${objects} (${asked.sign}): ${consequences[route.to]}`,
        fix: `Remove ${mesh.asking.key} from the namespace first${isLive ? '' : `, and restart what has its proxy; or say no in each template: ${leaveBy(mesh)}`}. Or leave the namespace out.`,
      },
    ];
  });
}

function inTwoMeshes(surroundings: Surroundings): readonly Evidence[] {
  if (onlyRestarts(surroundings)) return [];
  const { route } = surroundings;
  const holders = holdersIn(surroundings);
  const { running, next } = holders;
  const all = [
    ...next.filter(({ isWritten }) => isWritten).flatMap((holder) => ofContainers(holder, route)),
    ...[...running, ...next].flatMap((holder) => ofContainers(holder, route)),
    ...next.flatMap((holder) => ofTemplates(holder, route)),
  ];
  // One for each: what is written there, before what runs, before what would.
  const first = new Map(all.toReversed().map((evidence) => [evidence.object, evidence]));
  return [...[...first.values()].toReversed(), ...ofNamespace(surroundings, holders)].map((evidence) => ({
    ...evidence,
    ...(route.to === 'None' && { onlyThere: true as const }),
  }));
}

/** What no two meshes may have at once. */
export const otherMeshRules: readonly Rule[] = [
  {
    id: 'MM142',
    severity: 'Critical',
    when: 'BeforeRestart',
    lasts: true,
    back: 'Asked',
    title: 'A pod of another mesh',
    fix: 'Take it out of that mesh first, or leave it out of this one.',
    find: inTwoMeshes,
  },
];

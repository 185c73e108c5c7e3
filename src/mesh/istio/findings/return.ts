import type { DataPlane, Mode } from '../../../api/common.ts';
import type { LabelTargets, Route, Surroundings } from '../../adapter.ts';
import { workloadOf } from '../../look-up.ts';
import { asPod, type PodView, type WorkloadView } from '../../views.ts';
import { arrived, labelsAfter } from '../itinerary.ts';
import { dataplaneModeLabel, injectLabel, injectionLabel, revisionLabel } from '../vocabulary/labels.ts';
import { injectionAsked, optsOutOfInjection } from '../vocabulary/injection.ts';
import { withLabels } from '../vocabulary/label-changes.ts';
import { nextMode, noInjectors, type Template } from '../vocabulary/next-mode.ts';
import { concerns, modeFor, modeOf } from '../vocabulary/pod-mode.ts';
import { asleepIn, type Evidence, type Rule } from './rule.ts';
import { nameOf } from '../vocabulary/objects.ts';
import { takesOutsidersIn } from './templates.ts';

type Labels = Readonly<Record<string, string>>;

/** Pods of one owner that are in the same mode, and what a new one would be made of. */
interface Group {
  readonly owner: { readonly kind: string; readonly name: string };
  readonly mode: Mode;
  readonly count: number;
  readonly template: Template;
}

/**
 * What the successor of a pod is made of. The pod itself tells most, because admission may have added labels to those
 * of its template; but with OnDelete it may be older than that.
 */
function templateOf(pod: PodView, workload: WorkloadView | undefined): Template {
  return workload?.strategy === 'OnDelete' ? asPod(workload) : pod;
}

/** A pod without an owner has no successor. One in neither mode is MM058. */
function groupsOf({ pods, workloads }: Surroundings): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const pod of pods) {
    const { owner } = pod;
    if (owner === undefined || pod.terminating || !concerns(pod) || modeOf(pod) === 'Transitional') continue;
    const template = templateOf(pod, workloadOf(pod, workloads));
    const asks = [injectLabel, dataplaneModeLabel, revisionLabel].map(
      (key) => `${template.labels[key] ?? ''},${template.annotations[key] ?? ''}`,
    );
    const key = [owner.kind, owner.name, modeOf(pod), ...asks].join(' ');
    groups.set(key, { owner, mode: modeOf(pod), template, count: (groups.get(key)?.count ?? 0) + 1 });
  }
  return [...groups.values()];
}

/** Changes of a namespace's labels that give it a data plane, the smallest first. */
const remedies: Record<DataPlane, readonly LabelTargets[]> = {
  IstioSidecar: [{ [injectionLabel]: null }, { [injectionLabel]: 'enabled' }],
  IstioAmbient: [
    { [injectionLabel]: 'disabled' },
    { [dataplaneModeLabel]: 'ambient' },
    { [injectionLabel]: 'disabled', [dataplaneModeLabel]: 'ambient' },
  ],
  None: [
    { [injectionLabel]: 'disabled' },
    { [dataplaneModeLabel]: null },
    { [injectionLabel]: 'disabled', [dataplaneModeLabel]: null },
  ],
};

function commandFor(name: string, targets: LabelTargets): string {
  const changes = Object.entries(targets).map(([key, value]) => (value === null ? `${key}-` : `${key}=${value}`));
  return `kubectl label namespace ${name} --overwrite ${changes.join(' ')}`;
}

/** What of the template itself speaks against it, as `KEY=VALUE`. */
function opinions({ labels, annotations }: Template): readonly string[] {
  return [injectLabel, dataplaneModeLabel, revisionLabel].flatMap((key) => {
    const value = labels[key] ?? annotations[key];
    return value === undefined ? [] : [`${key}=${value}`];
  });
}

/**
 * What makes new pods be of a data plane: a line for the labels of the namespace, or else what is wrong with the
 * template or the injector.
 */
function remedyFor({ mesh, namespace: { name, labels } }: Surroundings, to: DataPlane, template: Template): string {
  const targets = remedies[to].find((each) => nextMode(mesh, withLabels(labels, each), template) === modeFor(to));
  if (targets !== undefined) return `Have new pods be in ${to}: ${commandFor(name, targets)}`;
  const said = opinions(template);
  return said.length > 0
    ? `Take ${said.join(' and ')} out of the template of its pods.`
    : 'No injection webhook that is installed matches the labels of the namespace: install the revision that they name, or label it for one that is there.';
}

/** A mode that new pods would have, for messages. */
function said(next: Mode): string {
  return next === 'Transitional'
    ? `unknown, because istiod has read this value of ${injectLabel} in several ways`
    : next;
}

function count({ count: pods, mode }: Group): string {
  return pods === 1 ? `a pod is in mode ${mode}` : `${pods} pods are in mode ${mode}`;
}

/**
 * Who left sidecars by hand is reported by MM050 where he would be taken in. Where nothing takes him, who has opted out
 * is left alone there and back (`stays-outside.ts`).
 */
function isLeftAlone({ mode, template }: Group, { route }: Surroundings): boolean {
  if (route.from !== 'IstioSidecar' || mode !== 'None') return false;
  return takesOutsidersIn(route) || optsOutOfInjection(template);
}

/**
 * The way back puts every pod into the data plane that is left, by the labels of now: pods for which these mean
 * something else never get there.
 */
function neverBack(surroundings: Surroundings): readonly Evidence[] {
  const { route, namespace, mesh } = surroundings;
  const from = modeFor(route.from);
  const finish = arrived(route, namespace.labels)
    ? ` Or restart what is left in ${route.from} yourself: then there is nothing to migrate (MM005).`
    : '';
  return groupsOf(surroundings)
    .filter((group) => !isLeftAlone(group, surroundings))
    .flatMap((group) => {
      const next = nextMode(mesh, namespace.labels, group.template);
      return next === from
        ? []
        : [
            {
              object: nameOf({ ...group.owner, namespace: namespace.name }),
              message: `${count(group)}, but what the labels of the namespace and of its template ask for is ${said(next)}: a rollback waits for ${from} and could never end`,
              fix: `${remedyFor(surroundings, route.from, group.template)}${finish}`,
            },
          ];
    });
}

/** Which pods a rollback makes anew, or somebody else does before it is over. */
function groupPutBack({ mode }: Group, { from }: Route): string {
  return from === 'IstioSidecar' && mode === 'None' ? 'those that are made anew meanwhile' : 'them';
}

/** The same where it could end, but not as it began. */
function notAsItWas(surroundings: Surroundings): readonly Evidence[] {
  const { route, namespace, mesh } = surroundings;
  const from = modeFor(route.from);
  return groupsOf(surroundings)
    .filter((group) => group.mode !== from && !isLeftAlone(group, surroundings))
    .filter(({ template }) => nextMode(mesh, namespace.labels, template) === from)
    .map((group) => ({
      object: nameOf({ ...group.owner, namespace: namespace.name }),
      message: `${count(group)} already; a rollback would put ${groupPutBack(group, route)} into ${from}, as the labels of the namespace ask for`,
    }));
}

/** Templates that MM050 and MM051 tell about. */
function optsOut({ labels, annotations }: Template, to: DataPlane): boolean {
  if (to === 'IstioAmbient') return labels[dataplaneModeLabel] === 'none';
  return to === 'IstioSidecar' && ['No', 'Unclear'].includes(injectionAsked({ labels, annotations }));
}

/** What new pods would be once the labels are those at the end of the way there. */
function neverThere(surroundings: Surroundings): readonly Evidence[] {
  const { route, namespace, mesh } = surroundings;
  const after = withLabels(namespace.labels, labelsAfter(route, namespace.labels));
  const asleep = asleepIn(surroundings).map((template) => ({
    owner: { kind: template.kind, name: template.name },
    template: asPod(template),
  }));
  return [...groupsOf(surroundings), ...asleep]
    .filter(({ template }) => !optsOut(template, route.to))
    .flatMap(({ owner, template }) => {
      const next = nextMode(mesh, after, template);
      if (next === modeFor(route.to)) return [];
      return [
        {
          object: nameOf({ ...owner, namespace: namespace.name }),
          message: `once the labels of the namespace are those of ${route.to}, new pods of it would be in mode ${said(next)}`,
          fix: remedyFor({ ...surroundings, namespace: { ...namespace, labels: after } }, route.to, template),
        },
      ];
    });
}

/**
 * The labels that a rollback ends with: a revision that its owner has given since is kept (`revised.ts` in the engine).
 */
function labelsBack({ namespace: { labels }, back = {} }: Surroundings): Labels {
  const revision = labels[revisionLabel];
  return withLabels(labels, {
    ...back,
    ...(revision !== undefined && typeof back[revisionLabel] === 'string' && { [revisionLabel]: revision }),
  });
}

/** Where the labels have changed: what new pods would be with those of before, by what injectors there are now. */
export function nobodyLeft(surroundings: Surroundings): readonly Evidence[] {
  const { route, namespace, mesh, back } = surroundings;
  if (back === undefined || surroundings.itinerary === 'Hbone' || !arrived(route, namespace.labels)) return [];
  const labels = labelsBack(surroundings);
  return groupsOf(surroundings)
    .filter(({ mode, template }) => mode === modeFor(route.to) && !optsOut(template, route.from))
    .flatMap(({ owner, template }) => {
      const next = noInjectors(mesh) && route.from === 'IstioSidecar' ? 'None' : nextMode(mesh, labels, template);
      if (next === modeFor(route.from)) return [];
      const revision = labels[revisionLabel];
      return [
        {
          object: nameOf({ ...owner, namespace: namespace.name }),
          message: `with the labels that a rollback puts back${revision === undefined ? '' : ` (${revisionLabel}=${revision})`} new pods would be in mode ${said(next)}: it could never end`,
        },
      ];
    });
}

/** Whether new pods would be what the pods are, and what they shall be: a restart makes new ones, there and back. */
export const returnRules: readonly Rule[] = [
  {
    id: 'MM113',
    severity: 'Critical',
    when: 'BeforeFlip',
    back: { notAsked: 'it is about the way back; MM124 asks it at rest' },
    title: 'Pods could never be brought back',
    fix: 'Set the labels of the namespace so that new pods are as these are.',
    find: neverBack,
  },
  {
    id: 'MM114',
    severity: 'Warning',
    when: 'Start',
    title: 'A rollback would not end as it began',
    fix: 'Nothing to do if the labels are right; else set them first so that new pods are as these are.',
    find: notAsItWas,
  },
  {
    id: 'MM115',
    severity: 'Critical',
    when: 'BeforeFlip',
    back: { notAsked: 'MM124 asks it of the labels that a rollback puts back' },
    title: 'New pods would not be in the data plane to join',
    fix: 'Set the labels of the namespace and of the template so that new pods join.',
    find: neverThere,
  },
];

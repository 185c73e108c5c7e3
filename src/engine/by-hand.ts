import { isSameKind, kindKey } from '../api/object.ts';
import { originalLabelsAnnotation, stepLabel } from '../api/resources.ts';
import type { LabelTargets, StepPlan, StepWork } from '../mesh/adapter.ts';
import { restartsByEviction } from '../mesh/restartable.ts';
import { podsOwnedBy } from '../mesh/look-up.ts';
import type { ServiceView, WorkloadView } from '../mesh/views.ts';
import { arrivedAlone } from './arrived.ts';
import { labelCommand } from './label-command.ts';
import { hasLabels, observedLabels } from './label-values.ts';
import { isOfThis, ownObjects } from './own-objects.ts';
import { targetsBack } from './services.ts';
import type { Situation } from './situation.ts';
import { isConcerned } from './concerned.ts';

/** What a person is to do, in this order, and how many commands have no room besides. */
export interface ByHand {
  readonly commands: readonly string[];
  readonly more: number;
}

/** As much of a picture as tells a person what to put back. */
export type Picture = Pick<Situation, 'adapter' | 'object' | 'surroundings'>;

type Work<K extends StepWork['kind']> = Extract<StepWork, { kind: K }>;

/** How many objects one command names. */
const named = 5;

/** As many characters of their names, which may have 253 each: the rest of the way has to have room beside them. */
const mostNamed = 300;

function chunked(names: readonly string[]): readonly string[] {
  return Array.from({ length: Math.ceil(names.length / named) }, (_, at) =>
    names.slice(at * named, (at + 1) * named).join(' '),
  );
}

/**
 * Services that get the same labels stand together; what they were goes from them in the same breath, or nobody could
 * tell any more.
 */
function unbinding({ surroundings }: Picture, work: Work<'UnbindServices'>): readonly string[] {
  const { name: home } = surroundings.namespace;
  const groups = new Map<string, ServiceView[]>();
  for (const [service, targets] of targetsBack(surroundings, work)) {
    const changes = labelCommand('', service.labels, targets) ?? '';
    groups.set(changes, [...(groups.get(changes) ?? []), service]);
  }
  return [...groups].flatMap(([changes, services]) => {
    const kept = services.filter(({ annotations }) => annotations[originalLabelsAnnotation] !== undefined);
    return [
      ...(changes === ''
        ? []
        : chunked(services.map(({ name }) => name)).map((names) =>
            changes.replace('kubectl label ', `kubectl label services ${names} -n ${home}`),
          )),
      ...chunked(kept.map(({ name }) => name)).map(
        (names) => `kubectl annotate services ${names} -n ${home} ${originalLabelsAnnotation}-`,
      ),
    ];
  });
}

/**
 * By their names: a label of ours may have been copied to what is not. In the order of the steps that made them,
 * because what admits the waypoint to the pods has to go before the copies that decide at the waypoint. The kind with
 * its group, because kinds of two groups may share a name.
 */
function deleting(picture: Picture, { steps, unwatched = [] }: Work<'Remove'>): readonly string[] {
  const {
    adapter,
    surroundings: {
      namespace: { name: home },
    },
  } = picture;
  const left = ownObjects(picture, steps).filter((object) => isOfThis(picture, object));
  return steps.flatMap((step) =>
    adapter.made.flatMap(({ kind, resource: made }) => {
      const names = left
        .filter((object) => object.kind === kind && object.labels[stepLabel] === step)
        .map(({ name }) => name);
      if (names.length === 0) return [];
      // Nobody sees whether it is there: it goes right before what tells of it.
      const before = unwatched
        .filter((entry) => isSameKind(entry.before, made))
        .map(({ resource, name }) => `kubectl delete ${resource.plural} ${name} -n ${home} --ignore-not-found`);
      return [...before, ...chunked(names).map((some) => `kubectl delete ${kindKey(made)} ${some} -n ${home}`)];
    }),
  );
}

/** A workload that is to be made anew. A restart by its template replaces no pod where the operator has to evict. */
function nameOf(workload: WorkloadView): string {
  return `${workload.kind} ${workload.name}${restartsByEviction(workload) ? ' (delete its pods)' : ''}`;
}

/** The workloads that are to be made anew, in the order in which nobody is refused meanwhile. */
function restarting(picture: Picture, { stale, order }: Work<'Restart'>): string {
  const { surroundings } = picture;
  const left = surroundings.pods.filter((pod) => isConcerned(picture, pod) && stale(pod, surroundings));
  const due = (order?.(surroundings) ?? surroundings.workloads).filter(
    (workload) => podsOwnedBy(workload, left).length > 0,
  );
  const names = due.slice(0, named).map(nameOf);
  const some = names.slice(0, fitting(names, mostNamed));
  if (due.length === 0) return 'restart the workloads, and wait for them';
  return `restart the workloads in this order and wait for each: ${some.join(', ')}${due.length > some.length ? ', and then the others' : ''}`;
}

/** Whether the labels of the namespace are those of the new data plane, and of that alone. */
export function isThere({
  adapter,
  surroundings: {
    namespace: { labels },
    route,
  },
}: Picture): boolean {
  return arrivedAlone(adapter, route, labels);
}

/**
 * The labels as they are, as long as no record has those of before; in both data planes, without what the way into the
 * new one gave.
 */
function labelsGuessed(picture: Picture): LabelTargets {
  const {
    adapter,
    surroundings: {
      namespace: { labels },
      route,
    },
  } = picture;
  const now = observedLabels(picture);
  if (!adapter.arrived(route, labels) || isThere(picture)) return now;
  const given = adapter
    .itinerary(route, now, 'L4')
    .forward.flatMap(({ work }) => (work.kind === 'Labels' ? Object.entries(work.targets) : []));
  return {
    ...now,
    ...Object.fromEntries(
      given.filter(([key, value]) => value !== null && now[key] === value).map(([key]) => [key, null]),
    ),
  };
}

/**
 * What nobody can give a command for: the labels of before, where no record has them and these lead to the new data
 * plane.
 */
function unknownLabels(picture: Picture, target: LabelTargets): readonly string[] {
  const {
    adapter,
    surroundings: {
      namespace: { name, labels },
      route,
    },
  } = picture;
  if (!adapter.arrived(route, labels) || !hasLabels(labels, target)) return [];
  const changes = adapter
    .itinerary(route, target, 'L4')
    .backward.flatMap(({ work }) => (work.kind === 'Labels' ? [Object.keys(work.targets)] : []));
  const [first = []] = changes;
  // Pods need the capture until they are made anew.
  const late = (changes.at(-1) ?? []).filter((key) => !first.includes(key) && labels[key] !== undefined);
  return [
    `put the labels of namespace ${name} back as they were before it was migrated${late.length === 0 ? '' : `, but leave ${late.join(' and ')}`}`,
  ];
}

/**
 * Whether pods are to be made anew. Without a record only those of the new data plane: what others are to be, the
 * labels of before would tell.
 */
function isToRestart(picture: Picture, { stale }: Work<'Restart'>, isKnown: boolean): boolean {
  const { adapter, surroundings } = picture;
  const mode = adapter.modeFor(surroundings.route.to);
  return surroundings.pods.some(
    (pod) => isConcerned(picture, pod) && stale(pod, surroundings) && (isKnown || adapter.modeOf(pod) === mode),
  );
}

/** Pods follow the labels a little later where nothing is made anew: as long as one has not, it is not as it was. */
function awaiting({ adapter, surroundings }: Picture, { mode, leaves }: Work<'Verify'>): readonly string[] {
  const reached = adapter.modeFor(surroundings.route.to);
  const left = surroundings.pods.filter(
    (pod) =>
      adapter.concerns(pod, surroundings.workloads) &&
      adapter.modeOf(pod) === reached &&
      leaves?.(pod, surroundings) !== true,
  );
  const [first] = left;
  if (first === undefined || mode === reached) return [];
  const others = left.length === 1 ? '' : ` and ${left.length - 1} more`;
  return [`wait until pod ${first.name}${others} in mode ${reached} no longer is, and delete it if it stays so`];
}

/**
 * What the operator would wait for before the step that is next: a person has to see to it himself. What later ones rely
 * on those before them bring about.
 */
function lackedBy(step: StepPlan, { surroundings }: Picture, known: LabelTargets | undefined): readonly string[] {
  const there = { ...surroundings, ...(known && { back: known }) };
  const lacking = step.relies?.(there) ?? step.awaits?.(there);
  return lacking === undefined ? [] : [`wait as long as this is so: ${lacking.message}`];
}

function commands(picture: Picture, known: LabelTargets | undefined): readonly string[] {
  const {
    adapter,
    surroundings: {
      namespace: { name: home },
      route,
    },
  } = picture;
  const before = known ?? labelsGuessed(picture);
  let now = observedLabels(picture);
  const first = known === undefined ? unknownLabels(picture, before) : [];
  // The longest itinerary has every step that there may be something to do for.
  const commandsOf = (work: StepWork): readonly string[] => {
    switch (work.kind) {
      case 'Labels': {
        const command = labelCommand(`namespace ${home}`, now, work.targets);
        now = { ...now, ...work.targets };
        return command === undefined ? [] : [command];
      }
      case 'Restart':
        return isToRestart(picture, work, known !== undefined) ? [restarting(picture, work)] : [];
      case 'UnbindServices':
        return unbinding(picture, work);
      case 'Remove':
        return deleting(picture, work);
      default:
        return [];
    }
  };
  const { backward } = adapter.itinerary(route, before, 'L7', adapter.adopts(picture.surroundings));
  const steps = backward.map((step) => ({ step, some: commandsOf(step.work) })).filter(({ some }) => some.length > 0);
  const due = [
    ...first,
    ...steps.flatMap(({ step: { gate, settled }, some }): readonly string[] => {
      // The operator would ask a gate, or wait until every proxy has heard of the step before: a person can only give
      // them the time.
      const waits = gate !== undefined || settled !== undefined;
      return waits ? ['wait a minute', ...some] : some;
    }),
  ];
  const [next] = steps;
  if (due.length > 0) return [...(next === undefined ? [] : lackedBy(next.step, picture, known)), ...due];
  return backward.flatMap(({ work }) => (work.kind === 'Verify' ? awaiting(picture, work) : []));
}

/** As many of them as have room, one at least. */
function fitting(all: readonly string[], room: number): number {
  let length = 0;
  const over = all.findIndex((command) => (length += command.length + 2) > room);
  return over < 0 ? all.length : Math.max(1, over);
}

/**
 * The way back as a person goes it, with the labels as they were: in the order of the itinerary, because pods need what
 * protects them until they are replaced, and Services their copies until they are unbound. What has no room comes up
 * when what stands before it is done.
 */
export function wayBackByHand(picture: Picture, before: LabelTargets | undefined, room: number): ByHand {
  const all = commands(picture, before);
  const some = all.slice(0, fitting(all, room));
  return { commands: some, more: all.length - some.length };
}

/** Whether nothing is to be put back any more. */
export function isBack(picture: Picture, before: LabelTargets | undefined): boolean {
  return commands(picture, before).length === 0;
}

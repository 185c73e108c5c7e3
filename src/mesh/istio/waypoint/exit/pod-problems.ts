import type { Surroundings } from '../../../adapter.ts';
import type { TemplateView } from '../../../views.ts';
import { nameOf } from '../../vocabulary/objects.ts';
import { dataplaneModeLabel } from '../../vocabulary/labels.ts';
import { concerns } from '../../vocabulary/pod-mode.ts';
import { bounded, spend } from '../../../../base/effort.ts';
import { callerSteps } from '../../../effort-limits.ts';
import { selecting, type Selecting } from '../../policy/selecting.ts';
import { critical, type Problem } from '../../policy/translate/problem.ts';
import { tooLarge } from '../../policy/translate/size.ts';
import type { Served } from '../../policy/translate/to-sidecar/served.ts';
import { serviceTitle } from '../../policy/translate/world.ts';
import { exitWorldOf } from './served.ts';

type Labels = Readonly<Record<string, string>>;

/** What is behind the Services of a namespace, looked up by labels: each of the three may be thousands. */
interface Behind {
  readonly pods: Surroundings['pods'];
  readonly podsBy: Selecting;
  /** Places of pods that no sidecar will ever protect, and of such workloads. */
  readonly naked: ReadonlySet<number>;
  readonly nakedWorkloads: ReadonlySet<number>;
  readonly workloads: Surroundings['workloads'];
  readonly workloadsBy: Selecting;
  readonly otherTemplates: readonly TemplateView[];
  readonly otherTemplatesBy: Selecting;
  /**
   * Places of pods that no workload owns. The owner comes first: after a rollout that changes a label of the template,
   * and until its end, the pods that run have the labels of before.
   */
  readonly unowned: ReadonlySet<number>;
  /** The pods that a template may have made, by its place among the workloads. */
  readonly madeBy: (workload: number) => readonly number[];
}

/** As `concerns` says of its pods. */
function isOutside({ hostNetwork, templateLabels }: TemplateView): boolean {
  return hostNetwork === true || templateLabels[dataplaneModeLabel] === 'none';
}

function placesOf<T>(all: readonly T[], is: (one: T) => boolean): ReadonlySet<number> {
  return new Set(all.flatMap((one, place) => (is(one) ? [place] : [])));
}

function behindOf({ pods: all, workloads, otherTemplates }: Surroundings): Behind {
  const pods = all.filter((pod) => !pod.terminating);
  const by = (sets: readonly Labels[]): Selecting => selecting(sets, spend);
  const templates = workloads.map(({ templateLabels }) => templateLabels);
  const podsBy = by(pods.map(({ labels }) => labels));
  const keys = templates.map((labels) => JSON.stringify(labels));
  const known = new Map<string, readonly number[]>();
  const owners = new Set(workloads.map(({ kind, name }) => `${kind}/${name}`));
  return {
    pods,
    podsBy,
    naked: placesOf(pods, (pod) => !concerns(pod)),
    unowned: placesOf(pods, ({ owner }) => owner === undefined || !owners.has(`${owner.kind}/${owner.name}`)),
    workloads,
    nakedWorkloads: placesOf(workloads, isOutside),
    workloadsBy: by(templates),
    otherTemplates,
    otherTemplatesBy: by(otherTemplates.map(({ templateLabels }) => templateLabels)),
    madeBy(workload) {
      const key = keys[workload] ?? '';
      const made = known.get(key) ?? podsBy(templates[workload]);
      known.set(key, made);
      return made;
    },
  };
}

/** Places of some, as what stands there. */
function at<T>(places: readonly number[], all: readonly T[]): readonly T[] {
  return places.flatMap((place) => all[place] ?? []);
}

/** The first of some pods that no workload owns, and none of these can have made. */
function strangeAmong(
  pods: readonly number[],
  workloads: readonly number[],
  { unowned, madeBy }: Behind,
): number | undefined {
  const left = new Set(pods.filter((place) => unowned.has(place)));
  for (const workload of workloads) {
    if (left.size === 0) return undefined;
    const made = madeBy(workload);
    spend(1 + made.length / 8);
    for (const pod of made) left.delete(pod);
  }
  return [...left][0];
}

function problemsBehind({ service }: Served, behind: Behind): readonly Problem[] {
  const title = serviceTitle(service);
  if (Object.keys(service.selector).length === 0)
    return [
      critical(
        title,
        'spec.selector',
        'it selects no pods, so no sidecar takes over from its waypoint',
        'Keep the namespace in ambient, or remove the label of the waypoint from the Service.',
      ),
    ];
  const pods = behind.podsBy(service.selector);
  const workloads = behind.workloadsBy(service.selector);
  const others = at(behind.otherTemplatesBy(service.selector), behind.otherTemplates);
  spend((pods.length + workloads.length + others.length) / 8);
  const [naked] = [
    ...at(pods.filter((place) => behind.naked.has(place)).slice(0, 1), behind.pods),
    ...at(workloads.filter((place) => behind.nakedWorkloads.has(place)).slice(0, 1), behind.workloads),
    ...others.filter(isOutside),
  ];
  const [strange] = at([strangeAmong(pods, workloads, behind) ?? -1], behind.pods);
  const [unowned] = others;
  return [
    ...(naked === undefined
      ? []
      : [
          critical(
            nameOf(naked),
            'metadata.labels',
            `it is behind ${title} and would have no sidecar: without the waypoint nothing would enforce its policies`,
            'Remove istio.io/dataplane-mode=none and hostNetwork from its template, or keep the namespace in ambient.',
          ),
        ]),
    ...(strange === undefined
      ? []
      : [
          critical(
            nameOf(strange),
            'metadata.ownerReferences',
            `it is behind ${title} and belongs to no Deployment, StatefulSet or DaemonSet, so its labels and ports are not known beforehand`,
            'Delete it, or run it as a Deployment.',
          ),
        ]),
    ...(unowned === undefined
      ? []
      : [
          critical(
            nameOf(unowned),
            'spec',
            `its pods are behind ${title}, and one that runs on the way is restarted by nobody: it would be without the waypoint and without a sidecar`,
            'Give its pods labels that no Service behind a waypoint selects, or run them as a Deployment.',
          ),
        ]),
  ];
}

/** Whom the sidecars would not protect, behind all Services together, within steps of its own. */
export function podProblems(served: readonly Served[], surroundings: Surroundings): readonly Problem[] {
  const found = bounded(callerSteps, () => {
    const behind = behindOf(surroundings);
    return served.flatMap((one) => problemsBehind(one, behind));
  });
  return found.kind === 'Done' ? found.value : [tooLarge(exitWorldOf(surroundings))];
}

import { spend } from '../../../../base/effort.ts';
import { asPod, type PodView } from '../../../views.ts';
import { nextMode } from '../../vocabulary/next-mode.ts';
import { modeOf } from '../../vocabulary/pod-mode.ts';
import { anyAccount } from '../by-account.ts';
import { asleep, isOfApplication, serves } from './asleep.ts';
import { question, type There } from './question.ts';

/** Who has sidecars in a namespace, by service account; `anyAccount` is among them where that takes too long to tell. */
export interface WithSidecars {
  /** Of pods with a sidecar, and of what would be some as soon as it wakes. */
  readonly accounts: ReadonlySet<string>;
  /** Of those pods whose successors would be in ambient: what is left of a migration. */
  readonly left: ReadonlySet<string>;
  /** Nobody of the application is there without, and whoever comes gets one. */
  readonly whole: boolean;
}

/** Nobody has one. */
export const nobodyWithSidecar: WithSidecars = { accounts: new Set(), left: new Set(), whole: false };

function accountsOf(all: readonly Pick<PodView, 'serviceAccount'>[]): ReadonlySet<string> {
  return new Set(all.map(({ serviceAccount }) => serviceAccount));
}

function askedThere(there: There): WithSidecars {
  const { labels, ...inhabitants } = there.inhabitants();
  const { workloads, otherTemplates } = inhabitants;
  spend((inhabitants.pods.length + 2 * (workloads.length + otherTemplates.length)) / 8);
  const pods = inhabitants.pods.filter(serves);
  const awake = pods.filter((pod) => modeOf(pod) === 'Sidecar');
  const left = awake.filter((pod) => {
    const next = asPod({ templateLabels: pod.labels, templateAnnotations: pod.annotations });
    return nextMode(there.mesh, labels, next) === 'Ambient';
  });
  const accounts = accountsOf([...awake, ...asleep({ ...inhabitants, labels }, 'Sidecar', there.mesh)]);
  const whole =
    accounts.size > 0 &&
    awake.length === pods.length &&
    there.injects() &&
    [...workloads, ...otherTemplates]
      .filter(isOfApplication)
      .every((template) => nextMode(there.mesh, labels, asPod(template)) === 'Sidecar');
  return { accounts, left: accountsOf(left), whole };
}

/** Asked of pods, and not of what a namespace says of itself: it may be back but for a Job, or have one by its template. */
export const withSidecars = question<WithSidecars>({
  ask: askedThere,
  otherwise: () => ({ accounts: new Set([anyAccount]), left: new Set([anyAccount]), whole: false }),
});

import { spend } from '../../../../base/effort.ts';
import { asPod, type PodView, type TemplateView } from '../../../views.ts';
import { isOfApplication } from '../../vocabulary/gateway-pods.ts';
import { nextMode } from '../../vocabulary/next-mode.ts';
import { modeOf } from '../../vocabulary/pod-mode.ts';
import { anyAccount } from '../by-account.ts';
import { asleep, serves } from './asleep.ts';
import { question, type There } from './question.ts';

/** Who has sidecars in a namespace, by service account; `anyAccount` is among them where that takes too long to tell. */
export interface WithSidecars {
  /** Of pods with a sidecar, and of what would be some as soon as it wakes, or may be. */
  readonly accounts: ReadonlySet<string>;
  /** Of pods with a sidecar. */
  readonly awake: ReadonlySet<string>;
  /** Of what sleeps and is sure to be given one, by its template and the labels of the namespace as they are. */
  readonly asleep: ReadonlySet<string>;
  /** Of pods that are there without, and of what is not sure to be given one. */
  readonly without: ReadonlySet<string>;
  /** Of those pods whose successors would be in ambient: what is left of a migration. */
  readonly left: ReadonlySet<string>;
  /** Nobody of the application is there without, and whoever comes gets one. */
  readonly whole: boolean;
}

/** Nobody has one. */
export const nobodyWithSidecar: WithSidecars = {
  accounts: new Set(),
  awake: new Set(),
  asleep: new Set(),
  without: new Set(),
  left: new Set(),
  whole: false,
};

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
  const sleeping = asleep({ ...inhabitants, labels }, 'Sidecar', there.mesh);
  const isGivenOne = (template: TemplateView): boolean => nextMode(there.mesh, labels, asPod(template)) === 'Sidecar';
  const templates = [...workloads, ...otherTemplates].filter(isOfApplication);
  const accounts = accountsOf([...awake, ...sleeping]);
  return {
    accounts,
    awake: accountsOf(awake),
    asleep: accountsOf(sleeping.filter(isGivenOne)),
    without: accountsOf([
      ...pods.filter((pod) => modeOf(pod) !== 'Sidecar'),
      ...templates.filter((template) => !isGivenOne(template)),
    ]),
    left: accountsOf(left),
    whole: accounts.size > 0 && awake.length === pods.length && there.injects() && templates.every(isGivenOne),
  };
}

/** Asked of pods, and not of what a namespace says of itself: it may be back but for a Job, or have one by its template. */
export const withSidecars = question<WithSidecars>({
  ask: askedThere,
  otherwise: () => ({
    ...nobodyWithSidecar,
    accounts: new Set([anyAccount]),
    left: new Set([anyAccount]),
  }),
});

import { spend } from '../../../base/effort.ts';
import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import { asPod, type TemplateView } from '../../views.ts';
import { nextMode } from '../vocabulary/next-mode.ts';
import { anyAccount, byAccount } from './by-account.ts';
import { isOfApplication } from './calls/asleep.ts';
import type { Caller } from './callers.ts';

/*
 * Callers by their templates. Which pods run is an accident of the second: a CronJob is between two runs, a Deployment
 * is replaced as a whole, or stands at zero over night. An absence that lasts a moment must not end a wait for good.
 */

/**
 * Templates of a namespace whose next pods would have sidecars. In scope all of them count, because their namespace
 * moves in its turn. Where nobody moves it a workload at zero may stay so for ever, and who runs or wakes by himself
 * counts.
 */
const withSidecars = memoize(({ mesh, scope }: Surroundings) =>
  byName((namespace): readonly TemplateView[] => {
    const labels = mesh.labelsOf?.(namespace) ?? {};
    const isMoving = scope?.moves(namespace) === true;
    const workloads = mesh.workloads(namespace).filter(({ replicas }) => isMoving || replicas > 0);
    const templates = [...workloads, ...mesh.otherTemplates(namespace)];
    spend(1 + templates.length);
    return templates.filter(
      (template) =>
        isOfApplication(template) && ['Sidecar', 'Transitional'].includes(nextMode(mesh, labels, asPod(template))),
    );
  }),
);

/** By a name: what is known of one is not asked again. */
function byName<T>(ask: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>();
  return (name) => {
    const found = known.get(name) ?? ask(name);
    known.set(name, found);
    return found;
  };
}

const comingAmong = memoize((surroundings: Surroundings) =>
  memoize((callers: readonly Caller[]): readonly Caller[] =>
    [...byAccount(callers)].flatMap(([namespace, there]) => {
      const templates = withSidecars(surroundings)(namespace);
      spend(1 + templates.length / 8);
      const accounts = new Set(templates.map(({ serviceAccount }) => serviceAccount));
      return [...accounts]
        .filter((account) => there.has(anyAccount) || there.has(account))
        .map((serviceAccount) => ({ namespace, serviceAccount }));
    }),
  ),
);

/** Those of some callers that have a template whose next pod would have a sidecar, whatever runs now. */
export function comingCallers(callers: readonly Caller[], surroundings: Surroundings): readonly Caller[] {
  return comingAmong(surroundings)(callers);
}

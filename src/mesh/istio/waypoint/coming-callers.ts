import { spend } from '../../../base/effort.ts';
import { memoize } from '../../../base/memoize.ts';
import type { MeshState, Surroundings } from '../../adapter.ts';
import { asPod, type TemplateView } from '../../views.ts';
import { isOfApplication } from '../vocabulary/gateway-pods.ts';
import { optsOutOfInjection } from '../vocabulary/injection.ts';
import { nextMode } from '../vocabulary/next-mode.ts';
import { anyAccount, byAccount } from './by-account.ts';
import type { Caller } from './callers.ts';

/*
 * Callers by their templates. Which pods run is an accident of the second: a CronJob is between two runs, a Deployment
 * is replaced as a whole, or stands at zero over night. An absence that lasts a moment must not end a wait for good.
 *
 * No wait by a template is for ever and without a word: a namespace in scope moves without pods too, and who stays
 * outside is named before anything is begun (MM083), and by the wait.
 */

/** What makes pods of the application in a namespace. */
function templatesIn(
  namespace: string,
  mesh: Pick<MeshState, 'workloads' | 'otherTemplates'>,
): readonly TemplateView[] {
  const templates = [...mesh.workloads(namespace), ...mesh.otherTemplates(namespace)];
  spend(1 + templates.length / 4);
  return templates.filter(isOfApplication);
}

/** Templates of a namespace whose next pods would have sidecars. */
const withSidecars = memoize(({ mesh }: Surroundings) =>
  byName((namespace): readonly TemplateView[] => {
    const labels = mesh.labelsOf?.(namespace) ?? {};
    return templatesIn(namespace, mesh).filter((template) =>
      ['Sidecar', 'Transitional'].includes(nextMode(mesh, labels, asPod(template))),
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

/**
 * Accounts of a namespace of which pods come that may have sidecars once it is back in them, whatever runs now; what
 * asks for none has called without one before.
 */
export const accountsBack = memoize(({ mesh }: Surroundings) =>
  byName((namespace): ReadonlySet<string> => {
    const templates = templatesIn(namespace, mesh).filter((template) => !optsOutOfInjection(asPod(template)));
    return new Set(templates.map(({ serviceAccount }) => serviceAccount));
  }),
);

import { spend } from '../../../base/effort.ts';
import type { Mode } from '../../../api/common.ts';
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

/** Templates of a namespace whose next pods would be in one of these modes. */
function inModes(...modes: readonly Mode[]): (surroundings: Surroundings) => (name: string) => readonly TemplateView[] {
  return memoize(({ mesh }: Surroundings) =>
    byName((namespace): readonly TemplateView[] => {
      const labels = mesh.labelsOf?.(namespace) ?? {};
      return templatesIn(namespace, mesh).filter((template) => modes.includes(nextMode(mesh, labels, asPod(template))));
    }),
  );
}

const withSidecars = inModes('Sidecar', 'Transitional');
const outside = inModes('None');

/** By a name: what is known of one is not asked again. */
function byName<T>(ask: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>();
  return (name) => {
    const found = known.get(name) ?? ask(name);
    known.set(name, found);
    return found;
  };
}

/** Templates that are among some callers: asked once in a look for all Services that the same call. */
function comingAmong(
  templates: typeof withSidecars,
): (callers: readonly Caller[], surroundings: Surroundings) => readonly TemplateView[] {
  const known = memoize((surroundings: Surroundings) =>
    memoize((callers: readonly Caller[]): readonly TemplateView[] =>
      [...byAccount(callers)].flatMap(([namespace, there]) => {
        const all = templates(surroundings)(namespace);
        spend(1 + all.length / 8);
        return all.filter(({ serviceAccount }) => there.has(anyAccount) || there.has(serviceAccount));
      }),
    ),
  );
  return (callers, surroundings) => known(surroundings)(callers);
}

const comingWithSidecars = comingAmong(withSidecars);

/** Those of some callers whose next pods would be outside the mesh, whatever runs now. */
export const comingOutside: typeof comingWithSidecars = comingAmong(outside);

/** Those of some callers that have a template whose next pod would have a sidecar, whatever runs now. */
export function comingCallers(callers: readonly Caller[], surroundings: Surroundings): readonly Caller[] {
  const all = comingWithSidecars(callers, surroundings);
  const found = new Map(
    all.map(({ namespace, serviceAccount }) => [`${namespace}/${serviceAccount}`, { namespace, serviceAccount }]),
  );
  return [...found.values()];
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

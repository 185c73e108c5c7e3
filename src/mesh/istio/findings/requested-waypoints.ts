import type { Surroundings } from '../../adapter.ts';
import type { ServiceView } from '../../views.ts';
import { serviceTitle } from '../policy/translate/world.ts';
import { askedFor, mostRequested, requestedIn, wantedNow } from '../waypoint/requested.ts';
import { translationOf } from '../waypoint/translation.ts';
import type { Evidence, Rule } from './rule.ts';

function whyUnserved({ headless, externalName }: ServiceView): string {
  if (headless)
    return 'it is headless: callers address its pods, and a waypoint stands before the address of a Service';
  return externalName
    ? 'it is another name for something else, and has no address of its own'
    : 'it selects no pods that a data plane would take';
}

/** What is named by itself and gets no waypoint by that. */
function inVain(surroundings: Surroundings): readonly Evidence[] {
  const { namespace, services, itinerary } = surroundings;
  const { names } = askedFor(surroundings);
  if (names.length === 0) return [];
  const byName = new Map(services.map((service) => [service.name, service]));
  const { needs, bound } = translationOf(surroundings);
  const servable = new Set(needs.filter((need) => need.servable).map(({ service }) => service.name));
  const settled = new Set([...requestedIn(surroundings), ...bound.map(({ name }) => name)]);
  return names.flatMap((name): readonly Evidence[] => {
    const object = serviceTitle({ namespace: namespace.name, name });
    const service = byName.get(name);
    if (service === undefined)
      return [{ object, message: 'spec.waypoint.services names it, and there is no such Service' }];
    if (!servable.has(name))
      return [
        {
          object,
          message: `spec.waypoint.services names it, and no waypoint can stand before it: ${whyUnserved(service)}`,
        },
      ];
    return itinerary === undefined || settled.has(name)
      ? []
      : [
          {
            object,
            message:
              'spec.waypoint.services names it since the namespace has started: what it uses was settled then, and this counts at its next start',
            fix: 'Nothing to do, or roll the namespace back and start it again.',
          },
        ];
  });
}

/** What there is no room for in the journal. */
function tooMany(surroundings: Surroundings): readonly Evidence[] {
  const { namespace, itinerary } = surroundings;
  const wanted = itinerary === undefined ? wantedNow(surroundings).length : 0;
  return wanted <= mostRequested
    ? []
    : [
        {
          object: `Namespace ${namespace.name}`,
          message: `spec.waypoint.services asks for ${wanted} of its Services, and there is room for ${mostRequested}: the others, by name, get none`,
          fix: 'Name those that need one most.',
        },
      ];
}

/** What a migration asks for in vain. */
export const requestedRules: readonly Rule[] = [
  {
    id: 'MM152',
    severity: 'Warning',
    when: 'Start',
    lasts: true,
    title: 'A waypoint is asked for in vain',
    fix: 'Correct the name in spec.waypoint.services, or take it out; or give the pods a Service with a cluster address.',
    find: (surroundings) => [...inVain(surroundings), ...tooMany(surroundings)],
  },
];

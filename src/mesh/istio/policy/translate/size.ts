import { memoize } from '../../../../base/memoize.ts';
import { spend } from '../../../../base/effort.ts';
import type { Problem } from './problem.ts';
import { titleOf, type ConfigObject, type World } from './world.ts';

type Sized = Pick<
  World,
  'namespace' | 'policies' | 'requestAuthentications' | 'peerAuthentications' | 'extensions' | 'services' | 'workloads'
> &
  Partial<Pick<World, 'routes'>>;

const known = new WeakMap<ConfigObject, number>();

/** The characters of an object as far as they say what it does. */
export function sizeOf(object: ConfigObject): number {
  const size = known.get(object) ?? JSON.stringify(object.spec).length;
  known.set(object, size);
  return size;
}

/**
 * A character of a policy takes at least so many steps in the end: what is far too large is given up before it is
 * begun.
 */
const stepsOfCharacter = 3;

/** Of what is carried over and not compared. */
const stepsOfOther = 1 / 8;

/** Counts what it takes to read all that applies to a namespace. */
export function countSizes({
  policies,
  requestAuthentications,
  extensions,
}: Pick<Sized, 'policies' | 'requestAuthentications' | 'extensions'>): void {
  for (const { object } of policies) spend(sizeOf(object) * stepsOfCharacter);
  for (const object of [...requestAuthentications.map((original) => original.object), ...extensions])
    spend(sizeOf(object) * stepsOfOther);
}

/** The object of a namespace that says most: what to make smaller first. */
function largestOf({
  policies,
  requestAuthentications,
  peerAuthentications = [],
  extensions,
}: Sized): ConfigObject | undefined {
  const objects = [...policies, ...requestAuthentications].map(({ object }) => object);
  return [...objects, ...peerAuthentications, ...extensions].reduce<ConfigObject | undefined>(
    (largest, object) => (largest === undefined || sizeOf(object) > sizeOf(largest) ? object : largest),
    undefined,
  );
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

/**
 * Which object makes a namespace too large to compare, as a sentence; its Services and workloads if these say more than
 * any policy. It is said of each Service.
 */
export const largestIn = memoize((world: Sized): { readonly object: string; readonly sentence: string } => {
  const { namespace, services, workloads, routes = [] } = world;
  const largest = largestOf(world);
  const around = JSON.stringify([services, workloads]).length + routes.reduce((all, route) => all + sizeOf(route), 0);
  if (largest === undefined || sizeOf(largest) < around) {
    const between = routes.length === 0 ? '' : `, ${counted(routes.length, 'route')}`;
    return {
      object: `Namespace ${namespace}`,
      sentence: `most of it are ${counted(services.length, 'Service')}${between} and ${counted(workloads.length, 'workload')}`,
    };
  }
  return { object: titleOf(largest), sentence: `the largest is ${titleOf(largest)}, of ${sizeOf(largest)} characters` };
});

/** What cannot be said of a namespace within the steps of a look; nothing is made of its policies then. */
export function tooLarge(world: Sized): Problem {
  const { object, sentence } = largestIn(world);
  return {
    severity: 'Critical',
    object,
    field: 'spec',
    tooLarge: true,
    message: `what the policies of ${world.namespace} let through takes more steps to work out than one look may take; ${sentence}`,
    fix: makeSmaller,
  };
}

/** The remedy for all that is too large. */
export const makeSmaller =
  'Name fewer values in it: a prefix or a namespace in place of a list. Or, where Services and workloads are most of it, divide the namespace.';

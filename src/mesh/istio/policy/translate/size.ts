import { counted } from '../../../../base/counted.ts';
import { memoize } from '../../../../base/memoize.ts';
import { spend } from '../../../../base/effort.ts';
import type { Json } from '../../../json.ts';
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

/** The same of what says little in many parts, as rules that say nothing do. */
const stepsOfRule = 16;

/** Of what is carried over and not compared. */
const stepsOfOther = 1 / 8;

/** Counts what it takes to read all that applies to a namespace. */
export function countSizes({
  policies,
  requestAuthentications,
  extensions,
}: Pick<Sized, 'policies' | 'requestAuthentications' | 'extensions'>): void {
  for (const { object } of policies)
    spend(Math.max(sizeOf(object) * stepsOfCharacter, partsOf(object.spec) * stepsOfRule));
  for (const object of [...requestAuthentications.map((original) => original.object), ...extensions])
    spend(sizeOf(object) * stepsOfOther);
}

/** Each value in it, the lists and maps among them; what several have in common is counted once, and told of each. */
const partsOf = memoize((spec: object): number => {
  const open: unknown[] = [spec];
  let parts = 0;
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    parts += 1;
    if (typeof value === 'object' && value !== null) for (const member of Object.values(value)) open.push(member ?? '');
  }
  return parts;
});

/** The same of a copy, which has what it says in common with others. */
export function partsOfCopy(spec: Json): number {
  return Object.values(spec).reduce(
    (sum: number, member) => sum + (typeof member === 'object' && member !== null ? partsOf(member) : 1),
    1,
  );
}

/** To make a part anew, to read that, and to keep it in mind. */
const stepsOfPart = 4;

/**
 * Counts what it takes to write an object in other words, before that is done: whoever writes it decides how much stands
 * in it, and in how many ways his Services have it written.
 */
export function countRewriting(object: ConfigObject): void {
  spend(partsOf(object.spec) * stepsOfPart + sizeOf(object) * stepsOfOther);
}

/** To write a port, and to read that. */
const stepsOfPort = 2;

/**
 * Counts ports that are looked through to be written in the place of others, before that is done: a rule that names one
 * port may have to name each port of a Service, and of what is written the original says nothing.
 */
export function countPorts(ports: number): void {
  spend(ports * stepsOfPort);
}

/** Of what is written once more as it stands, and has been put in order. */
const stepsOfCopied = 1 / 64;

/** Counts what it takes to seal so many characters; how many are written is bounded besides (`written.ts`). */
export function countCopied(characters: number): void {
  spend(characters * stepsOfCopied);
}

/** What stands in a namespace, as far as it is asked which of it is most. */
export interface Standing {
  readonly namespace: string;
  readonly objects: readonly ConfigObject[];
  readonly services: readonly object[];
  readonly workloads: readonly object[];
  readonly routes?: readonly ConfigObject[];
}

/** The object or the namespace that makes it too large, and a sentence on what of it does. */
export interface Largest {
  readonly object: string;
  readonly sentence: string;
}

/** What an object takes: one of many parts that say little takes as much as one that says more. */
function weightOf(object: ConfigObject): number {
  return sizeOf(object) + 4 * partsOf(object.spec);
}

function weightOfAll(objects: readonly ConfigObject[]): number {
  return objects.reduce((all, object) => all + weightOf(object), 0);
}

/** The kind of which the objects say most together, and the one of them that says most. */
function mostOf(objects: readonly ConfigObject[]): { readonly all: readonly ConfigObject[]; readonly size: number } {
  return [...Map.groupBy(objects, ({ kind }) => kind).values()]
    .map((all) => ({ all, size: weightOfAll(all) }))
    .reduce((most, each) => (each.size > most.size ? each : most), { all: [], size: 0 });
}

/** One of many is no reason to name it: it would have to say a good part of what all of its kind say. */
const partOfAll = 1 / 10;

/**
 * Which object makes a namespace too large, as a sentence; how many of a kind, where each says little; its Services and
 * workloads if these say more than they do.
 */
export function largestAmong({ namespace, objects, services, workloads, routes = [] }: Standing): Largest {
  const { all, size } = mostOf(objects);
  const [first, ...others] = all;
  const whole = `Namespace ${namespace}`;
  const around = JSON.stringify([services, workloads]).length + weightOfAll(routes);
  if (first === undefined || size < around) {
    const between = routes.length === 0 ? '' : `, ${counted(routes.length, 'route')}`;
    const sentence = `most of it are ${counted(services.length, 'Service')}${between} and ${counted(workloads.length, 'workload')}`;
    return { object: whole, sentence };
  }
  const largest = others.reduce((one, other) => (weightOf(other) > weightOf(one) ? other : one), first);
  if (weightOf(largest) < size * partOfAll)
    return {
      object: whole,
      sentence: `most of it are ${counted(all.length, first.kind)}, which fewer could say as well`,
    };
  return { object: titleOf(largest), sentence: `the largest is ${titleOf(largest)}, of ${sizeOf(largest)} characters` };
}

/** The same of the picture of a translation. It is said of each Service. */
export const largestIn = memoize((world: Sized): Largest => {
  const { policies, requestAuthentications, peerAuthentications = [], extensions } = world;
  const objects = [...policies, ...requestAuthentications].map(({ object }) => object);
  return largestAmong({ ...world, objects: [...objects, ...peerAuthentications, ...extensions] });
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

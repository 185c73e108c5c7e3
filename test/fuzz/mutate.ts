import fc from 'fast-check';
import { times } from '../support/sample.ts';

/** Where in a document something is: keys of objects, indices of lists. */
type Path = readonly (string | number)[];

function positive(text: string | undefined, otherwise: number): number {
  const number = Number(text ?? otherwise);
  return Number.isInteger(number) && number > 0 ? number : otherwise;
}

/**
 * Runs of a property. How long all of them take is said by `FUZZ_SECONDS`, in seconds of one core that has nothing else
 * to do: it is counted in runs and not timed, so that the same length finds the same on any machine. `perSecond` is the
 * part of this property. 20 in `npm test`, and half of that in a sample; CI takes five minutes: 20 times the runs of before took 51 s of CPU, so 2.5
 * s were 300 runs of the cheap properties, and `perSecond` is a 2.5th of that. From a seed, `FUZZ_SEED`, so that a run
 * tells of the change and not of the day: CI takes the commit.
 */
export function runs(perSecond: number): { readonly numRuns: number; readonly seed: number } {
  return {
    numRuns: perSecond * positive(process.env['FUZZ_SECONDS'], times(2, 20)),
    seed: positive(process.env['FUZZ_SEED'], 1),
  };
}

/**
 * Texts that mean something to some reader: patterns, names of JavaScript, templates, marks of YAML and of terminals.
 */
const oddTexts: readonly string[] = [
  '',
  ' ',
  '*',
  '**',
  '%',
  '/',
  '//',
  '..',
  '.',
  ':',
  '0',
  '-1',
  '1e999',
  'NaN',
  'null',
  'true',
  '[',
  '(',
  '\\',
  '{',
  '}',
  '{*}',
  '{**}',
  '$1',
  '\u0000',
  '\u001B[31m',
  '\u202E',
  '\u2028',
  '\uD800',
  '\n',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'length',
  '10.0.0.0/99',
  '::1/129',
  'fe80::1%eth0',
  '99999999999999999999',
  '*.*',
  'a*b',
  'spiffe://',
  'request.headers[',
  'request.auth.claims[]',
  'http://[',
  'a'.repeat(5000),
];

/** What no schema expects here. JSON has no NaN and no undefined; `__proto__` is a key like another there. */
export const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(null) },
  { weight: 4, arbitrary: fc.constantFrom(...oddTexts) },
  { weight: 2, arbitrary: fc.constantFrom(0, -1, 1.5, 65_536, 2 ** 31, 2 ** 53, 1e308, -0) },
  { weight: 1, arbitrary: fc.boolean() },
  {
    weight: 2,
    arbitrary: fc.constantFrom<unknown>([], {}, [null], [[]], [{}], { a: null }, [1, 'a', null], [''], { '': '' }),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(
        '{"__proto__": {"length": 3, "kind": "Service"}}',
        '{"__proto__": null}',
        '{"constructor": {"prototype": 1}}',
        '{"length": -1}',
        '{"toString": 5}',
      )
      .map((text): unknown => JSON.parse(text)),
  },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
);

type Change =
  | { readonly kind: 'Drop' }
  | { readonly kind: 'Set'; readonly value: unknown }
  | { readonly kind: 'Add'; readonly key: string; readonly value: unknown }
  | { readonly kind: 'Twice' };

const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 2, arbitrary: fc.constant<Change>({ kind: 'Drop' }) },
  { weight: 6, arbitrary: oddValue.map((value): Change => ({ kind: 'Set', value })) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom('__proto__', 'constructor', 'a', 'length', '0', 'matchLabels', 'name'), oddValue)
      .map(([key, value]): Change => ({ kind: 'Add', key, value })),
  },
  { weight: 1, arbitrary: fc.constant<Change>({ kind: 'Twice' }) },
);

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function membersOf(value: unknown): readonly (readonly [string | number, unknown])[] {
  if (Array.isArray(value)) return value.map((member: unknown, index) => [index, member]);
  return isObject(value) ? Object.entries(value) : [];
}

/** Every place of a document, the outermost first. */
function placesOf(value: unknown, path: Path = []): readonly Path[] {
  return [path, ...membersOf(value).flatMap(([key, member]) => placesOf(member, [...path, key]))];
}

/** A key as JSON.parse sets it: `__proto__` is no setter. */
function define(object: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

/** What becomes of the value at a place; an empty list if it is dropped. */
function changed(value: unknown, made: Change): readonly unknown[] {
  switch (made.kind) {
    case 'Drop':
      return [];
    case 'Set':
      return [made.value];
    case 'Twice':
      return [value, value];
    case 'Add': {
      if (!isObject(value)) return [made.value];
      const copy: Record<string, unknown> = {};
      for (const [key, member] of Object.entries(value)) define(copy, key, member);
      define(copy, made.key, made.value);
      return [copy];
    }
  }
}

function at(document: unknown, [first, ...rest]: Path, made: Change): readonly unknown[] {
  if (first === undefined) return changed(document, made);
  if (Array.isArray(document))
    return [document.flatMap((member: unknown, index) => (index === first ? at(member, rest, made) : [member]))];
  if (!isObject(document)) return [document];
  const copy: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(document)) {
    const [kept] = key === first ? at(member, rest, made).slice(-1) : [member];
    if (key !== first || at(member, rest, made).length > 0) define(copy, key, kept);
  }
  return [copy];
}

/** A document with some changes, each at a place for which `mayChange` says yes. */
export function mutated<T>(document: T, mayChange: (path: Path) => boolean, most = 3): fc.Arbitrary<T> {
  return fc.array(fc.tuple(fc.nat(), change), { minLength: 1, maxLength: most }).map((changes) => {
    let result: unknown = document;
    for (const [pick, made] of changes) {
      const places = placesOf(result).filter(mayChange);
      const path = places[pick % Math.max(1, places.length)];
      if (path !== undefined) [result] = at(result, path, made);
    }
    return result as T;
  });
}

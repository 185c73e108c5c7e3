import { RequestSpaceTooLarge } from './boxes.ts';
import { addressClasses } from './classes-address.ts';
import { portClasses, type AddressedPort, type PortMatcher, type ServicePort } from './classes-port.ts';
import { textClasses, type Form, type TextClasses, type TextKind } from './classes-text.ts';
import { TextIndex } from './classes-text-index.ts';
import { bitSet, classify, wordsOf } from './classes.ts';
import { spend } from '../base/effort.ts';
import type { PathMatch } from './matches-text.ts';
import type { AddressName, Atom, FlagName, ListName, Shape, TextName } from './space-questions.ts';

/** A dimension of the request space, and what its classes stand for; the more usual ones come first. */
export type Dimension =
  | { readonly kind: 'Flag'; readonly name: FlagName; readonly classes: readonly boolean[] }
  | { readonly kind: 'Text'; readonly name: TextName; readonly classes: readonly (Form | undefined)[] }
  /** What follows if the text is an open form. */
  | { readonly kind: 'End'; readonly name: TextName; readonly classes: readonly string[] }
  /** Whether the list has this member. */
  | { readonly kind: 'Member'; readonly name: ListName; readonly member: string; readonly classes: readonly boolean[] }
  | { readonly kind: 'Address'; readonly name: AddressName; readonly classes: readonly string[] }
  | { readonly kind: 'Port'; readonly classes: readonly AddressedPort[] }
  | { readonly kind: 'Shape'; readonly name: `metadata ${string}`; readonly classes: readonly (Shape | undefined)[] };

/** Some classes of a dimension; the dimension is counted within its fact. */
export interface Side {
  readonly dimension: number;
  readonly classes: bigint;
}

/**
 * What the questions about one fact make: its dimensions, and where one of some questions holds: in the union of these
 * boxes.
 */
export interface Fact {
  readonly dimensions: readonly Dimension[];
  readonly boxes: (atoms: readonly Atom[]) => readonly (readonly Side[])[];
}

type AtomOf<K extends Atom['kind']> = Extract<Atom, { kind: K }>;

/** The fact that some questions of one kind and name are about. */
export function fact(atoms: readonly [Atom, ...Atom[]], servicePorts: readonly ServicePort[] | undefined): Fact {
  const [first] = atoms;
  switch (first.kind) {
    case 'Flag':
      return flag(first.name);
    case 'Shape':
      return shape(first.name);
    case 'Text':
      return text(first.name, only(atoms, 'Text'));
    case 'Member':
      return members(first.name, only(atoms, 'Member'));
    case 'Address':
      return address(first.name, only(atoms, 'Address'));
    case 'Port':
      return port(only(atoms, 'Port'), servicePorts);
  }
}

function only<K extends Atom['kind']>(atoms: readonly Atom[], kind: K): readonly AtomOf<K>[] {
  return atoms.filter((atom): atom is AtomOf<K> => atom.kind === kind);
}

/** A caller usually has an identity and speaks HTTP, without a token. */
function flag(name: FlagName): Fact {
  const classes = name === 'token' ? [false, true] : [true, false];
  return {
    dimensions: [{ kind: 'Flag', name, classes }],
    boxes: () => [[{ dimension: 0, classes: 1n << BigInt(classes.indexOf(true)) }]],
  };
}

function shape(name: `metadata ${string}`): Fact {
  const classes = [undefined, 'Text', 'List'] as const;
  return {
    dimensions: [{ kind: 'Shape', name, classes }],
    boxes: (asked) =>
      only(asked, 'Shape').map((atom) => [{ dimension: 0, classes: 1n << BigInt(classes.indexOf(atom.shape)) }]),
  };
}

/** Texts to name first where no policy tells them apart from others. */
const usual: Readonly<Record<string, readonly string[]>> = {
  trustDomain: ['cluster.local', 'other.example'],
  namespace: ['other', 'default'],
  serviceAccount: ['other', 'default'],
  host: ['other.example.com'],
  method: ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS'],
  path: ['/other', '/'],
  issuer: ['https://issuer.example.com'],
  subject: ['other'],
  sni: ['other.example.com'],
};

const kinds: Readonly<Record<string, TextKind>> = {
  trustDomain: 'Segment',
  namespace: 'Segment',
  serviceAccount: 'Segment',
  path: 'Path',
  header: 'Any',
  claim: 'Any',
  metadata: 'Any',
};

function classesOf(name: string, matches: readonly PathMatch[]): TextClasses {
  return textClasses(kinds[name.split(' ', 1).join('')] ?? 'NotEmpty', matches, usual[name] ?? ['other']);
}

/** A server name or a header may be absent; that is the first class then, and no question holds for it. */
function text(name: TextName, atoms: readonly AtomOf<'Text'>[]): Fact {
  const unique = distinct(atoms.map(({ match }) => match));
  const { forms, ends, holds } = classesOf(name, unique.matchers);
  const absent = name === 'sni' || name.startsWith('header ') ? [undefined] : [];
  const side = (bits: bigint): Side => ({ dimension: 0, classes: bits << BigInt(absent.length) });
  const open = side(bitsOf(forms, (form) => form.open));
  return {
    dimensions: [
      { kind: 'Text', name, classes: [...absent, ...forms] },
      { kind: 'End', name, classes: ends },
    ],
    boxes: (asked) => {
      const found = only(asked, 'Text').flatMap((atom) => holds[unique.number(atom.match)] ?? []);
      return [
        [
          side(
            united(
              found.map((one) => one.forms),
              forms.length,
            ),
          ),
        ],
        [
          open,
          {
            dimension: 1,
            classes: united(
              found.map((one) => one.ends),
              ends.length,
            ),
          },
        ],
      ];
    },
  };
}

function bitsOf<T>(values: readonly T[], wanted: (value: T) => boolean): bigint {
  return bitSet(values.flatMap((value, index) => (wanted(value) ? [index] : [])));
}

/** More classes of members than that are not told apart. */
const maximumMembers = 20_000;

/**
 * A list may have members of any classes together, so each class that some question is about is a dimension of its own.
 */
function members(name: ListName, atoms: readonly AtomOf<'Member'>[]): Fact {
  const unique = distinct(atoms.map(({ match }) => match));
  const { forms, ends } = classesOf(name, unique.matchers);
  if (forms.length * ends.length > maximumMembers)
    throw new RequestSpaceTooLarge(
      `${unique.matchers.length} patterns for the members of ${name} are too many to compare exactly`,
    );
  spend(forms.length * ends.length);
  const texts = forms.flatMap(({ text: form, open }) => (open ? ends.map((end) => form + end) : [form]));
  const index = new TextIndex(unique.matchers);
  const { representatives, holds } = classify(texts, unique.matchers.length, (member) => index.holding(member));
  return {
    dimensions: representatives.map((member) => ({ kind: 'Member', name, member, classes: [false, true] })),
    boxes: (asked) => {
      const bits = united(
        only(asked, 'Member').map((atom) => holds[unique.number(atom.match)] ?? 0n),
        representatives.length,
      );
      return representatives.flatMap((_, dimension) =>
        (bits >> BigInt(dimension)) & 1n ? [[{ dimension, classes: 2n }]] : [],
      );
    },
  };
}

function address(name: AddressName, atoms: readonly AtomOf<'Address'>[]): Fact {
  const unique = distinct(atoms.map(({ block }) => block));
  const { representatives, holds } = addressClasses(unique.matchers);
  return {
    dimensions: [{ kind: 'Address', name, classes: representatives }],
    boxes: (asked) => [
      [
        {
          dimension: 0,
          classes: united(
            only(asked, 'Address').map((atom) => holds[unique.number(atom.block)] ?? 0n),
            representatives.length,
          ),
        },
      ],
    ],
  };
}

function port(atoms: readonly AtomOf<'Port'>[], servicePorts: readonly ServicePort[] | undefined): Fact {
  const unique = distinct<PortMatcher>(atoms.map(({ matcher }) => matcher));
  const { representatives, holds } = portClasses(unique.matchers, servicePorts);
  return {
    dimensions: [{ kind: 'Port', classes: representatives }],
    boxes: (asked) => [
      [
        {
          dimension: 0,
          classes: united(
            only(asked, 'Port').map((atom) => holds[unique.number(atom.matcher)] ?? 0n),
            representatives.length,
          ),
        },
      ],
    ],
  };
}

/** Classes in some of the sets. */
function united(sets: readonly bigint[], classes: number): bigint {
  spend(sets.length * wordsOf(classes));
  return sets.reduce((all, set) => all | set, 0n);
}

/** Each matcher once, and the number of it in that list. */
function distinct<M>(matchers: readonly M[]): {
  readonly matchers: readonly M[];
  readonly number: (matcher: M) => number;
} {
  const numbers = new Map<string, number>();
  const unique: M[] = [];
  const known = new Map<M, number>();
  for (const matcher of matchers) {
    const key = JSON.stringify(matcher);
    spend(1 + key.length / 32);
    const number = numbers.get(key) ?? unique.push(matcher) - 1;
    numbers.set(key, number);
    known.set(matcher, number);
  }
  return { matchers: unique, number: (matcher) => known.get(matcher) ?? numbers.get(JSON.stringify(matcher)) ?? -1 };
}

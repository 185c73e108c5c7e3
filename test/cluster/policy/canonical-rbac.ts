import { parseBlock } from '../../../src/base/address.ts';
import { record, records, text, type Json } from '../../../src/mesh/json.ts';

/*
 * The permissions and principals of Envoy's RBAC filter in one form, so that two that mean the same by the laws of and, or and not
 * are written alike. Nothing is judged here: only order, nesting and the two notations of a list of claims are evened out.
 */

type Word = 'and' | 'or';

/** A question, or a combination of terms. */
type Term =
  | { readonly word: 'question' | 'not'; readonly written: string }
  | { readonly word: Word; readonly members: readonly Term[]; readonly written: string };

/** A policy of an RBAC filter as text: what means the same is the same text. */
export function canonicalRule(rule: Json): string {
  const alternatives = (name: string): string => join('or', records(rule[name]).map(termOf)).written;
  return `${alternatives('permissions')} & ${alternatives('principals')}`;
}

function termOf(value: Json): Term {
  const [entry] = Object.entries(value);
  if (entry === undefined) return question('nothing');
  const [kind, asked] = entry;
  const members = (name: string): readonly Term[] => records(record(asked)[name]).map(termOf);
  switch (kind) {
    case 'any':
      return join('and', []);
    case 'andRules':
      return join('and', members('rules'));
    case 'andIds':
      return join('and', members('ids'));
    case 'orRules':
      return join('or', members('rules'));
    case 'orIds':
      return join('or', members('ids'));
    case 'notRule':
    case 'notId':
      return not(termOf(record(asked)));
    case 'metadata':
      return metadata(record(asked));
    case 'header':
      return header(record(asked));
    case 'directRemoteIp':
    case 'remoteIp':
    case 'destinationIp':
      return question(`${kind} ${addresses(record(asked))}`);
    default:
      return question(`${kind} ${stable(asked)}`);
  }
}

function question(written: string): Term {
  return { word: 'question', written };
}

/** Not of everything is nothing. */
function not(term: Term): Term {
  if ('members' in term && term.members.length === 0) return join(term.word === 'and' ? 'or' : 'and', []);
  return { word: 'not', written: `not(${term.written})` };
}

/** A list of one is its member; a list in a list of its own kind belongs to that; order and repetition say nothing. */
function join(word: Word, list: readonly Term[]): Term {
  const flat = list.flatMap((term) => ('members' in term && term.word === word ? term.members : [term]));
  const members = [...new Map(flat.map((term) => [term.written, term])).values()].sort((a, b) =>
    a.written < b.written ? -1 : 1,
  );
  const [only, ...others] = members;
  if (only !== undefined && others.length === 0) return only;
  return { word, members, written: `${word}(${members.map(({ written }) => written).join('; ')})` };
}

/** Envoy compares names of headers in lower case. */
function header(value: Json): Term {
  return question(`header ${stable({ ...value, name: text(value['name'])?.toLowerCase() })}`);
}

/** Host bits do not count. */
function addresses(value: Json): string {
  const { addressPrefix, prefixLen } = value as { readonly addressPrefix: string; readonly prefixLen?: number };
  const range = parseBlock(`${addressPrefix}/${prefixLen ?? 0}`);
  return range === undefined ? stable(value) : `${range.first}-${range.last} of ${range.family}`;
}

function metadata(value: Json): Term {
  const { filter, path } = value;
  return join(
    'or',
    valueTerms(record(value['value'])).map((asked) => question(`metadata ${stable({ filter, path, asked })}`)),
  );
}

/**
 * The alternatives of a ValueMatcher: an `or` is of its members, and a list has one of its values if it has some of
 * them.
 */
function valueTerms(value: Json): readonly Json[] {
  if (value['orMatch'] !== undefined) return records(record(value['orMatch'])['valueMatchers']).flatMap(valueTerms);
  if (value['listMatch'] !== undefined)
    return valueTerms(record(record(value['listMatch'])['oneOf'])).map((oneOf) => ({ oneOf }));
  return [value];
}

/** JSON with sorted keys. */
export function stable(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

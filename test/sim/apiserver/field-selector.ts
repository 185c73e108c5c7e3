import type { KubeObject } from '../../../src/api/object.ts';
import { badRequest } from './errors.ts';
import { at } from './json.ts';
import type { ServedResource } from './served-resource.ts';

interface Requirement {
  readonly path: readonly string[];
  readonly equal: boolean;
  readonly value: string;
}

/** All requirements must hold. */
export type FieldSelector = readonly Requirement[];

const always = ['metadata.name', 'metadata.namespace'];

/** The selector of a `fieldSelector` query parameter; only the fields that the resource offers are allowed. */
export function parseFieldSelector(text: string, served: ServedResource): FieldSelector {
  if (text === '') return [];
  return text.split(',').map((part) => {
    const match = /^(?<field>[^!=]+)(?<sign>==|=|!=)(?<value>.*)$/.exec(part)?.groups;
    if (match === undefined) throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`);
    const field = match['field'] ?? '';
    if (!always.includes(field) && !served.selectableFields.includes(field)) {
      if (!served.custom && served.selectableFields.length === 0) {
        throw badRequest(`"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`);
      }
      throw badRequest(`field label not supported: ${field}`);
    }
    return { path: field.split('.'), equal: match['sign'] !== '!=', value: match['value'] ?? '' };
  });
}

function text(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Whether the object satisfies the selector; an absent field counts as the empty string, a false one as "false". */
export function matchesFields(selector: FieldSelector, object: KubeObject): boolean {
  return selector.every(({ path, equal, value }) => {
    const found = text(at(object, ...path));
    return (found === value || (found === '' && value === 'false')) === equal;
  });
}

import { trimmedEnd } from '../base/trimmed.ts';

/** As many characters as messages name of a manager: as much as anybody needs to find him. */
export const longestManager = 63;

/**
 * Who wrote a field, as messages name him: the first word of a name that everybody gives himself (`--field-manager`
 * takes 128 characters of any text), so that nobody has the operator say his sentence, or his command, to whoever reads
 * what it says.
 */
export function managerName({ manager = '' }: { readonly manager?: string | undefined }): string {
  const word = (/^[\w:@/+.-]+/.exec(manager)?.[0] ?? '').slice(0, longestManager);
  if (word === '') return 'unknown';
  return word === manager ? word : `${trimmedEnd(word, '.:')}...`;
}

import { describe, expect, it } from '@jest/globals';
import { fc } from '../../../test/support/properties.ts';
import { parseAllDocuments } from 'yaml';
import { splitDocuments } from './split-documents.ts';

describe('splitDocuments', () => {
  it.each([
    ['nothing', '', []],
    ['comments only', '# a\n\n# b\n---\n# c\n', []],
    ['one document', 'a: 1\n', [['a: 1\n', 1]]],
    ['a leading marker', '---\na: 1\n', [['---\na: 1\n', 1]]],
    [
      'two documents',
      'a: 1\n---\nb: 2\n',
      [
        ['a: 1', 1],
        ['---\nb: 2\n', 2],
      ],
    ],
    [
      'a marker with a comment',
      'a: 1\n--- # second\nb: 2\n',
      [
        ['a: 1', 1],
        ['--- # second\nb: 2\n', 2],
      ],
    ],
    [
      'content beside the marker',
      'a: 1\n--- {b: 2}\n',
      [
        ['a: 1', 1],
        ['--- {b: 2}\n', 2],
      ],
    ],
    ['a directive', '%YAML 1.2\n---\na: 1\n', [['%YAML 1.2\n---\na: 1\n', 1]]],
    [
      'an end marker',
      'a: 1\n...\nb: 2',
      [
        ['a: 1', 1],
        ['b: 2', 3],
      ],
    ],
    ['dashes inside a document', 'a: |\n  ---\n  x\nb: ---x\n----\n', [['a: |\n  ---\n  x\nb: ---x\n----\n', 1]]],
    [
      'Windows line ends',
      'a: 1\r\n---\r\nb: 2\r\n',
      [
        ['a: 1', 1],
        ['---\nb: 2\n', 2],
      ],
    ],
    [
      'byte order marks between files put together',
      'a: 1\n\uFEFF---\nb: 2',
      [
        ['a: 1', 1],
        ['---\nb: 2', 2],
      ],
    ],
  ])('cuts %s', (_, text, expected) => {
    expect(splitDocuments(text).map((document) => [document.text, document.line])).toEqual(expected);
  });

  it('finds the documents that a YAML parser finds', () => {
    const document = fc.constantFrom('a: 1', 'a: |\n  ---\n  b', '[1, 2]', '{a: [b]}', '"x"', 'a:\n- b: c');
    const values = (text: string): readonly unknown[] =>
      [...parseAllDocuments(text)].map((part): unknown => part.toJS());
    fc.assert(
      fc.property(
        fc.array(document, { minLength: 1, maxLength: 6 }),
        fc.constantFrom('\n---\n', '\n--- # x\n', '\n...\n---\n', '\n# c\n---\n'),
        (documents, separator) => {
          const text = documents.join(separator);

          expect(splitDocuments(text).map((part) => values(part.text))).toEqual(values(text).map((value) => [value]));
        },
      ),
    );
  });
});

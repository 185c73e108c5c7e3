import { expect, it } from '@jest/globals';
import { fileOf } from './overlay.ts';

it('gives each object a file of its own, wherever its namespace ends', () => {
  const files = [
    ['shop', 'blog-cart'],
    ['shop-blog', 'cart'],
    ['shop', 'blog.cart'],
  ].map(
    ([namespace = '', name = '']) =>
      fileOf({ object: { kind: 'HTTPRoute', metadata: { namespace, name } }, sentence: '' }).path,
  );
  expect(new Set(files).size).toBe(3);
});

it('gives each a name that a file system takes, however long the names of objects are', () => {
  const paths = ['a', 'b'].map(
    (end) =>
      fileOf({
        object: { kind: 'HTTPRoute', metadata: { namespace: 'n'.repeat(63), name: `${'x'.repeat(252)}${end}` } },
        sentence: '',
      }).path,
  );
  expect(paths.map(({ length }) => length)).toEqual([255, 255]);
  expect(new Set(paths).size).toBe(2);
});

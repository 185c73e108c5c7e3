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

import { expect, it } from '@jest/globals';
import { parse } from 'yaml';
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

it('gives no object the file of another whose name is cut, whatever it is called', () => {
  const fileFor = (name: string): string =>
    fileOf({ object: { kind: 'HTTPRoute', metadata: { namespace: 'shop', name } }, sentence: '' }).path;
  const long = Array.from({ length: 3000 }, (_, index) => `${'x'.repeat(236)}${String(index).padStart(4, '0')}`);
  const files = long.map(fileFor);
  // Named as the file of another one is.
  const twins = files.map((path) => path.slice('httproute.shop.'.length, -'.yaml'.length));
  const folded = [...files, ...twins.map(fileFor)].map((path) => path.toLowerCase());
  expect(new Set(folded).size).toBe(6000);
});

it.each(['::error::stop', '##vso[task.setvariable variable=a]b', '##[error]stop'])(
  'writes no line that a runner of CI obeys: %s',
  (command) => {
    const path = `a\n${command}\nb ${command} ${'x'.repeat(90)} ${command}`;
    const object = { kind: 'HTTPRoute', metadata: { namespace: 'shop', name: 'cart' }, spec: { [path]: [path] } };
    const { text } = fileOf({ object, sentence: `for ${path}` });
    expect(text).not.toMatch(/^\s*::|##/m);
    expect(parse(text)).toEqual(object);
  },
);

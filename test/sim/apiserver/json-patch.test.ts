import { describe, expect, it } from '@jest/globals';
import { applyJsonPatch } from './json-patch.ts';

const document = { metadata: { labels: { 'istio-injection': 'enabled', 'a/b': 'c' } }, list: ['x', 'y'] };

function refused(...patch: readonly object[]): () => unknown {
  return () => applyJsonPatch(document, patch);
}

describe('applyJsonPatch', () => {
  it('applies the operations in order and leaves the document alone', () => {
    const patched = applyJsonPatch(document, [
      { op: 'test', path: '/metadata/labels/istio-injection', value: 'enabled' },
      { op: 'replace', path: '/metadata/labels/istio-injection', value: 'disabled' },
      { op: 'remove', path: '/metadata/labels/a~1b' },
      { op: 'add', path: '/list/1', value: 'between' },
      { op: 'add', path: '/list/-', value: 'last' },
      { op: 'copy', from: '/list/0', path: '/first' },
      { op: 'move', from: '/metadata/labels/istio-injection', path: '/metadata/labels/m~0n' },
    ]);
    expect(patched).toEqual({
      metadata: { labels: { 'm~n': 'disabled' } },
      list: ['x', 'between', 'y', 'last'],
      first: 'x',
    });
    expect(document.list).toEqual(['x', 'y']);
  });

  it('takes null in a test for absence, as long as the parent is there', () => {
    expect(applyJsonPatch(document, [{ op: 'test', path: '/metadata/labels/absent', value: null }])).toEqual(document);
    expect(refused({ op: 'test', path: '/metadata/annotations/absent', value: null })).toThrow(
      'the server rejected our request',
    );
  });

  it('finds nothing equal that is written otherwise than the server writes it', () => {
    const operation = { op: 'test', path: '/list/0', value: 'x' };
    expect(() => applyJsonPatch(document, [operation], new Set([operation]))).toThrow(
      'the server rejected our request',
    );
  });

  it('replaces an absent member, as the library of the API server does', () => {
    expect(applyJsonPatch(document, [{ op: 'replace', path: '/new', value: 1 }])['new']).toBe(1);
  });

  it.each([
    ['a failing test', { op: 'test', path: '/list/0', value: 'y' }],
    ['add below an absent parent', { op: 'add', path: '/metadata/annotations/x', value: '1' }],
    ['remove of an absent member', { op: 'remove', path: '/metadata/labels/absent' }],
    ['an index beyond the end', { op: 'add', path: '/list/3', value: 'z' }],
    ['a leading zero in an index', { op: 'remove', path: '/list/01' }],
    ['an unknown operation', { op: 'merge', path: '/list' }],
    ['a path that is no pointer', { op: 'remove', path: 'list' }],
  ])('answers %s with 422 and the words of the API server', (_, operation) => {
    expect(refused(operation)).toThrow(
      expect.objectContaining({
        code: 422,
        reason: 'Invalid',
        message: 'the server rejected our request due to an error in our request',
      }),
    );
  });
});

import { describe, expect, it } from '@jest/globals';
import { appliedAnnotation, managedBy, managedByLabel } from '../api/resources.ts';
import { deepest, isTooDeep, readableDepth } from './depth.ts';
import { projectConfig } from './project.ts';
import { isSealed, sealOf } from './seal.ts';

function nested(levels: number, list = false): Record<string, unknown> {
  const [open, close] = list ? ['[', ']'] : ['{"a":', '}'];
  return { a: JSON.parse(`${open.repeat(levels - 1)}1${close.repeat(levels - 1)}`) as unknown };
}

describe('what tenants nest', () => {
  it.each([
    [1, false],
    [deepest, false],
    [deepest + 1, true],
    [3000, true],
    [9999, true],
  ])('is read to a depth, whatever theirs is: %d', (levels, tooDeep) => {
    for (const list of [false, true]) {
      const value = nested(levels, list);
      const read = readableDepth(value);
      expect([isTooDeep(value), isTooDeep(read)]).toEqual([tooDeep, tooDeep]);
      expect(read === value).toBe(!tooDeep);
      expect(() => JSON.stringify(read)).not.toThrow();
    }
  });

  it('is cut where it is read from the API server, in spec and status', () => {
    const object = {
      kind: 'WasmPlugin',
      metadata: { name: 'w', namespace: 'mallory' },
      spec: { url: 'oci://x', pluginConfig: nested(9000) },
      status: nested(9000),
    };
    const view = projectConfig('WasmPlugin')(object);
    expect(view.spec['url']).toBe('oci://x');
    expect(isTooDeep(view.spec)).toBe(true);
    expect(() => JSON.stringify(view)).not.toThrow();
  });

  it('is never what the operator has applied', () => {
    const marks = { labels: { [managedByLabel]: managedBy }, annotations: { [appliedAnnotation]: 'x' } };
    expect(isSealed({ kind: 'WasmPlugin', namespace: 'mallory', name: 'w', ...marks, spec: nested(3000) })).toBe(false);
    expect(isSealed({ kind: 'WasmPlugin', namespace: 'mallory', name: 'w', ...marks, spec: nested(9000) })).toBe(false);
    const own = { kind: 'WasmPlugin', namespace: 'shop', name: 'w', spec: nested(deepest) };
    expect(isSealed({ ...own, labels: marks.labels, annotations: { [appliedAnnotation]: sealOf(own) } })).toBe(true);
  });
});

import { describe, expect, it } from '@jest/globals';
import { exportDefaults, exportedTo, followers, isFollowed, isVisible, type Exported } from './visibility.ts';

const rootNamespace = 'istio-system';

function made(
  kind: string,
  namespace: string,
  exportTo?: readonly string[],
  more: Readonly<Record<string, unknown>> = {},
): Exported {
  return { kind, namespace, spec: { ...(exportTo && { exportTo }), ...more } };
}

const privately = exportDefaults([{ defaultVirtualServiceExportTo: ['.'], defaultDestinationRuleExportTo: ['.'] }]);

describe('where an object is visible', () => {
  it.each<[string, Exported, readonly string[]]>([
    ['everywhere without exportTo', made('VirtualService', 'mallory'), ['*']],
    ['everywhere by *', made('VirtualService', 'mallory', ['.', '*']), ['*']],
    ['in its own by .', made('VirtualService', 'mallory', ['.']), ['mallory']],
    ['where it says', made('DestinationRule', 'mallory', ['.', 'shop']), ['mallory', 'shop']],
    ['nowhere by ~', made('VirtualService', 'mallory', ['~']), []],
    [
      'in its own for some clients only',
      made('DestinationRule', 'mallory', ['*'], { workloadSelector: {} }),
      ['mallory'],
    ],
    ['everywhere as a route of the Gateway API, which has no exportTo', made('HTTPRoute', 'mallory', ['.']), ['*']],
  ])('%s', (_title, object, expected) => {
    expect(exportedTo(object, exportDefaults([]))).toEqual(expected);
  });

  it('is said by the mesh where the object does not', () => {
    expect(isVisible(made('VirtualService', 'mallory'), 'shop', privately)).toBe(false);
    expect(isVisible(made('VirtualService', 'mallory', ['*']), 'shop', privately)).toBe(true);
    expect(isVisible(made('HTTPRoute', 'mallory'), 'shop', privately)).toBe(false);
    expect(
      isVisible(
        made('DestinationRule', 'mallory'),
        'mallory',
        exportDefaults([{ defaultDestinationRuleExportTo: ['~'] }]),
      ),
    ).toBe(true);
  });

  it('is as far as any revision lets it, and everywhere by one that cannot be read', () => {
    expect(
      exportDefaults([{ defaultVirtualServiceExportTo: ['.'] }, { defaultVirtualServiceExportTo: ['shop'] }])
        .virtualService,
    ).toEqual(['.', 'shop']);
    expect(exportDefaults([{ defaultVirtualServiceExportTo: ['.'] }, undefined]).virtualService).toContain('*');
  });
});

describe('who follows an object', () => {
  const follows = (object: Exported, from: string, to = 'shop'): boolean =>
    isFollowed(object, { from, to }, { rootNamespace });

  it.each<[string, Exported, string, boolean]>([
    ['a VirtualService: whoever sees it', made('VirtualService', 'mallory'), 'shop', true],
    ['a VirtualService for its own: nobody else', made('VirtualService', 'mallory', ['.']), 'shop', false],
    ['a DestinationRule: its own clients', made('DestinationRule', 'mallory'), 'mallory', true],
    ['a DestinationRule of others: nobody else', made('DestinationRule', 'mallory'), 'shop', false],
    ['a DestinationRule beside the Service: whoever sees it', made('DestinationRule', 'shop'), 'blog', true],
    [
      'a DestinationRule beside the Service, kept private: nobody else',
      made('DestinationRule', 'shop', ['.']),
      'blog',
      false,
    ],
    ['a DestinationRule of the root namespace: whoever sees it', made('DestinationRule', rootNamespace), 'blog', true],
    ['a consumer route: its own clients', made('HTTPRoute', 'mallory'), 'mallory', true],
    ['a consumer route: nobody else', made('HTTPRoute', 'mallory'), 'shop', false],
    ['a consumer route of the root namespace: nobody else', made('GRPCRoute', rootNamespace), 'shop', false],
    ['a producer route: everybody', made('HTTPRoute', 'shop'), 'blog', true],
  ])('%s', (_title, object, from, expected) => {
    expect(follows(object, from)).toBe(expected);
  });

  it('is said by name', () => {
    expect(followers(made('DestinationRule', 'mallory'), { rootNamespace }, 'shop')).toEqual(['mallory']);
    expect(followers(made('DestinationRule', 'mallory', ['blog']), { rootNamespace }, 'shop')).toEqual([]);
    expect(followers(made('VirtualService', 'mallory', ['.', 'blog']), { rootNamespace }, 'shop')).toEqual([
      'mallory',
      'blog',
    ]);
    expect(followers(made('HTTPRoute', 'mallory'), { rootNamespace }, 'shop')).toEqual(['mallory']);
  });

  it('is listed once, however long the list is and whoever asks', () => {
    const names = Array.from({ length: 1000 }, (_, index) => `n${index}`);
    let reads = 0;
    const exportTo = new Proxy(names, {
      get(target, key) {
        reads += 1;
        return Reflect.get(target, key) as unknown;
      },
    });
    const object = { ...made('VirtualService', 'mallory'), spec: { exportTo } };
    const first = followers(object, { rootNamespace }, 'shop');
    reads = 0;

    expect([first.length, followers(object, { rootNamespace }, 'bank') === first, reads]).toEqual([1000, true, 0]);
  });
});

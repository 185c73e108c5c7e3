import type { ConfigView } from './views.ts';

/**
 * What some labels and annotations of an object say, as a text to be compared; empty where it has none of them, so that
 * what was compared before they counted is the same.
 */
export function marksIn(
  { labels, annotations }: Pick<ConfigView, 'labels' | 'annotations'>,
  keys: readonly string[],
): string {
  const said = keys.flatMap((key) =>
    [labels, annotations].flatMap((map, place) => (map[key] === undefined ? [] : [[place, key, map[key]]])),
  );
  return said.length === 0 ? '' : JSON.stringify(said);
}

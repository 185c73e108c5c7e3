import { parseDocument, type Document, type LineCounter, type Tags } from 'yaml';

/**
 * Times of a day, dates and bytes are texts all the same, and lists and maps are no others by being called so: what is
 * read as a Map or a Set has nothing in it for whoever looks for fields. (The parser compares each key of an `!!omap`
 * with each.)
 */
const asWritten: readonly string[] = ['timestamp', 'binary', 'omap', 'pairs', 'set'].map(
  (name) => `tag:yaml.org,2002:${name}`,
);

function customTags(tags: Tags): Tags {
  return tags.filter((tag) => typeof tag === 'string' || (tag.format !== 'TIME' && !asWritten.includes(tag.tag)));
}

/**
 * A document as kubectl and istiod read it (sigs.k8s.io/yaml): by YAML 1.1, in which `yes`, `no`, `on` and `off` without
 * quotes are booleans. Keys that are there twice are left to the caller: the parser's own test compares each with each.
 */
export function parseAsGo(text: string, lineCounter?: LineCounter): Document.Parsed {
  return parseDocument(text, {
    version: '1.1',
    schema: 'yaml-1.1',
    customTags,
    prettyErrors: false,
    logLevel: 'silent',
    merge: true,
    uniqueKeys: false,
    ...(lineCounter && { lineCounter }),
  });
}

import { parseDocument, type Document, type LineCounter, type Tags } from 'yaml';

/** Times of a day, dates and bytes are texts all the same. */
const asText: readonly string[] = ['tag:yaml.org,2002:timestamp', 'tag:yaml.org,2002:binary'];

function customTags(tags: Tags): Tags {
  return tags.filter((tag) => typeof tag === 'string' || (tag.format !== 'TIME' && !asText.includes(tag.tag)));
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

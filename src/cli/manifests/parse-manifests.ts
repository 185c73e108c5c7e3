import { LineCounter, isCollection, isMap, isNode, isScalar, isSeq, visit, type Document, type ParsedNode } from 'yaml';
import type { ObjectMeta } from '../../api/object.ts';
import { parseAsGo } from '../../base/yaml-as-go.ts';
import { valueOf, type MostRepeated } from '../../base/yaml-value.ts';
import { cutText } from '../../base/cut-text.ts';
import { quoted, shown } from '../../base/shown.ts';
import { record, records, stringMap, text as textOf, type Json } from '../../mesh/json.ts';
import { jsonObjects } from './json-stream.ts';
import type { Manifest, Manifests, Source, Unreadable } from './manifest.ts';
import { isTooDeep } from './depth.ts';
import { kindProblem, nameProblem } from './names.ts';
import { splitDocuments, type DocumentText } from './split-documents.ts';
import { labelProblem } from './texts.ts';

/** An API server takes no request that is larger than that; and more aliases than any real file has. */
const mostRepeated: MostRepeated = { characters: 3 * 2 ** 20, lookedAt: 100_000_000 };

/** Lists in lists that are looked into. */
const maxDepth = 8;

/** A document that cannot be read, and where. */
class Illegible extends Error {
  readonly offset: number;

  constructor(reason: string, offset: number) {
    super(reason);
    this.offset = offset;
  }
}

/**
 * What YAML admits, or this parser, and no manifest may have: a key twice, and a map as a key. The second is what a
 * Helm placeholder such as `name: {{ .Values.name }}` is by accident. (The parser's own test of keys compares each with
 * each.)
 */
function refuseOddKeys(document: Document.Parsed): void {
  visit(document, {
    Map(_, map) {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (isCollection(key)) throw new Illegible('a map stands where a value is expected', offsetOf(key, 0));
        const name = isScalar(key) ? key.value : key;
        if (seen.has(name) && name !== '<<')
          throw new Illegible(`the key ${shown(String(name))} is there twice`, offsetOf(key, 0));
        seen.add(name);
      }
    },
  });
}

function compose(document: DocumentText, lines: LineCounter): Document.Parsed {
  const composed = parseAsGo(document.text, lines);
  const [error] = composed.errors;
  if (error !== undefined) throw new Illegible(error.message, error.pos[0]);
  refuseOddKeys(composed);
  return composed;
}

function offsetOf(node: unknown, otherwise: number): number {
  return isNode(node) ? ((node as Partial<ParsedNode>).range?.[0] ?? otherwise) : otherwise;
}

/** The value of a key of a map, as a node of the tree. */
function child(node: unknown, key: string): unknown {
  if (!isMap(node)) return undefined;
  return node.items.find((pair) => isScalar(pair.key) && pair.key.value === key)?.value;
}

/** An object and the offset at which it begins. */
interface Item {
  readonly json: Json;
  readonly offset: number;
}

/** The object itself, or the members of a list: `kind: List`, or a typed one whose members may leave out their kind. */
function itemsOf(json: Json, node: unknown, offset: number, depth = 0): readonly Item[] {
  const kind = textOf(json['kind']) ?? '';
  if (!kind.endsWith('List') || !Array.isArray(json['items']) || depth === maxDepth) return [{ json, offset }];
  const nodes = child(node, 'items');
  const typed = kind === 'List' ? {} : { kind: kind.slice(0, -'List'.length), apiVersion: json['apiVersion'] };
  return records(json['items']).flatMap((member, index) => {
    const at = isSeq(nodes) ? nodes.items[index] : undefined;
    return itemsOf({ ...typed, ...member }, at, offsetOf(at, offset), depth + 1);
  });
}

/** Whom it belongs to, as far as that can be read. */
function ownersOf(value: unknown): Pick<ObjectMeta, 'ownerReferences'> {
  const owners = records(value).map(({ apiVersion, kind, name, uid, controller }) => ({
    apiVersion: textOf(apiVersion) ?? '',
    kind: textOf(kind) ?? '',
    name: textOf(name) ?? '',
    uid: textOf(uid) ?? '',
    controller: controller === true,
  }));
  return owners.length === 0 ? {} : { ownerReferences: owners };
}

/**
 * An object of the Kubernetes API with the parts of its metadata that count, all of the right type; undefined for any
 * other YAML.
 */
function manifestOf(json: Json, source: Source): Manifest | undefined {
  const kind = textOf(json['kind']);
  const apiVersion = textOf(json['apiVersion']);
  if (kind === undefined || apiVersion === undefined) return undefined;
  const metadata = record(json['metadata']);
  const namespace = textOf(metadata['namespace']);
  const creationTimestamp = textOf(metadata['creationTimestamp']);
  const uid = textOf(metadata['uid']);
  return {
    kind,
    source,
    group: apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '',
    object: {
      ...json,
      apiVersion,
      kind,
      metadata: {
        name: textOf(metadata['name']) ?? textOf(metadata['generateName']) ?? '',
        ...(namespace !== undefined && namespace !== '' && { namespace }),
        labels: stringMap(metadata['labels']),
        annotations: stringMap(metadata['annotations']),
        ...(creationTimestamp !== undefined && { creationTimestamp }),
        ...(uid !== undefined && { uid }),
        ...ownersOf(metadata['ownerReferences']),
      },
    },
  };
}

/** JSON is YAML, but for the tabs that it may be indented with, and that several objects may follow each other. */
function fromJson(
  text: string,
  lines: LineCounter,
): readonly { readonly json: Json; readonly line: number }[] | undefined {
  try {
    return jsonObjects(text)?.map((object) => ({
      json: record(JSON.parse(object.text)),
      line: lines.linePos(object.offset).line,
    }));
  } catch {
    return undefined;
  }
}

/** What is read recurses, as this parser does. */
class TooDeep extends Error {}

function refuseDepth(json: Json): void {
  if (isTooDeep(json)) throw new TooDeep('nested too deeply');
}

/** The objects of one document with the lines they begin on. */
function read(document: DocumentText): readonly { readonly json: Json; readonly line: number }[] {
  const lines = new LineCounter();
  try {
    const composed = compose(document, lines);
    const json = record(valueOf(composed, mostRepeated));
    refuseDepth(json);
    return itemsOf(json, composed.contents, offsetOf(composed.contents, 0)).map((item) => ({
      json: item.json,
      line: document.line + lines.linePos(item.offset).line - 1,
    }));
  } catch (error) {
    const stream = error instanceof TooDeep ? undefined : fromJson(document.text, lines);
    if (stream === undefined) throw error;
    for (const { json } of stream) refuseDepth(json);
    return stream.flatMap(({ json, line }) =>
      itemsOf(json, undefined, 0).map((item) => ({ json: item.json, line: document.line + line - 1 })),
    );
  }
}

/** The parser quotes what it did not expect as it stands there, in quotation marks or behind its own words. */
function inOwnWords(message: string): string {
  // Cut first: from each quote that nothing closes all of the rest would be read.
  const told = message.slice(0, 3000).replaceAll(/"((?:[^"\\]|\\.)*)"/gs, (_, text: string) => quoted(text));
  return cutText(
    told.replace(/: ([^"].*)$/s, (_, text: string) => `: ${shown(text)}`),
    300,
  );
}

function unreadable(file: string, number: number, document: DocumentText, error: unknown): Unreadable {
  if (!(error instanceof Error)) throw error;
  const lines = new LineCounter();
  for (const { index } of document.text.matchAll(/^/gm)) lines.addNewLine(index);
  const line = document.line + (error instanceof Illegible ? lines.linePos(error.offset).line - 1 : 0);
  // The parser recurses: a document of a hundred thousand brackets ends its stack.
  const reason = error.message.includes('call stack') ? 'nested too deeply' : inOwnWords(error.message);
  const hint = document.text.includes('{{') ? ' (a template has to be rendered first)' : '';
  return { file, document: number, line, reason: `${reason}${hint}` };
}

/** The objects of one file. Documents stand for themselves: one that is no YAML is named and the others are read. */
export function parseManifests(file: string, text: string): Manifests {
  const found: Manifest[] = [];
  const failed: Unreadable[] = [];
  for (const [index, document] of splitDocuments(text).entries()) {
    try {
      for (const { json, line } of read(document)) {
        const source = { file, document: index + 1, line };
        const manifest = manifestOf(json, source);
        if (manifest === undefined) continue;
        const problem =
          kindProblem(json) ??
          nameProblem(manifest.group, manifest.kind, record(json['metadata'])) ??
          labelProblem(manifest.kind, json);
        if (problem === undefined) found.push(manifest);
        else failed.push({ ...source, reason: `${shown(manifest.kind)}: ${problem}` });
      }
    } catch (error) {
      failed.push(unreadable(file, index + 1, document, error));
    }
  }
  return { manifests: found, unreadable: failed };
}

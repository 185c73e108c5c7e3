import { apiVersionOf, type KubeObject } from '../../../src/api/object.ts';
import { omit } from './json.ts';
import { memoize } from '../../../src/base/memoize.ts';
import type { Column, ServedResource } from './served-resource.ts';

/** What a list says about itself (metav1.ListMeta). */
export interface ListMeta {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

/** The form in which the client wants objects, from its Accept header. */
export interface Representation {
  /** One object. */
  object(object: KubeObject): string;
  list(objects: readonly KubeObject[], meta: ListMeta): string;
  /** The object inside a watch event; `first` for the first event of a stream. */
  event(object: KubeObject, first: boolean): string;
  /** The object inside a bookmark. */
  bookmark(resourceVersion: string, annotations: Readonly<Record<string, string>> | undefined): string;
}

const textOf = memoize((object: object) => JSON.stringify(object));
const itemText = memoize((object: KubeObject) => JSON.stringify(omit(object, 'apiVersion', 'kind')));
const metadataText = memoize((object: KubeObject) =>
  JSON.stringify({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata }),
);

function bookmarkMetadata(resourceVersion: string, annotations: Readonly<Record<string, string>> | undefined): object {
  return { resourceVersion, creationTimestamp: null, ...(annotations === undefined ? {} : { annotations }) };
}

function listText(apiVersion: string, kind: string, meta: ListMeta, items: readonly string[]): string {
  return `{"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)},"metadata":${JSON.stringify(meta)},"items":[${items.join(',')}]}`;
}

/** Objects as they are. Items of built-in lists carry no apiVersion and kind, as upstream's typed lists do not. */
function whole(served: ServedResource): Representation {
  const apiVersion = apiVersionOf(served.resource);
  return {
    object: textOf,
    // An unstructured list always says where it continues, a typed one only when it does.
    list: (objects, meta) =>
      listText(
        apiVersion,
        served.listKind,
        served.custom ? { continue: '', ...meta } : meta,
        objects.map(served.custom ? textOf : itemText),
      ),
    event: textOf,
    bookmark: (resourceVersion, annotations) =>
      JSON.stringify({
        kind: served.resource.kind,
        apiVersion,
        metadata: bookmarkMetadata(resourceVersion, annotations),
      }),
  };
}

const metadataOnly: Representation = {
  object: metadataText,
  list: (objects, meta) => listText('meta.k8s.io/v1', 'PartialObjectMetadataList', meta, objects.map(metadataText)),
  event: metadataText,
  bookmark: (resourceVersion, annotations) =>
    JSON.stringify({
      kind: 'PartialObjectMetadata',
      apiVersion: 'meta.k8s.io/v1',
      metadata: bookmarkMetadata(resourceVersion, annotations),
    }),
};

function definition(column: Column): object {
  const { name, type, format = '', description = '', priority = 0 } = column;
  return { name, type, format, description, priority };
}

/** What a table row carries besides its cells. */
export type IncludeObject = 'None' | 'Metadata' | 'Object';

function table(served: ServedResource, now: () => number, include: IncludeObject): Representation {
  function row(object: KubeObject): string {
    const cells = JSON.stringify(served.columns.map((column) => column.cell(object, now()) ?? null));
    const carried =
      include === 'None' ? '' : `,"object":${include === 'Object' ? textOf(object) : metadataText(object)}`;
    return `{"cells":${cells}${carried}}`;
  }
  function text(objects: readonly KubeObject[], meta: object, headers: boolean): string {
    const columns = headers ? JSON.stringify(served.columns.map(definition)) : 'null';
    return `{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":${JSON.stringify(meta)},"columnDefinitions":${columns},"rows":[${objects.map(row).join(',')}]}`;
  }
  return {
    object: (object) => text([object], { resourceVersion: object.metadata.resourceVersion }, true),
    list: (objects, meta) => text(objects, meta, true),
    event: (object, first) => text([object], { resourceVersion: object.metadata.resourceVersion }, first),
    bookmark: (resourceVersion, annotations) => {
      const object = JSON.stringify({
        kind: 'PartialObjectMetadata',
        apiVersion: 'meta.k8s.io/v1',
        metadata: bookmarkMetadata(resourceVersion, annotations),
      });
      return `{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{"resourceVersion":"${resourceVersion}"},"columnDefinitions":null,"rows":[{"cells":[],"object":${object}}]}`;
    },
  };
}

/** The first form in the Accept header that is offered; undefined when there is none (406). */
export function representationFor(
  accept: string,
  served: ServedResource,
  now: () => number,
  include: IncludeObject,
): Representation | undefined {
  for (const part of accept === '' ? ['*/*'] : accept.split(',')) {
    const [type, ...parameters] = part.split(';').map((piece) => piece.trim());
    if (type !== 'application/json' && type !== '*/*' && type !== 'application/*') continue;
    const as = parameters.find((parameter) => parameter.startsWith('as='))?.slice(3);
    if (as === undefined) return whole(served);
    if (!parameters.includes('v=v1')) continue;
    if (as === 'Table') return table(served, now, include);
    if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') return metadataOnly;
  }
  return undefined;
}

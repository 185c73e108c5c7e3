import { SimStatusError } from '../sim-api.ts';
import type { JsonObject } from './json.ts';

/** The media type that kubectl's typed clients write in. */
export const protobufType = 'application/vnd.kubernetes.protobuf';

type FieldKind =
  { readonly kind: 'string' | 'bytes' | 'int' | 'bool' } | { readonly kind: 'message'; readonly message: string };

/** A field: its name in JSON, its kind, and whether it is a list or a map from strings. */
interface Field {
  readonly name: string;
  readonly type: FieldKind;
  readonly form?: 'list' | 'map';
}

const text: FieldKind = { kind: 'string' };
const integer: FieldKind = { kind: 'int' };
const flag: FieldKind = { kind: 'bool' };
const binary: FieldKind = { kind: 'bytes' };

function message(name: string): FieldKind {
  return { kind: 'message', message: name };
}

const metadata: Field = { name: 'metadata', type: message('ObjectMeta') };

/**
 * Field numbers from the generated.proto files of k8s.io/api and k8s.io/apimachinery 0.36, for the kinds that kubectl
 * writes typed.
 */
const messages: Readonly<Record<string, Readonly<Record<number, Field>>>> = {
  Unknown: { 1: { name: 'typeMeta', type: message('TypeMeta') } },
  TypeMeta: { 1: { name: 'apiVersion', type: text }, 2: { name: 'kind', type: text } },
  ObjectMeta: {
    1: { name: 'name', type: text },
    2: { name: 'generateName', type: text },
    3: { name: 'namespace', type: text },
    5: { name: 'uid', type: text },
    6: { name: 'resourceVersion', type: text },
    11: { name: 'labels', type: text, form: 'map' },
    12: { name: 'annotations', type: text, form: 'map' },
    13: { name: 'ownerReferences', type: message('OwnerReference'), form: 'list' },
    14: { name: 'finalizers', type: text, form: 'list' },
  },
  OwnerReference: {
    1: { name: 'kind', type: text },
    3: { name: 'name', type: text },
    4: { name: 'uid', type: text },
    5: { name: 'apiVersion', type: text },
    6: { name: 'controller', type: flag },
    7: { name: 'blockOwnerDeletion', type: flag },
  },
  Preconditions: { 1: { name: 'uid', type: text }, 2: { name: 'resourceVersion', type: text } },
  DeleteOptions: {
    1: { name: 'gracePeriodSeconds', type: integer },
    2: { name: 'preconditions', type: message('Preconditions') },
    3: { name: 'orphanDependents', type: flag },
    4: { name: 'propagationPolicy', type: text },
    5: { name: 'dryRun', type: text, form: 'list' },
  },
  Namespace: { 1: metadata },
  ConfigMap: {
    1: metadata,
    2: { name: 'data', type: text, form: 'map' },
    3: { name: 'binaryData', type: binary, form: 'map' },
    4: { name: 'immutable', type: flag },
  },
  Secret: {
    1: metadata,
    2: { name: 'data', type: binary, form: 'map' },
    3: { name: 'type', type: text },
    4: { name: 'stringData', type: text, form: 'map' },
    5: { name: 'immutable', type: flag },
  },
  ServiceAccount: { 1: metadata, 4: { name: 'automountServiceAccountToken', type: flag } },
  Scale: { 1: metadata, 2: { name: 'spec', type: message('ScaleSpec') } },
  ScaleSpec: { 1: { name: 'replicas', type: integer } },
  Eviction: { 1: metadata, 2: { name: 'deleteOptions', type: message('DeleteOptions') } },
  SelfSubjectAccessReview: { 1: metadata },
};

const magic = Buffer.from([0x6b, 0x38, 0x73, 0x00]);

/** Reads varints and length-delimited pieces one after another. */
class Reader {
  private readonly bytes: Buffer;
  private position = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get done(): boolean {
    return this.position >= this.bytes.length;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.bytes[this.position] ?? 0;
      this.position += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  piece(): Buffer {
    const length = this.varint();
    this.position += length;
    return this.bytes.subarray(this.position - length, this.position);
  }
}

function scalarOrMessage(type: FieldKind, value: number | Buffer): unknown {
  if (typeof value === 'number') return type.kind === 'bool' ? value !== 0 : value;
  switch (type.kind) {
    case 'message':
      return decodeMessage(type.message, value);
    case 'bytes':
      return value.toString('base64');
    case 'string':
    case 'int':
    case 'bool':
      return value.toString('utf8');
  }
}

function decodeEntry(type: FieldKind, bytes: Buffer): JsonObject {
  const reader = new Reader(bytes);
  let key = '';
  let value: unknown = '';
  while (!reader.done) {
    const tag = reader.varint();
    const piece = reader.piece();
    if (tag >> 3 === 1) key = piece.toString('utf8');
    else value = scalarOrMessage(type, piece);
  }
  return { [key]: value };
}

/** Empty strings stand for absent fields: upstream's generated code always writes them. */
function decodeMessage(name: string, bytes: Buffer): JsonObject {
  const reader = new Reader(bytes);
  const decoded: Record<string, unknown> = {};
  while (!reader.done) {
    const tag = reader.varint();
    const value = (tag & 7) === 0 ? reader.varint() : reader.piece();
    const field = messages[name]?.[tag >> 3];
    if (field === undefined) continue;
    if (field.form === 'map' && typeof value !== 'number')
      decoded[field.name] = { ...(decoded[field.name] as object), ...decodeEntry(field.type, value) };
    else if (field.form === 'list')
      decoded[field.name] = [
        ...((decoded[field.name] as unknown[] | undefined) ?? []),
        scalarOrMessage(field.type, value),
      ];
    else if (value instanceof Buffer && value.length === 0 && field.type.kind === 'string') continue;
    else decoded[field.name] = scalarOrMessage(field.type, value);
  }
  return decoded;
}

function rawOf(bytes: Buffer): Buffer {
  const reader = new Reader(bytes);
  while (!reader.done) {
    const tag = reader.varint();
    const piece = reader.piece();
    if (tag >> 3 === 2) return piece;
  }
  return Buffer.alloc(0);
}

/**
 * A body in the protobuf envelope (`k8s\0` and runtime.Unknown) as the object it holds; a 415 for kinds that are not in
 * the table.
 */
export function decodeProtobuf(body: Buffer): JsonObject {
  const envelope = body.subarray(magic.length);
  const type = decodeMessage('Unknown', envelope)['typeMeta'] as
    { readonly apiVersion?: string; readonly kind?: string } | undefined;
  const kind = type?.kind ?? '';
  if (!body.subarray(0, magic.length).equals(magic) || messages[kind] === undefined) {
    throw new SimStatusError(
      415,
      'UnsupportedMediaType',
      `the model does not read ${kind} in ${protobufType}: send JSON`,
      {},
    );
  }
  return { apiVersion: type?.apiVersion, kind, ...decodeMessage(kind, rawOf(envelope)) };
}

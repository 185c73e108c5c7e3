import { describe, expect, it } from '@jest/globals';
import { decodeProtobuf } from './protobuf.ts';

function field(number: number, content: Buffer | string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
}

function envelope(apiVersion: string, kind: string, raw: Buffer): Buffer {
  const type = Buffer.concat([field(1, apiVersion), field(2, kind)]);
  return Buffer.concat([Buffer.from('k8s\0'), field(1, type), field(2, raw)]);
}

describe('decodeProtobuf', () => {
  it('reads the objects that kubectl writes typed', () => {
    const label = Buffer.concat([field(1, 'app'), field(2, 'web')]);
    const metadata = Buffer.concat([
      field(1, 'shop'),
      field(2, ''),
      field(11, label),
      field(14, 'a/b'),
      field(14, 'c/d'),
    ]);
    expect(decodeProtobuf(envelope('v1', 'Namespace', field(1, metadata)))).toEqual({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'shop', labels: { app: 'web' }, finalizers: ['a/b', 'c/d'] },
    });
  });

  it('reads numbers and bytes', () => {
    const replicas = Buffer.from([1 << 3, 0xac, 0x02]);
    expect(decodeProtobuf(envelope('autoscaling/v1', 'Scale', field(2, replicas)))).toMatchObject({
      spec: { replicas: 300 },
    });
    const entry = Buffer.concat([field(1, 'key'), field(2, 'value')]);
    expect(decodeProtobuf(envelope('v1', 'Secret', field(2, entry)))).toMatchObject({ data: { key: 'dmFsdWU=' } });
  });

  it('refuses other kinds with 415', () => {
    expect(() => decodeProtobuf(envelope('v1', 'Pod', Buffer.alloc(0)))).toThrow(
      expect.objectContaining({ code: 415 }),
    );
    expect(() => decodeProtobuf(Buffer.from('{}'))).toThrow(expect.objectContaining({ code: 415 }));
  });
});

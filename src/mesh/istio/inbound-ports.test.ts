import { expect, it } from '@jest/globals';
import { mesh } from '../../../test/support/mesh-fixtures.ts';
import { inboundOf } from './inbound-ports.ts';

const key = 'proxy.istio.io/config';

it('a proxy configuration that is longer than anybody has is none that is read', () => {
  const written = (length: number): string => `interceptionMode: REDIRECT\nproxyMetadata: {a: ${'x'.repeat(length)}}`;

  expect(inboundOf({ annotations: { [key]: written(2000) } }, mesh())).toEqual({ kind: 'All' });
  expect(inboundOf({ annotations: { [key]: written(100_000) } }, mesh())).toEqual({ kind: 'Unknown', because: { annotation: key } });
});

it('the same proxy configuration says the same of each pod', () => {
  const found = Array.from({ length: 3 }, () => inboundOf({ annotations: { [key]: 'interceptionMode: NONE' } }, mesh()));

  expect(found.map(({ kind }) => kind)).toEqual(['None', 'None', 'None']);
});

import { expect, it } from '@jest/globals';
import { mesh } from '../../../../test/support/mesh-fixtures.ts';
import { config, injected, installed, pod, surroundings } from '../../../../test/support/mesh-fixtures.ts';
import type { Surroundings } from '../../adapter.ts';
import { istio } from '../adapter.ts';
import { inboundOf } from './inbound-ports.ts';

const key = 'proxy.istio.io/config';

it('a proxy configuration that is longer than anybody has is none that is read', () => {
  const written = (length: number): string => `interceptionMode: REDIRECT\nproxyMetadata: {a: ${'x'.repeat(length)}}`;

  expect(inboundOf({ annotations: { [key]: written(2000) } }, mesh())).toEqual({ kind: 'All' });
  expect(inboundOf({ annotations: { [key]: written(100_000) } }, mesh())).toEqual({
    kind: 'Unknown',
    because: { annotation: key },
  });
});

it('the same proxy configuration says the same of each pod', () => {
  const found = Array.from({ length: 3 }, () =>
    inboundOf({ annotations: { [key]: 'interceptionMode: NONE' } }, mesh()),
  );

  expect(found.map(({ kind }) => kind)).toEqual(['None', 'None', 'None']);
});

/** Pods of which each has a proxy configuration of its own, or all the same. */
function configured(count: number, text: (index: number) => string): Surroundings {
  const pods = Array.from({ length: count }, (_, index) =>
    pod({ name: `p${index}`, uid: `p${index}`, annotations: { ...injected.annotations, [key]: text(index) } }),
  );
  return surroundings({ pods, mesh: mesh([...installed, config('PeerAuthentication', { mtls: { mode: 'STRICT' } })]) });
}

it('as many proxy configurations are read as a look has time for, each once', () => {
  const long = (index: number): string => `proxyMetadata: {A: ${index}-${'x'.repeat(5000)}}`;
  const ofPorts = (given: Surroundings): readonly string[] =>
    istio
      .findings(given, 'Start')
      .filter(({ id }) => id === 'MM062')
      .map(({ message }) => message);

  expect(ofPorts(configured(10, long))).toEqual([]);
  expect(ofPorts(configured(200, () => long(0)))).toEqual([]);
  const many = configured(40, long);
  expect(ofPorts(many)).toEqual([
    expect.stringContaining('more different proxy.istio.io/config than one look may read'),
  ]);
  expect(ofPorts({ ...many })).toEqual(ofPorts(many));
});

import { describe, expect, it } from '@jest/globals';
import { meshOf, twoNetworks } from '../../../../test/support/topology-examples.ts';
import type { Surroundings } from '../../adapter.ts';
import { istio } from '../adapter.ts';

function told(given: Surroundings): readonly string[] {
  return istio
    .findings(given, 'Start')
    .filter(({ id }) => id === 'MM137')
    .map(({ severity, object, message }) => `${severity} ${object} ${message}`);
}

describe('a mesh of several networks', () => {
  it('is told by what says so', () => {
    expect(told(twoNetworks())).toEqual([
      expect.stringMatching(/^Critical ConfigMap istio-system\/istio its meshNetworks names net1, net2: sidecars and/),
    ]);
  });

  it('holds the labels', () => {
    expect(istio.unready({ ...twoNetworks(), itinerary: 'L4' })?.finding.id).toBe('MM137');
  });

  it('is a Warning where the Services of the namespace are local, and nothing where all are', () => {
    expect(told(twoNetworks('"*.shop.svc.cluster.local"'))).toEqual([expect.stringMatching(/^Warning /)]);
    expect(told(twoNetworks('"*.svc.cluster.local"'))).toEqual([]);
    expect(told(meshOf('networks: {net1: {}}'))).toEqual([]);
  });
});

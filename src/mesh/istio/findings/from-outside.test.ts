import { describe, expect, it } from '@jest/globals';
import { guarded, ingress, joining } from '../../../../test/support/from-outside-examples.ts';
import { config } from '../../../../test/support/mesh-fixtures.ts';
import type { Surroundings } from '../../adapter.ts';
import { istio } from '../adapter.ts';

function told(given: Surroundings, when: 'Start' | 'AtRest' = 'Start'): readonly string[] {
  return istio
    .findings(given, when)
    .filter(({ id }) => id === 'MM128')
    .map(({ severity, object, message }) => `${severity} ${object} ${message}`);
}

const open = { opensBy: 'its type is NodePort' };
const toWeb = { rules: [{ http: { paths: [{ backend: { service: { name: 'web' } } }] } }] };
describe('callers from outside the mesh', () => {
  it('are told by what shows them', () => {
    expect(told(guarded(open))).toEqual([
      expect.stringMatching(/^Critical Service shop\/web its type is NodePort: at RestartWorkloads a caller outside/),
    ]);
    expect(told(guarded({}, [ingress(toWeb)]))).toEqual([
      expect.stringMatching(/^Critical Service shop\/web Ingress shop\/door brings clients in, and its controller/),
    ]);
  });

  it('hold the labels, and are a Warning at rest', () => {
    expect(istio.unready({ ...guarded(open), itinerary: 'L7' })?.finding.id).toBe('MM128');
    expect(told({ ...guarded(open), itinerary: 'L7' }, 'AtRest')).toEqual([expect.stringMatching(/^Warning /)]);
  });

  it.each<readonly [string, Surroundings]>([
    ['the Service is one of the cluster, behind a gateway of Istio', guarded({})],
    ['its ports are direct', guarded(open, [], { policies: { direct: [{ namespace: 'shop', ports: [8080] }] } })],
    [
      'STRICT lets plaintext in by this port',
      joining(open, [
        config('PeerAuthentication', { mtls: { mode: 'STRICT' } }, { name: 'default' }),
        config(
          'PeerAuthentication',
          { selector: { matchLabels: { app: 'web' } }, portLevelMtls: { 8080: { mode: 'PERMISSIVE' } } },
          { name: 'door' },
        ),
      ]),
    ],
  ])('are no finding any more once %s', (_, mended) => {
    expect(told(mended)).toEqual([]);
  });

  it('are no finding where refused callers are accepted', () => {
    expect(told(guarded(open, [], { policies: { refusals: 'Accept' } }))).toEqual([expect.stringMatching(/^Warning /)]);
  });
});

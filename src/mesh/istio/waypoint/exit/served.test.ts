import { describe, expect, it } from '@jest/globals';
import {
  config,
  installed,
  mesh,
  migrationSpec,
  namespace,
  service,
  surroundings,
  workload,
} from '../../../../../test/support/mesh-fixtures.ts';
import type { Surroundings } from '../../../adapter.ts';
import type { ConfigView } from '../../../views.ts';
import { useWaypointLabel } from '../../vocabulary/labels.ts';
import { exitTranslationOf } from './translation.ts';
import { servedServices } from './served.ts';

const route = { from: 'IstioAmbient', to: 'IstioSidecar' } as const;
const records = { web: { [useWaypointLabel]: 'waypoint' } };

function picture(configs: readonly ConfigView[], overrides: Partial<Surroundings> = {}): Surroundings {
  return surroundings({
    route,
    itinerary: 'L7',
    records,
    spec: migrationSpec(route),
    mesh: mesh([...installed, ...configs]),
    namespace: namespace({ labels: {} }),
    workloads: [workload({ templateLabels: { app: 'web' } })],
    services: [service({ labels: { [useWaypointLabel]: 'none' } })],
    ...overrides,
  });
}

const gateway = config(
  'Gateway',
  { gatewayClassName: 'istio-waypoint' },
  { name: 'waypoint', annotations: { 'gateway.istio.io/service-account': 'gw' } },
);

const policy = config(
  'AuthorizationPolicy',
  {
    targetRefs: [{ group: '', kind: 'Service', name: 'web' }],
    action: 'DENY',
    rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }],
  },
  { name: 'no-delete' },
);

function made(given: Surroundings): readonly ConfigView[] {
  return exitTranslationOf(given).manifests.map(({ object: { kind, metadata, spec } }) =>
    config(kind, spec, { ...metadata, uid: metadata.name }),
  );
}

describe('the Services behind a waypoint', () => {
  it.each(['none', 'other', undefined])('are those of the journal, whatever their label is by now: %s', (label) => {
    const labels: Readonly<Record<string, string>> = label === undefined ? {} : { [useWaypointLabel]: label };
    const [found] = servedServices(picture([gateway], { services: [service({ labels })] }));
    expect(found?.waypoint).toEqual({ namespace: 'shop', name: 'waypoint', serviceAccount: 'gw' });
  });

  it('are those of a label of the namespace that is gone', () => {
    const inherited = { records: { web: { [useWaypointLabel]: null } }, back: { [useWaypointLabel]: 'waypoint' } };
    expect(servedServices(picture([gateway], inherited))).toHaveLength(1);
    expect(servedServices(picture([gateway], { records: {} }))).toHaveLength(0);
  });

  it('know by whom a waypoint that is gone was named, so that nobody else is let in', () => {
    const before = picture([gateway, policy]);
    const standing = made(before);
    const after = picture([policy, ...standing]);
    expect(servedServices(after)[0]?.waypoint.serviceAccount).toBe('gw');
    expect(made(after)).toEqual(standing);
  });
});

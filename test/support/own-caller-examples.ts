import type { Surroundings } from '../../src/mesh/adapter.ts';
import type { PodView } from '../../src/mesh/views.ts';
import type { Examples } from './examples.ts';
import {
  captured,
  config,
  injected,
  migrationSpec,
  plainPod,
  pod,
  service,
  surroundings,
  workload,
} from './mesh-fixtures.ts';

const api = { app: 'api' };
const readers = config('AuthorizationPolicy', {
  rules: [{ from: [{ source: { serviceAccounts: ['shop/web'] } }], to: [{ operation: { methods: ['GET'] } }] }],
});

function caller(overrides: Partial<PodView>): PodView {
  const { owner: _none, ...bare } = pod({ name: 'batch', uid: 'batch', serviceAccount: 'web', ...overrides });
  return overrides.owner === undefined ? bare : { ...bare, owner: overrides.owner };
}

/** Service api may be read by `shop/web` only, and this pod is there too. */
export function calledBeside(other: PodView, more: Partial<Surroundings> = {}): Surroundings {
  const given = surroundings(
    {
      workloads: [workload({ name: 'api', serviceAccount: 'api', templateLabels: api })],
      services: [service({ name: 'api', selector: api })],
      ...more,
    },
    [readers],
  );
  const pods = [
    pod({
      name: 'api-1',
      uid: 'api-1',
      labels: { ...injected.labels, ...api },
      serviceAccount: 'api',
      owner: { kind: 'Deployment', name: 'api' },
    }),
    other,
  ];
  return { ...given, pods, mesh: { ...given.mesh, pods: (home) => (home === 'shop' ? pods : []) } };
}

const paused = workload({ name: 'web', serviceAccount: 'web', paused: true });
const ofWeb = { owner: { kind: 'Deployment', name: 'web' } };

/** What the rule about callers beside the called sees and ignores, by its id. */
export const ownCallerExamples: Readonly<Record<'MM122', Examples>> = {
  MM122: {
    seen: {
      'a bare pod': calledBeside(caller({})),
      'one of a Rollout': calledBeside(caller({ owner: { kind: 'ReplicaSet', name: 'web-6f7' } })),
      'one of a Job': calledBeside(caller({ owner: { kind: 'Job', name: 'nightly' } })),
      'one of a paused Deployment': {
        ...calledBeside(caller(ofWeb)),
        workloads: [...calledBeside(caller(ofWeb)).workloads, paused],
      },
    },
    ignored: {
      'one that can be restarted': {
        ...calledBeside(caller(ofWeb)),
        workloads: [...calledBeside(caller(ofWeb)).workloads, workload({ name: 'web', serviceAccount: 'web' })],
      },
      'one that does not call': calledBeside(caller({ serviceAccount: 'other' })),
      'one in ambient': calledBeside({ ...plainPod({ ...captured, name: 'batch', serviceAccount: 'web' }) }),
      'one of a Job that has ended': calledBeside(caller({ owner: { kind: 'Job', name: 'nightly' }, finished: true })),
      FailClosed: calledBeside(caller({}), { spec: migrationSpec({ policies: { bypass: 'FailClosed' } }) }),
      'who is declared not to call': calledBeside(caller({}), {
        spec: migrationSpec({
          callers: [{ namespace: 'shop', service: 'api', from: [{ namespace: 'shop', serviceAccount: 'api' }] }],
        }),
      }),
    },
  },
};

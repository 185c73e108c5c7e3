import type { KubeObject } from '../../../src/api/object.ts';
import type { Home, Stage } from '../../campaign/stage.ts';
import { meshMigration, object, strict } from '../../scenarios/manifests.ts';

/** The namespaces of a story: one that needs a waypoint, one that does not, and one that stays. */
export interface Names {
  readonly http: string;
  readonly plain: string;
  readonly stays: string;
}

const there = { mode: 'IstioSidecar', inScope: true } as const;

/** Who may call whom is declared, so that nobody else's calls are judged. */
export function stageFor(migration: string, { http, plain, stays }: Names): Stage {
  const callers = [
    { namespace: http, from: [{ namespace: http }, { namespace: plain }] },
    { namespace: plain, from: [{ namespace: plain }, { namespace: http }] },
  ];
  const homes: readonly Home[] = [
    {
      ...there,
      name: http,
      apps: [
        { kind: 'Deployment', name: 'web', replicas: 2 },
        { kind: 'Deployment', name: 'api', replicas: 1 },
      ],
      policies: [strict(http), mayGet(http, 'api', [http, plain]), noDeletes(http, 'api')],
    },
    {
      ...there,
      name: plain,
      apps: [
        { kind: 'Deployment', name: 'web', replicas: 1 },
        { kind: 'StatefulSet', name: 'db', replicas: 2 },
      ],
      policies: [strict(plain), mayCall(plain, 'db', [http, plain])],
    },
    {
      name: stays,
      mode: 'IstioSidecar',
      inScope: false,
      apps: [{ kind: 'Deployment', name: 'web', replicas: 1 }],
      policies: [mayCall(stays, 'web', [stays])],
    },
  ];
  return {
    from: 'IstioSidecar',
    to: 'IstioAmbient',
    homes,
    oldSidecars: false,
    migration: meshMigration(migration, { names: [http, plain] }, { callers, restart: { progressDeadline: '90s' } }),
  };
}

function principals(homes: readonly string[]): object {
  return { source: { principals: homes.map((home) => `cluster.local/ns/${home}/sa/web`) } };
}

function mayGet(home: string, app: string, from: readonly string[]): KubeObject {
  return object('AuthorizationPolicy', home, 'readers', {
    selector: { matchLabels: { app } },
    action: 'ALLOW',
    rules: [{ from: [principals(from)], to: [{ operation: { methods: ['GET'] } }] }],
  });
}

function mayCall(home: string, app: string, from: readonly string[]): KubeObject {
  return object('AuthorizationPolicy', home, 'callers', {
    selector: { matchLabels: { app } },
    action: 'ALLOW',
    rules: [{ from: [principals(from)] }],
  });
}

function noDeletes(home: string, app: string): KubeObject {
  return object('AuthorizationPolicy', home, 'no-deletes', {
    selector: { matchLabels: { app } },
    action: 'DENY',
    rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }],
  });
}

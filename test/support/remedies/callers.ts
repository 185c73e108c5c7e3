import type { Surroundings } from '../../../src/mesh/adapter.ts';
import type { ConfigView, PodView } from '../../../src/mesh/views.ts';
import {
  config,
  installed,
  mesh,
  migrationSpec,
  pod,
  scopeView,
  service,
  surroundings,
  workload,
} from '../mesh-fixtures.ts';
import {
  eachConfig,
  eachPod,
  eachPodOf,
  eachServiceElsewhere,
  inAmbient,
  inMesh,
  inTurn,
  make,
  patchMigration,
  patched,
  withSidecar,
} from './deeds.ts';
import { calledByOthers, inSameMigration, toSidecars, useWaypoint } from './elsewhere.ts';
import type { Deed, RemediesById } from './remedy.ts';

/** The policy of the finding asks for identities, whatever it has asked for. */
const byIdentity: Deed = (given, finding) => {
  const names = finding.object.startsWith('AuthorizationPolicy ')
    ? (each: ConfigView): boolean => finding.object.endsWith(` ${each.namespace}/${each.name}`)
    : (each: ConfigView): boolean => JSON.stringify(each.spec).includes('ipBlocks');
  return eachConfig((each) => [
    each.kind === 'AuthorizationPolicy' && names(each)
      ? { ...each, spec: { ...each.spec, rules: [{ from: [{ source: { namespaces: ['legacy'] } }] }] } }
      : each,
  ])(given, finding);
};

const toAmbient = inTurn(
  eachPodOf('bank', (each) => [inAmbient(each)]),
  inMesh((before) => ({
    labelsOf: (home) => (home === 'bank' ? { 'istio.io/dataplane-mode': 'ambient' } : before.labelsOf?.(home)),
  })),
);

/** Namespace `bank`, which stays, has a sidecar of before ambient, and decides by who calls. */
function oldSidecar(owner?: PodView['owner']): Surroundings {
  const old = pod({ namespace: 'bank', labels: { app: 'web' }, ...(owner !== undefined && { owner }) });
  const given = surroundings({}, [
    config(
      'AuthorizationPolicy',
      { action: 'DENY', rules: [{ from: [{ source: { namespaces: ['shop'] } }] }] },
      { namespace: 'bank' },
    ),
  ]);
  return {
    ...given,
    mesh: {
      ...given.mesh,
      inhabitedNamespaces: () => ['bank'],
      pods: (name) => (name === 'bank' ? [old] : []),
      workloads: (name) => (name === 'bank' ? [workload({ namespace: 'bank' })] : []),
    },
  };
}

/** Each of two namespaces of one migration calls the other, and asks for HTTP. */
function circle(): Surroundings {
  const policies = [
    ['shop', 'blog'],
    ['blog', 'shop'],
  ].map(([namespace = '', caller = '']) =>
    config(
      'AuthorizationPolicy',
      { rules: [{ from: [{ source: { namespaces: [caller] } }], to: [{ operation: { methods: ['GET'] } }] }] },
      { namespace, uid: namespace },
    ),
  );
  const ofEach = <T>(made: (namespace: string) => T): ((home?: string) => readonly T[]) => {
    const all: Readonly<Record<string, readonly T[]>> = { shop: [made('shop')], blog: [made('blog')] };
    return (home) => (home === undefined ? Object.values(all).flat() : (all[home] ?? []));
  };
  const given = surroundings();
  return {
    ...given,
    spec: migrationSpec({ namespaces: { names: ['shop', 'blog'] } }),
    scope: scopeView({ moves: (name) => ['shop', 'blog'].includes(name) }),
    mesh: {
      ...mesh([...installed, ...policies]),
      inhabitedNamespaces: () => ['shop', 'blog'],
      pods: ofEach((namespace) => pod({ namespace })),
      services: ofEach((namespace) => service({ namespace })),
      labelsOf: () => ({ 'istio-injection': 'enabled' }),
    },
  };
}

/** Who is called, and what becomes of calls. */
export const callerRemedies: RemediesById = {
  MM092: {
    ways: [
      { says: 'Move the namespace of that Service to sidecars first', done: toSidecars },
      {
        says: 'if nothing here calls it, say so by naming its callers in spec.callers',
        done: calledByOthers('bank'),
      },
      {
        says: /; or, if it is not to go through that waypoint any more, take the label istio\.io\/use-waypoint/,
        done: eachServiceElsewhere((each) => [
          { ...each, labels: patched(each.labels, { [useWaypoint]: null }), conditions: {} },
        ]),
      },
    ],
  },
  MM100: {
    ways: [
      {
        says: 'Restart these workloads (kubectl rollout restart)',
        done: eachPodOf('bank', (each) => [withSidecar(each)]),
        of: ['a workload'],
      },
      {
        says: 'delete pods that nothing restarts: the finding clears by itself',
        done: eachPodOf('bank', () => []),
        of: ['a pod that nothing restarts'],
      },
      {
        says: 'name the namespace in spec.restart.hboneNamespaces, and the operator restarts them for this and nothing else',
        done: inTurn(patchMigration({ restart: { hboneNamespaces: { names: ['bank'] } } }), (given) => ({
          ...given,
          scope: scopeView({ restartsForHbone: (name) => name === 'bank' }),
        })),
        of: ['a workload'],
      },
      {
        says: 'if nothing here calls them, say so by naming their callers in spec.callers',
        done: calledByOthers('bank'),
      },
    ],
    more: {
      'a workload': oldSidecar(),
      'a pod that nothing restarts': oldSidecar({ kind: 'Job', name: 'once' }),
    },
  },
  MM162: {
    ways: [
      {
        says: 'Put the namespaces that the message names into the same wave of spec.waves as this one, or into an earlier one; or this one into theirs',
        done: (given) => ({ ...given, scope: scopeView({ moves: (name) => name === 'blog' || name === 'bank' }) }),
      },
      {
        says: 'Where only sidecars have to be restarted for HBONE, restarting these workloads (kubectl rollout restart) clears it too',
        done: eachPodOf('bank', (each) => [withSidecar(each)]),
        of: ['sidecars of before ambient'],
      },
    ],
    more: {
      'sidecars of before ambient': {
        ...oldSidecar(),
        scope: scopeView({
          moves: (name) => name === 'bank',
          comesLater: (name) => (name === 'bank' ? 'is in wave two, which begins after wave one' : undefined),
        }),
      },
    },
  },
  MM102: {
    ways: [
      {
        says: 'set spec.policies.bypass to FailClosed and choose a quiet hour',
        done: patchMigration({ policies: { bypass: 'FailClosed' } }),
      },
      {
        says: 'where policies let one call another and it does not, name in spec.callers who does',
        done: patchMigration({ callers: [{ namespace: 'blog', from: [{ namespace: 'elsewhere' }] }] }),
      },
    ],
    besides: ['No order spares one of them'],
    more: { 'two that call each other': circle() },
  },
  MM123: {
    ways: [
      {
        says: 'Name the callers in the policy by principals, namespaces or serviceAccounts instead',
        done: byIdentity,
      },
      {
        says: 'where the called are another namespace, migrate that first',
        done: toAmbient,
        where: /sidecars of bank/,
      },
      {
        says: 'in the same migration',
        done: inSameMigration('bank'),
        where: /sidecars of bank/,
        notFor: { 'from outside the mesh': 'from there a migration takes nobody who has sidecars' },
      },
      {
        says: 'if these do not call them, say so by naming their callers in spec.callers',
        done: calledByOthers('bank', 'shop'),
      },
      {
        says: /^Add a policy that names the callers by principals, namespaces or serviceAccounts, keep this one, and restart these workloads yourself/,
        done: inTurn(
          make(
            config(
              'AuthorizationPolicy',
              { action: 'DENY', rules: [{ from: [{ source: { namespaces: ['legacy'] } }] }] },
              { name: 'callers', uid: 'callers' },
            ),
          ),
          eachPod((each) => [withSidecar(each)]),
        ),
      },
      {
        says: /Or, if nobody in ambient calls them, say so by naming their callers in spec\.callers/,
        done: calledByOthers('shop'),
      },
      { says: /^Say in spec\.callers who calls whom/, done: calledByOthers('shop') },
      { says: /Or name the callers in these policies by principals, namespaces or serviceAccounts/, done: byIdentity },
    ],
  },
};

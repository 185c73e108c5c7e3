import { records } from '../../../src/mesh/json.ts';
import type { ConfigView } from '../../../src/mesh/views.ts';
import { call, observed } from '../istio-metrics.ts';
import { config, scopeView, service, surroundings, workload } from '../mesh-fixtures.ts';
import {
  eachConfig,
  eachPod,
  eachPodOf,
  eachWorkload,
  inAmbient,
  inMesh,
  inTurn,
  make,
  patchMigration,
  respecify,
} from './deeds.ts';
import { carriedOverExamples, carriedOverWays } from './carried-over.ts';
import type { Deed, RemediesById } from './remedy.ts';
import { staying } from './ways.ts';

type Spec = Readonly<Record<string, unknown>>;

function policy(spec: Spec, more: Partial<ConfigView> = {}): ConfigView {
  return config('AuthorizationPolicy', spec, more);
}

const blog = [{ source: { namespaces: ['blog'] } }];

/** Every rule of every ALLOW says who calls; where there is no ALLOW one lets these in. */
const namedInPolicies = inTurn(
  eachConfig((each) => [
    each.kind === 'AuthorizationPolicy' && (each.spec['action'] ?? 'ALLOW') === 'ALLOW'
      ? { ...each, spec: { ...each.spec, rules: records(each.spec['rules']).map((rule) => ({ ...rule, from: blog })) } }
      : each,
  ]),
  (given, finding) =>
    given.mesh.configs('AuthorizationPolicy', 'shop').some(({ spec }) => spec['action'] !== 'DENY')
      ? given
      : make(policy({ rules: [{ from: blog }] }, { name: 'callers', uid: 'callers' }))(given, finding),
);

const failClosed = patchMigration({ policies: { bypass: 'FailClosed' } });

/** Of pods behind no Service, whose names ztunnel compares as text. */
function bare(action: string): ReturnType<typeof surroundings> {
  return surroundings({ services: [] }, [
    policy({ action, rules: [{ from: [{ source: { namespaces: ['te*m'] } }] }] }),
  ]);
}

/** Names are written in full. */
const inFull = eachConfig((each) => [
  each.kind === 'AuthorizationPolicy'
    ? {
        ...each,
        spec: { ...each.spec, rules: [{ from: [{ source: { namespaces: ['team', 'tempo-m'] } }] }] },
      }
    : each,
]);

/** One policy by twenty paths for each of so many workloads. */
function manyPaths(count: number): ReturnType<typeof surroundings> {
  const names = Array.from({ length: count }, (_, index) => `w${index}`);
  const rulesOf = (name: string): readonly Spec[] =>
    Array.from({ length: 20 }, (_, n) => ({
      from: [{ source: { principals: [`cluster.local/ns/blog/sa/${name}-${n}`] } }],
      to: [{ operation: { paths: [`/${name}/p${n}/*`] } }],
    }));
  return surroundings(
    {
      pods: [],
      services: names.map((name) => service({ name, uid: name, selector: { app: name } })),
      workloads: names.map((name) => workload({ name, uid: name, templateLabels: { app: name } })),
    },
    names.map((name) =>
      policy({ selector: { matchLabels: { app: name } }, rules: rulesOf(name) }, { name, uid: name }),
    ),
  );
}

/** What is in the way is left to the half of the namespace that stays. */
const divided: Deed = (given) => {
  const kept = new Set(given.workloads.slice(0, 10).map(({ name }) => name));
  const isKept = ({ name }: { readonly name: string }): boolean => kept.has(name);
  return eachConfig((each) => (each.kind === 'AuthorizationPolicy' && !isKept(each) ? [] : [each]))(
    { ...given, services: given.services.filter(isKept), workloads: given.workloads.filter(isKept) },
    { id: '', severity: 'Critical', object: '', message: '', fix: '' },
  );
};

const byPrefix = {
  rules: [{ from: [{ source: { namespaces: ['blog'] } }], to: [{ operation: { paths: ['/p*'] } }] }],
};

/** A namespace that is going behind a waypoint. */
export const waypointRemedies: RemediesById = {
  MM080: {
    ways: [
      {
        says: /^Have a Service of their own before these pods, and no other one/,
        done: inTurn(
          eachWorkload((each) => [
            each.name === 'web' ? { ...each, templateLabels: { ...each.templateLabels, version: 'v1' } } : each,
          ]),
          eachPod((each) => [{ ...each, labels: { ...each.labels, version: 'v1' } }]),
          (given) => ({
            ...given,
            services: ['v1', 'v2'].map((version) =>
              service({ name: version, uid: version, selector: { app: 'web', version } }),
            ),
          }),
        ),
      },
      {
        says: /or let the selector take in all pods of the Service/,
        done: respecify((spec) => ({ ...spec, selector: { matchLabels: { app: 'web' } } })),
      },
      {
        says: /^Give the pods a Service with a cluster address and let callers use that/,
        done: (given) => ({
          ...given,
          services: [...given.services, service({ name: 'night', uid: 'night', selector: { app: 'night' } })],
        }),
      },
      {
        says: /^Name the callers by principals, namespaces or serviceAccounts/,
        done: respecify(() => ({ action: 'DENY', rules: [{ from: blog, to: [{ operation: { methods: ['GET'] } }] }] })),
      },
      {
        says: /or ask for a header that only the application sets/,
        done: respecify((spec) => ({
          ...spec,
          rules: [{ when: [{ key: 'request.headers[x-team]', values: ['legacy'] }] }],
        })),
      },
      {
        says: /^Create a Service with a cluster address for these pods/,
        done: (given) => ({
          ...given,
          services: [
            ...given.services.map((each) => ({ ...each, headless: false })),
            ...given.workloads.map(({ name, uid, templateLabels }) =>
              service({ name: `of-${name}`, uid: `of-${uid}`, selector: { app: templateLabels['app'] ?? '' } }),
            ),
          ],
        }),
      },
      { says: /or keep them on sidecars/, done: 'LeftOut' },
      ...carriedOverWays,
    ],
    more: carriedOverExamples,
    besides: ['Change the object as the message says', 'or keep this namespace on sidecars'],
  },
  MM082: {
    ways: [
      {
        says: 'Name the callers in spec.callers',
        done: patchMigration({ callers: [{ namespace: 'shop', from: [{ namespace: 'blog' }] }] }),
      },
      { says: 'in every rule of the ALLOW policies', done: namedInPolicies },
      {
        says: 'have the operator ask Prometheus (--prometheus-url)',
        done: inMesh(() => ({ observedCallers: observed(call({ to: 'shop/web', by: 'blog/reader' })) })),
      },
      {
        says: 'set spec.policies.bypass to FailClosed to have callers with sidecars refused until they are in ambient',
        done: failClosed,
      },
    ],
  },
  MM083: {
    ways: [
      {
        says: 'Put the namespaces of the callers into the scope of this migration, which lets them go first',
        done: (given) => ({ ...given, scope: scopeView({ moves: (name) => name === 'blog' }) }),
      },
      { says: 'migrate them before it', done: eachPodOf('blog', (pod) => [inAmbient(pod)]) },
      { says: 'set spec.policies.bypass to FailClosed: they are refused until they are in ambient', done: failClosed },
      {
        says: 'where policies let one call and it does not, name in spec.callers who does',
        done: patchMigration({ callers: [{ namespace: 'shop', from: [] }] }),
      },
      {
        says: /^Name in spec\.callers the ServiceAccounts that do call/,
        done: patchMigration({
          callers: [{ namespace: 'shop', from: [{ namespace: 'blog', serviceAccount: 'front' }] }],
        }),
      },
      { says: /or have these callers join the mesh first/, done: eachPodOf('blog', (pod) => [inAmbient(pod)]) },
      {
        says: /Or name their ports in spec\.policies\.direct, where policies by port and identity are enough for them, and take them out of spec\.callers/,
        done: inTurn(
          eachConfig((each) => [
            each.kind === 'AuthorizationPolicy'
              ? {
                  ...each,
                  spec: { action: 'DENY', rules: [{ to: [{ operation: { methods: ['GET'], ports: ['9090'] } }] }] },
                }
              : each,
          ]),
          patchMigration({
            callers: [{ namespace: 'shop', from: [] }],
            policies: { direct: [{ namespace: 'shop', ports: [8080], principals: [] }] },
          }),
        ),
      },
      { says: /Or set spec\.policies\.bypass to FailClosed: they are refused for good/, done: failClosed },
    ],
  },
  MM084: {
    ways: [
      { says: 'set spec.policies.bypass to FailClosed and choose a quiet hour', done: failClosed },
      {
        says: 'where policies let one call another and it does not, name in spec.callers who does',
        done: patchMigration({
          callers: [{ namespace: 'shop', from: [{ namespace: 'shop', serviceAccount: 'web' }] }],
        }),
      },
    ],
    besides: ['No order spares one of them'],
  },
  MM086: {
    ways: [
      { says: 'Change the policies that the message is about', done: inFull },
      staying,
      {
        says: /^Take what the message is about out of spec\.policies\.direct/,
        done: patchMigration({ policies: { direct: [] } }),
      },
      { says: /or change the policies, or keep/, done: inFull },
    ],
    more: { 'a name that ztunnel compares as text': bare('DENY') },
  },
  MM099: {
    ways: [
      { says: 'Change the policies that the message is about', done: inFull },
      {
        says: 'set spec.policies.refusals to Accept',
        done: patchMigration({ policies: { refusals: 'Accept' } }),
      },
    ],
    more: { 'a name that ztunnel compares as text': bare('ALLOW') },
  },
  MM119: {
    ways: [
      {
        says: 'Name fewer values in it: a prefix or a namespace in place of a list',
        done: eachConfig((each) => [
          each.kind === 'AuthorizationPolicy' ? { ...each, spec: { ...each.spec, ...byPrefix } } : each,
        ]),
        notFor: { 'more workloads than values': 'these are most of it' },
      },
      {
        says: 'where Services and workloads are most of it, divide the namespace',
        done: divided,
        of: ['more workloads than values'],
      },
    ],
    more: { 'more workloads than values': manyPaths(24) },
  },
};

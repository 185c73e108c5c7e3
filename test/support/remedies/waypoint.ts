import { record, records } from '../../../src/mesh/json.ts';
import type { ConfigView } from '../../../src/mesh/views.ts';
import { call, observed } from '../istio-metrics.ts';
import { config, scopeView, service, surroundings, workload } from '../mesh-fixtures.ts';
import {
  changeIt,
  deleteIt,
  eachConfig,
  eachPod,
  eachPodOf,
  eachService,
  eachTemplate,
  eachWorkload,
  inAmbient,
  inMesh,
  inTurn,
  make,
  patched,
  patchMigration,
  respecify,
} from './deeds.ts';
import { carriedOverExamples, carriedOverWays } from './carried-over.ts';
import type { Deed, RemediesById, Remedy } from './remedy.ts';

type Spec = Readonly<Record<string, unknown>>;

const staying: Remedy = { says: 'keep this namespace on sidecars', done: 'LeftOut' };

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

/** What names the waypoint selects pods instead, or, if it is a route, is one of the Service behind it. */
const attachedOtherwise = eachConfig((each) => {
  const { targetRefs, targetRef, parentRefs, ...spec } = each.spec;
  const names = [...records(targetRefs), record(targetRef), ...records(parentRefs)].map(({ name }) => name);
  if (!names.includes('mine')) return [each];
  const parents = { parentRefs: [{ group: '', kind: 'Service', name: 'web' }] };
  const pods = { selector: { matchLabels: { app: 'web' } }, workloadSelector: { labels: { app: 'web' } } };
  return [{ ...each, namespace: 'shop', spec: { ...spec, ...(parentRefs === undefined ? pods : parents) } }];
});

const listener = { name: 'mesh', port: 15008, protocol: 'HBONE', allowedRoutes: { namespaces: { from: 'Same' } } };
const ordinary: Spec = { gatewayClassName: 'istio-waypoint', listeners: [listener] };

/** As `istioctl waypoint apply` makes it, and as istiod makes its pods then. */
const asIstioctl: Deed = (given, finding) =>
  inTurn(
    changeIt((each) => {
      const { terminating: _terminating, ...rest } = each;
      return { ...rest, spec: ordinary, labels: {}, annotations: {}, status: {} };
    }),
    eachTemplate((each) => (each.serviceAccount === 'else' ? { serviceAccount: 'mine' } : {})),
    eachPod((each) => [each.serviceAccount === 'else' ? { ...each, serviceAccount: 'mine' } : each]),
  )(given, finding);

/** Another waypoint is made and named. */
const another = inTurn(
  make(config('Gateway', ordinary, { name: 'other', uid: 'other' })),
  patchMigration({ waypoint: { adopt: 'other' } }),
);

/** What stands elsewhere goes through a waypoint of its own namespace. */
const guestsLeave = inMesh((mesh) => {
  const moved = (labels: ConfigView['labels']): ConfigView['labels'] =>
    patched(labels, {
      'istio.io/use-waypoint-namespace': null,
      'istio.io/use-waypoint-canary': null,
      'istio.io/use-waypoint-canary-namespace': null,
    });
  return {
    services: (home) => mesh.services(home).map((each) => ({ ...each, labels: moved(each.labels) })),
    pods: (home) => mesh.pods(home).map((each) => ({ ...each, labels: moved(each.labels) })),
    workloads: (home) => mesh.workloads(home).map((each) => ({ ...each, templateLabels: moved(each.templateLabels) })),
    labelsOf: (home) => moved(mesh.labelsOf?.(home) ?? {}),
  };
});

/** The object has another name. */
const renamed: Deed = (given, finding) => {
  const name = finding.object.split('/')[1];
  const other = <T extends { readonly name: string }>(each: T): T =>
    each.name === name ? { ...each, name: 'mine' } : each;
  const kind = finding.object.split(' ')[0];
  return inTurn(
    changeIt((each) => ({
      ...other(each),
      ...(each.spec['gatewayClassName'] === 'istio-waypoint' && { spec: ordinary }),
    })),
    eachWorkload((each) => [kind === 'Deployment' ? other(each) : each]),
    eachService((each) => [kind === 'Service' ? other(each) : each]),
    (sofar) => ({
      ...sofar,
      budgets: sofar.budgets.map((each) => (kind === 'PodDisruptionBudget' ? other(each) : each)),
    }),
  )(given, finding);
};

const deleted: Deed = (given, finding) => {
  const [kind, path = ''] = finding.object.split(' ');
  const isIt = (of: string, { name }: { readonly name: string }): boolean => of === kind && path.endsWith(`/${name}`);
  return {
    ...deleteIt(given, finding),
    workloads: given.workloads.filter((each) => !isIt('Deployment', each)),
    services: given.services.filter((each) => !isIt('Service', each)),
    budgets: given.budgets.filter((each) => !isIt('PodDisruptionBudget', each)),
  };
};

const ownAccount = inTurn(
  eachTemplate(() => ({ serviceAccount: 'web' })),
  eachPod((each) => [{ ...each, serviceAccount: 'web' }]),
);

const anotherWaypoint: Remedy = {
  says: /, or use another waypoint\./,
  done: another,
  notFor: { 'a policy that comes on the way': 'which one a namespace uses is settled when it starts' },
};

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
  MM116: {
    ways: [
      { says: 'Make the object anew under another name and delete this one', done: renamed },
      { says: 'delete it if nothing needs it', done: deleted },
      {
        says: /^Have it used as it is, by spec\.waypoint\.adopt: waypoint/,
        done: patchMigration({ waypoint: { adopt: 'waypoint' } }),
        then: { MM118: 'one that is not as istioctl makes it has to become so' },
      },
      { says: /ake yours under another name \(a waypoint: /, done: renamed },
      { says: /^Give it a ServiceAccount of its own/, done: ownAccount },
    ],
  },
  MM118: {
    ways: [
      { says: 'Make it what istioctl waypoint apply makes', done: asIstioctl },
      { says: 'name another one in spec.waypoint.adopt', done: another },
      { says: /^Take its labels of meshmigration\.dev off/, done: changeIt((each) => ({ ...each, labels: {} })) },
      { says: /^Remove the annotation, or/, done: asIstioctl },
      { says: /^Take the ServiceAccount out of the parameters of its Gateway/, done: asIstioctl },
      { says: /^Take spec\.addresses out/, done: respecify(({ addresses: _addresses, ...spec }) => spec) },
      {
        says: /^Give it that one listener, as istioctl waypoint apply does/,
        done: respecify((spec) => ({ ...spec, listeners: [listener] })),
      },
      {
        says: /^Label it istio\.io\/waypoint-for=service/,
        done: changeIt((each) => ({ ...each, labels: { 'istio.io/waypoint-for': 'service' } })),
      },
      {
        says: /^Wait until it is/,
        done: changeIt((each) => ({
          ...each,
          status: { conditions: ['Accepted', 'Programmed'].map((type) => ({ type, status: 'True' })) },
        })),
      },
      {
        says: /^Have it select pods instead, or, if it is a route, name Services here as its parents/,
        done: attachedOtherwise,
        then: { MM080: 'a waypoint applies no EnvoyFilter' },
      },
      { says: /^Give that one a waypoint of its own first/, done: guestsLeave },
      anotherWaypoint,
    ],
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

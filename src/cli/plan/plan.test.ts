import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { bounded } from '../../base/effort.ts';
import { parseIstioVersion } from '../../mesh/istio/policy/istio-version.ts';
import { parseManifests } from '../manifests/parse-manifests.ts';
import { planFormats } from './formats.ts';
import { plan, type Plan } from './plan.ts';
import type { NamespacePlan } from './report.ts';
import { meshes } from '../../mesh/meshes.ts';

function service(namespace: string, name: string): string {
  return `{apiVersion: v1, kind: Service, metadata: {name: ${name}, namespace: ${namespace}}, spec: {selector: {app: ${name}}, ports: [{name: http, port: 80, targetPort: 8080}]}}`;
}

function deployment(namespace: string, name: string, labels = `{app: ${name}}`): string {
  return `{apiVersion: apps/v1, kind: Deployment, metadata: {name: ${name}, namespace: ${namespace}}, spec: {template: {metadata: {labels: ${labels}}, spec: {serviceAccountName: ${name}, containers: [{name: a, image: a, ports: [{containerPort: 8080}]}]}}}}`;
}

/** Lets callers read from the pods of a Service, which needs a waypoint. */
function readers(namespace: string, name: string, callers: string): string {
  return `{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: ${name}, namespace: ${namespace}}, spec: {selector: {matchLabels: {app: ${name}}}, rules: [{from: [{source: {${callers}}}], to: [{operation: {methods: [GET]}}]}]}}`;
}

function application(namespace: string, name: string, callers?: string): readonly string[] {
  return [
    service(namespace, name),
    deployment(namespace, name),
    ...(callers === undefined ? [] : [readers(namespace, name, callers)]),
  ];
}

function migration(settings: string, scope = '{names: [shop]}'): string {
  return `{apiVersion: meshmigration.dev/v1alpha1, kind: MeshMigration, metadata: {name: m}, spec: {from: IstioSidecar, to: IstioAmbient, namespaces: ${scope}${settings === '' ? '' : `, ${settings}`}}}`;
}

function planOf(documents: readonly string[], istioVersion = '1.31'): Plan {
  const version = parseIstioVersion(istioVersion) ?? { major: 0, minor: 0 };
  return plan(parseManifests('-', documents.join('\n---\n')), {
    istioVersion: version,
    namespace: 'default',
    rootNamespace: 'istio-system',
    meshes,
    now: Date.parse('2026-12-01T00:00:00Z'),
  });
}

function namespaces(documents: readonly string[], istioVersion?: string): readonly NamespacePlan[] {
  return planOf(documents, istioVersion).report.namespaces;
}

function criticals({ findings }: NamespacePlan): readonly string[] {
  return findings.filter(({ severity }) => severity === 'Critical').map(({ id, object }) => `${id} ${object}`);
}

const timeout =
  '{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: cart, namespace: shop}, spec: {hosts: [cart], http: [{timeout: 5s, route: [{destination: {host: cart}}]}]}}';

const template = (labels: string, ports = '[]'): string =>
  `{metadata: {labels: ${labels}}, spec: {containers: [{name: a, image: a, ports: ${ports}}]}}`;

/** What makes pods and is not restarted by the operator. */
const otherPods: Readonly<Record<string, string>> = {
  'CronJob it': `{apiVersion: batch/v1, kind: CronJob, metadata: {name: it, namespace: shop}, spec: {jobTemplate: {spec: {template: ${template('{app: it}')}}}}}`,
  'Job it': `{apiVersion: batch/v1, kind: Job, metadata: {name: it, namespace: shop}, spec: {suspend: true, template: ${template('{app: it}')}}}`,
  'ReplicaSet it': `{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: it, namespace: shop}, spec: {template: ${template('{app: it}')}}}`,
  'ReplicationController it': `{apiVersion: v1, kind: ReplicationController, metadata: {name: it, namespace: shop}, spec: {template: ${template('{app: it}')}}}`,
  'Rollout it': `{apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: {name: it, namespace: shop}, spec: {template: ${template('{app: it}')}}}`,
  'CloneSet it': `{apiVersion: apps.kruise.io/v1alpha1, kind: CloneSet, metadata: {name: it, namespace: shop}, spec: {template: ${template('{app: it}')}}}`,
  'StatefulSet.apps.kruise.io it': `{apiVersion: apps.kruise.io/v1beta1, kind: StatefulSet, metadata: {name: it, namespace: shop}, spec: {template: ${template('{app: it}')}}}`,
  'Service.serving.knative.dev it': `{apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: it, namespace: shop}, spec: {template: ${template('{app: it}')}}}`,
  'ScaledJob it': `{apiVersion: keda.sh/v1alpha1, kind: ScaledJob, metadata: {name: it, namespace: shop}, spec: {jobTargetRef: {template: ${template('{app: it}')}}}}`,
  'Pod it':
    '{apiVersion: v1, kind: Pod, metadata: {name: it, namespace: shop, labels: {app: it}}, spec: {containers: [{name: a, image: a}]}}',
};

describe('pods that no workload of the manifests tells of', () => {
  const everywhere =
    '{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: no-delete, namespace: shop}, spec: {action: DENY, rules: [{to: [{operation: {methods: [DELETE]}}]}]}}';

  it.each(Object.entries(otherPods))('are those of %s', (title, document) => {
    const [shop] = namespaces([...application('shop', 'cart'), everywhere, document]);

    expect(shop?.findings.find(({ id }) => id === 'MM080')?.message).toContain(
      `it selects ${title}, which is behind no Service`,
    );
    expect(shop?.workloads.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['Deployment cart']);
  });

  it.each([
    [
      'a pod',
      '{apiVersion: v1, kind: Pod, metadata: {name: it, namespace: shop, labels: {app: cart}}, spec: {containers: [{name: a, image: a, ports: [{name: web, containerPort: 9090}]}]}}',
    ],
    [
      'a CronJob',
      `{apiVersion: batch/v1, kind: CronJob, metadata: {name: it, namespace: shop}, spec: {jobTemplate: {spec: {template: ${template('{app: cart}', '[{name: web, containerPort: 9090}]')}}}}}`,
    ],
  ])('have ports of their own: %s', (_kind, document) => {
    const named =
      '{apiVersion: v1, kind: Service, metadata: {name: cart, namespace: shop}, spec: {selector: {app: cart}, ports: [{name: http, port: 80, targetPort: web}]}}';
    const deployed = `{apiVersion: apps/v1, kind: Deployment, metadata: {name: cart, namespace: shop}, spec: {template: ${template('{app: cart}', '[{name: web, containerPort: 8080}]')}}}`;
    const byPort = everywhere.replace('methods: [DELETE]', 'methods: [DELETE], ports: ["8080"]');
    const ambiguous = (documents: readonly string[]): boolean =>
      namespaces([named, deployed, byPort, ...documents])[0]?.findings.some(({ message }) =>
        message.includes('which is no single port of its pods'),
      ) === true;

    expect(ambiguous([])).toBe(false);
    expect(ambiguous([document])).toBe(true);
  });
});

describe('the plan of a namespace', () => {
  const [shop] = namespaces([
    ...application('shop', 'cart', 'serviceAccounts: [checkout]'),
    ...application('shop', 'checkout'),
    timeout,
  ]);

  it('says for each Service whether it gets a waypoint, and why', () => {
    expect(shop?.services).toEqual([
      {
        name: 'cart',
        waypoint: true,
        callers: 'Called by shop/checkout, by its ALLOW policies.',
        reasons: [
          expect.stringContaining('AuthorizationPolicy shop/cart uses methods'),
          expect.stringContaining('VirtualService shop/cart'),
        ],
      },
      {
        name: 'checkout',
        waypoint: false,
        reasons: ['Nothing here needs one.', 'What sidecars did for it all the same is below: MM149.'],
      },
    ]);
  });

  it('says what is made, in its order', () => {
    expect(shop?.makes.map(({ role, kind }) => `${role} ${kind}`)).toEqual([
      'Waypoint ConfigMap',
      'Waypoint Gateway',
      'AllowWaypoint AuthorizationPolicy',
      'Copy AuthorizationPolicy',
      'Guard AuthorizationPolicy',
    ]);
    expect(shop?.makes.every(({ why }) => why.endsWith('.'))).toBe(true);
    expect(shop?.steps.map(({ name }) => name)).toContain('EnsureWaypoint');
  });

  it('restarts callers before those whom they call', () => {
    expect(shop?.workloads).toEqual([
      { kind: 'Deployment', name: 'checkout' },
      {
        kind: 'Deployment',
        name: 'cart',
        after: 'after Deployment checkout, which calls it (Service cart, by its ALLOW policies)',
      },
    ]);
  });

  it('says of routes what works on behind the waypoint and what may replace them', () => {
    expect(shop?.kept).toEqual([
      expect.objectContaining({ object: 'VirtualService shop/cart', field: 'spec.http.timeout' }),
    ]);
    expect(shop?.offers).toEqual([
      expect.objectContaining({
        replaces: 'VirtualService shop/cart',
        object: expect.objectContaining({ kind: 'HTTPRoute' }),
      }),
    ]);
    expect(shop && criticals(shop)).toEqual([]);
  });

  it('has a waypoint for routes alone, without a guard: ztunnel enforces all that policies ask for', () => {
    const [plain] = namespaces([...application('shop', 'cart'), timeout]);
    expect(plain).toMatchObject({
      itinerary: 'L7',
      services: [{ waypoint: true, reasons: [expect.stringContaining('VirtualService')] }],
      order: expect.stringMatching(/^At any time/),
    });
    expect(plain?.makes.map(({ role, kind }) => `${role} ${kind}`)).toEqual(['Waypoint ConfigMap', 'Waypoint Gateway']);
    expect(plain && criticals(plain)).toEqual([]);
  });

  it('is blocked by routes where no waypoint can follow them', () => {
    const [plain] = namespaces([deployment('shop', 'cart'), timeout]);
    expect(plain).toMatchObject({ itinerary: 'L4', makes: [], kept: [], offers: [] });
    expect(plain && criticals(plain)).toEqual(['MM030 VirtualService shop/cart']);
  });

  it('is blocked by what a waypoint would not do', () => {
    const [blocked] = namespaces(application('shop', 'cart', 'serviceAccounts: [checkout], ipBlocks: [10.0.0.0/8]'));

    expect(blocked && criticals(blocked)).toEqual([
      'MM080 AuthorizationPolicy shop/cart',
      'MM123 AuthorizationPolicy shop/cart',
    ]);
  });

  it.each([
    [
      'a policy',
      'AuthorizationPolicy',
      '{selector: {matchLabels: {app: cart}}, action: DENY, rules: [{when: [{key: "request.headers[x-forwarded-client-cert]", values: ["*ns/legacy/*"]}]}]}',
    ],
    [
      'a VirtualService',
      'VirtualService',
      '{hosts: [cart], http: [{match: [{headers: {x-envoy-external-address: {exact: 10.0.0.1}}}], route: [{destination: {host: cart}}]}]}',
    ],
    [
      'an HTTPRoute',
      'HTTPRoute',
      '{parentRefs: [{group: "", kind: Service, name: cart}], rules: [{matches: [{headers: [{name: X-Forwarded-Proto, value: https}]}], backendRefs: [{name: cart, port: 80}]}]}',
    ],
  ])('is blocked by %s that asks for a header which proxies write', (_, kind, spec) => {
    const groups: Readonly<Record<string, string>> = {
      AuthorizationPolicy: 'security.istio.io',
      VirtualService: 'networking.istio.io',
    };
    const [blocked] = namespaces([
      ...application('shop', 'cart'),
      `{apiVersion: ${groups[kind] ?? 'gateway.networking.k8s.io'}/v1, kind: ${kind}, metadata: {name: cart, namespace: shop}, spec: ${spec}}`,
      migration('callers: [{namespace: shop, from: []}]'),
    ]);

    expect(blocked && criticals(blocked)).toEqual([`MM080 ${kind} shop/cart`]);
  });

  it.each([
    [
      'its template',
      '{metadata: {labels: {app: cart}, annotations: {linkerd.io/inject: enabled}}, spec: {containers: [{name: a}]}}',
      '',
      'Deployment shop/cart',
    ],
    [
      'a container in it',
      '{metadata: {labels: {app: cart}}, spec: {containers: [{name: a}, {name: consul-dataplane}]}}',
      '',
      'Deployment shop/cart',
    ],
    [
      'its namespace',
      '{metadata: {labels: {app: cart}}, spec: {containers: [{name: a}]}}',
      ', kuma.io/sidecar-injection: enabled',
      'Namespace shop',
    ],
  ])('is blocked by another mesh, by %s', (_, podTemplate, more, object) => {
    const documents = [
      `{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {istio-injection: enabled${more}}}}`,
      `{apiVersion: apps/v1, kind: Deployment, metadata: {name: cart, namespace: shop}, spec: {template: ${podTemplate}}}`,
    ];
    const [blocked] = namespaces(documents);

    expect(blocked && criticals(blocked)).toEqual([`MM142 ${object}`]);
  });

  it.each([
    ['fails at its end', 'rotate; wget -q --post-data= -O- http://127.0.0.1:15020/quitquitquit', 'Critical'],
    ['never begins', 'until curl -fs localhost:15021/healthz/ready; do sleep 1; done; rotate', 'Critical'],
    ['may fail', 'rotate; wget -q --post-data= -O- http://127.0.0.1:15020/quitquitquit || true', 'Warning'],
  ])('is told of a CronJob that %s without its sidecar', (_, script, severity) => {
    const container = `{name: a, image: a, command: [sh, -ec, ${JSON.stringify(script)}]}`;
    const [told] = namespaces([
      deployment('shop', 'cart'),
      `{apiVersion: batch/v1, kind: CronJob, metadata: {name: it, namespace: shop}, spec: {jobTemplate: {spec: {template: {spec: {containers: [${container}]}}}}}}`,
    ]);

    expect(told?.findings.filter(({ id }) => id === 'MM130')).toMatchObject([{ severity, object: 'CronJob shop/it' }]);
  });

  it('asks for the Service of pods that need a waypoint', () => {
    const [blocked] = namespaces([readers('shop', 'cart', 'namespaces: [web]')]);

    expect(blocked).toMatchObject({
      itinerary: 'L4',
      findings: [{ id: 'MM020', fix: expect.stringMatching(/^Put a Service .* before the pods/) }, { id: 'MM043' }],
    });
  });

  it('depends on the version of Istio', () => {
    const dryRun = [
      ...application('shop', 'cart'),
      '{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: a, namespace: shop, annotations: {istio.io/dry-run: "true"}}, spec: {action: CUSTOM, provider: {name: opa}, rules: [{}]}}',
    ];

    expect(namespaces(dryRun, '1.31').map(({ itinerary }) => itinerary)).toEqual(['L7']);
    expect(namespaces(dryRun, '1.29').map(({ itinerary }) => itinerary)).toEqual(['L4']);
  });
});

describe('the namespace of the operator', () => {
  it('is left, whatever it is called', () => {
    const { report } = planOf([
      deployment('ours', 'op', '{app.kubernetes.io/name: mesh-migration-operator}'),
      ...application('shop', 'cart'),
    ]);

    expect(report.left).toEqual([{ name: 'ours', why: 'the operator itself runs there, and never migrates itself' }]);
    expect(report.namespaces.map(({ name }) => name)).toEqual(['shop']);
  });
});

describe('a waypoint that a migration asks for', () => {
  const grpc = service('shop', 'quotes').replace('name: http', 'name: grpc');
  const manifests = [deployment('shop', 'quotes').replace('spec: {', 'spec: {replicas: 3, '), grpc];

  it('is told to be an answer where requests of a connection would stay with one pod', () => {
    const [shop] = namespaces(manifests);

    expect(shop).toMatchObject({ itinerary: 'L4' });
    expect(shop?.services[0]?.reasons.at(-1)).toMatch(/ below: MM147, MM149\.$/);
    expect(shop?.findings.find(({ id }) => id === 'MM147')?.fix).toContain('add shop/quotes to spec.waypoint.services');
  });

  it.each(['shop/quotes', 'shop/*'])('is made for %s', (entry) => {
    const [shop] = namespaces([...manifests, migration(`waypoint: {services: [${entry}]}`)]);

    expect(shop).toMatchObject({
      itinerary: 'L7',
      services: [{ name: 'quotes', waypoint: true, reasons: ['spec.waypoint.services asks for it.'] }],
    });
    expect(shop?.makes.map(({ role }) => role)).toEqual(['Waypoint', 'Waypoint']);
    expect(shop?.findings.map(({ id, severity }) => `${severity} ${id}`)).toEqual([
      'Warning MM043',
      'Warning MM061',
      'Info MM149',
    ]);
  });

  it('is none for what is not there', () => {
    const [shop] = namespaces([...manifests, migration('waypoint: {services: [shop/quote]}')]);

    expect(shop).toMatchObject({ itinerary: 'L4' });
    expect(shop?.findings.map(({ id, object }) => `${id} ${object}`)).toContain('MM152 Service shop/quote');
  });
});

describe('a waypoint that is there already', () => {
  const mine =
    '{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: mine, namespace: shop}, spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}}';
  const manifests = [
    ...application('shop', 'cart', 'serviceAccounts: [checkout]'),
    ...application('shop', 'checkout'),
    migration('waypoint: {adopt: mine}'),
  ];
  const kinds = ({ overlay }: Plan): readonly string[] => overlay.map(({ path }) => path.split('-')[0] ?? '');

  it('is used as it is: none is made or written', () => {
    const made = planOf([...manifests, mine]);
    const [shop] = made.report.namespaces;

    expect(shop).toMatchObject({ itinerary: 'L7', waypoint: 'mine' });
    expect(shop?.makes.map(({ role }) => role)).toEqual(['AllowWaypoint', 'Copy', 'Guard']);
    expect(shop?.steps.find(({ name }) => name === 'EnsureWaypoint')?.why).toMatch(/^Waits until your waypoint mine /);
    expect(shop && criticals(shop)).toEqual([]);
    expect(kinds(made).filter((kind) => kind === 'gateway' || kind === 'configmap')).toEqual([]);
    expect(JSON.stringify(made.overlay)).toContain('ns/shop/sa/mine');
    expect(planFormats['table']?.(made.report)).toContain('with waypoint shop/mine');
  });

  it('takes along what goes through it already', () => {
    const [shop] = namespaces([
      ...manifests,
      mine,
      service('shop', 'stock').replace('name: stock,', 'name: stock, labels: {istio.io/use-waypoint: mine},'),
    ]);

    expect(shop?.services).toContainEqual({
      name: 'stock',
      waypoint: true,
      already: true,
      reasons: ['It goes through the waypoint already.'],
    });
    expect(shop && criticals(shop)).toEqual([]);
  });

  it('may be missing in the manifests only: the plan says what is made without it, and writes none over it', () => {
    const made = planOf(manifests);
    const [shop] = made.report.namespaces;

    expect(shop?.makes.map(({ kind }) => kind)).toContain('Gateway');
    expect(shop?.findings).toContainEqual(
      expect.objectContaining({ id: 'MM118', severity: 'Info', object: 'Gateway shop/mine' }),
    );
    expect(kinds(made).filter((kind) => kind === 'gateway' || kind === 'configmap')).toEqual([]);
  });

  it.each([
    ['another class', mine.replace('istio-waypoint', 'istio'), ''],
    [
      'a policy for it',
      mine,
      '{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: p, namespace: shop}, spec: {targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: mine}], action: DENY, rules: [{}]}}',
    ],
  ])('is in the way with %s', (_what, gateway, policy) => {
    const [shop] = namespaces([...manifests, gateway, ...(policy === '' ? [] : [policy])]);

    expect(shop && criticals(shop)).toContain('MM118 Gateway shop/mine');
  });
});

describe('policies that are too large to prove', () => {
  const rules = Array.from(
    { length: 3000 },
    (_each, index) =>
      `{from: [{source: {principals: [cluster.local/ns/shop/sa/a${index}]}}], to: [{operation: {paths: ["/p${index}/*"]}}]}`,
  );
  const large = readers('shop', 'cart', '').replace(/rules: .*$/, `rules: [${rules.join(', ')}]}}`);
  const documents = [
    service('shop', 'cart'),
    deployment('shop', 'cart'),
    large,
    ...application('web', 'web', 'principals: [cluster.local/ns/web/sa/web]'),
  ];

  it('block their namespace and no other', () => {
    expect(namespaces(documents).map((planned) => [planned.name, criticals(planned)])).toEqual([
      ['shop', ['MM119 AuthorizationPolicy shop/cart']],
      ['web', []],
    ]);
  });

  it('take no more steps than a look of the operator: what is not counted within its bounds is next to nothing', () => {
    expect(bounded(10_000, () => namespaces(documents))).toMatchObject({ kind: 'Done' });
  });
});

describe('callers that nobody knows', () => {
  const unknown = application('shop', 'cart', 'principals: ["*"]');

  it('block the namespace, which comes last', () => {
    const planned = namespaces([...unknown, ...application('web', 'web')]);

    expect(planned.map(({ name }) => name)).toEqual(['web', 'shop']);
    expect(planned.map(criticals)).toEqual([[], ['MM082 Service shop/cart']]);
    expect(planned[1]?.order).toMatch(/^Last, because nobody knows who calls Service shop\/cart/);
  });

  it('can be declared in a MeshMigration', () => {
    const planned = namespaces([
      ...unknown,
      ...application('web', 'web'),
      migration('callers: [{namespace: shop, from: [{namespace: web}]}]', '{names: [shop, web]}'),
    ]);

    expect(planned.map(criticals)).toEqual([[], []]);
    expect(planned[1]).toMatchObject({
      name: 'shop',
      order: expect.stringMatching(/^After web, whose workloads call Service shop\/cart/),
      services: [{ callers: 'Called by web/*, by spec.callers.' }],
    });
  });

  it('can be refused on purpose', () => {
    const [shop] = namespaces([...unknown, migration('policies: {bypass: FailClosed}')]);

    expect(shop?.findings.map(({ id, severity }) => `${severity} ${id}`)).toEqual([
      'Warning MM043',
      'Warning MM085',
      'Warning MM061',
      'Info MM149',
    ]);
  });
});

describe('what sidecars that stay do not see of callers in ambient', () => {
  const byHeader = (key: string): string =>
    `{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: legacy, namespace: bank}, spec: {selector: {matchLabels: {app: ledger}}, action: DENY, rules: [{when: [{key: "${key}", values: ["*ns/legacy/*"]}]}]}}`;
  const around = (key: string): readonly string[] => [
    ...application('shop', 'cart'),
    ...application('bank', 'ledger'),
    byHeader(key),
  ];
  const found = 'MM123 AuthorizationPolicy bank/legacy';

  it.each(['request.headers[x-forwarded-client-cert]', 'request.headers[X-Envoy-Peer-Metadata]', 'source.ip'])(
    'blocks the callers where it is decided by %s',
    (key) => {
      const [shop] = namespaces([...around(key), migration('')]);

      expect(shop && criticals(shop)).toEqual([found]);
    },
  );

  it.each([
    ['a header of the application decides', around('request.headers[x-tenant]'), migration('')],
    [
      'the called move too, and are waited for',
      around('request.headers[x-forwarded-client-cert]'),
      migration('', '{names: [bank, shop]}'),
    ],
    [
      'others are known to call',
      around('request.headers[x-forwarded-client-cert]'),
      migration('callers: [{namespace: bank, from: [{namespace: blog}]}]'),
    ],
  ])('does not where %s', (_, documents, moving) => {
    const all = namespaces([...documents, moving]);

    expect(all.flatMap(criticals)).not.toContain(found);
  });
});

describe('a headless Service of peers', () => {
  const peers =
    '{apiVersion: v1, kind: Service, metadata: {name: cart-peers, namespace: shop}, spec: {clusterIP: None, selector: {app: cart}, ports: [{name: tcp, port: 7800, targetPort: 7800}]}}';
  const byPath =
    '{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: admin, namespace: shop}, spec: {selector: {matchLabels: {app: cart}}, action: DENY, rules: [{to: [{operation: {ports: ["8080"], paths: ["/admin*"]}}]}]}}';
  const given = [...application('shop', 'cart'), byPath, peers];
  const about = (documents: readonly string[]): readonly string[] =>
    namespaces(documents)
      .flatMap(({ findings }) => findings)
      .filter(({ object }) => object === 'Service shop/cart-peers')
      .map(({ id, severity }) => `${severity} ${id}`);

  it('needs no waypoint once its ports are direct', () => {
    expect(about([...given, migration('')])).not.toEqual([]);
    expect(about([...given, migration('policies: {direct: [{namespace: shop, ports: [7800]}]}')])).toEqual([]);
  });
});

describe('a route that another controller writes', () => {
  const rollout =
    '{apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: {name: cart, namespace: shop}, spec: {strategy: {canary: {trafficRouting: {istio: {virtualService: {name: cart}}}}}}}';
  const offers = (documents: readonly string[]): readonly string[] =>
    namespaces(documents).flatMap((each) => each.offers.map(({ replaces }) => replaces));
  const given = [...application('shop', 'cart'), timeout];

  it('is to stay, and nothing is offered in its place', () => {
    expect(offers(given)).toEqual(['VirtualService shop/cart']);
    expect(offers([...given, rollout])).toEqual([]);
    expect(planOf([...given, rollout]).overlay.filter(({ path }) => path.startsWith('offers'))).toEqual([]);
    expect(namespaces([...given, rollout])[0]?.findings.map(({ id, object }) => `${id} ${object}`)).toContain(
      'MM133 Rollout shop/cart',
    );
  });
});

/** Manifests of one namespace whose pods have sidecars. */
function injected(...documents: readonly string[]): readonly NamespacePlan[] {
  return namespaces([
    '{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {istio-injection: enabled}}}',
    ...documents,
  ]);
}

function told(plans: readonly NamespacePlan[]): readonly string[] {
  return plans.flatMap(({ findings }) =>
    findings.filter(({ id }) => id !== 'MM043').map(({ severity, id, object }) => `${severity} ${id} ${object}`),
  );
}

describe('what manifests tell of pods', () => {
  const strict =
    '{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: default, namespace: istio-system}, spec: {mtls: {mode: STRICT}}}';
  const quiet = '{name: a, image: a, lifecycle: {preStop: {exec: {command: [sleep, "5"]}}}}';
  const made = (kind: string, spec: string, labels = '', containers = quiet): string =>
    `{apiVersion: apps/v1, kind: ${kind}, metadata: {name: cart, namespace: shop}, spec: {${spec}${spec === '' ? '' : ', '}template: {metadata: {labels: {app: cart${labels}}}, spec: {containers: [${containers}]}}}}`;
  const budget = (spec: string, status = ''): string =>
    `{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: it, namespace: shop}, spec: {selector: {matchLabels: {app: cart}}, ${spec}}${status}}`;
  const autoscaler =
    '{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: cart, namespace: shop}, spec: {minReplicas: 4, maxReplicas: 9, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: cart}}}';
  const recreate = 'strategy: {type: Recreate}';

  it.each<[string, readonly string[], readonly string[]]>([
    ['a sidecar', [made('Deployment', 'replicas: 2')], []],
    [
      'no sidecar, and nothing that keeps them out of ambient',
      [made('Deployment', 'replicas: 2', ', sidecar.istio.io/inject: "false"')],
      ['Critical MM050 Namespace shop'],
    ],
    [
      'no place in any mesh, before and after',
      [
        made('Deployment', 'replicas: 2', ', sidecar.istio.io/inject: "false", istio.io/dataplane-mode: none'),
        deployment('shop', 'web').replace('image: a', 'lifecycle: {preStop: {}}'),
      ],
      [],
    ],
    [
      'a value that istiod has read in several ways',
      [made('Deployment', 'replicas: 2', ', sidecar.istio.io/inject: "off"')],
      [],
    ],
    ['no hook', [made('Deployment', 'replicas: 2', '', '{name: a}')], ['Warning MM061 Namespace shop']],
    [
      'a strategy that takes all away',
      [made('Deployment', `replicas: 4, ${recreate}`)],
      ['Critical MM055 Deployment shop/cart', 'Warning MM056 Deployment shop/cart'],
    ],
    [
      'as many as their autoscaler says',
      [made('Deployment', recreate), autoscaler],
      ['Critical MM055 Deployment shop/cart', 'Warning MM056 Deployment shop/cart'],
    ],
    ['one that nobody replaces first', [made('StatefulSet', 'replicas: 1')], ['Warning MM056 StatefulSet shop/cart']],
    [
      'a budget that spares none',
      [made('StatefulSet', 'replicas: 3'), budget('maxUnavailable: 0')],
      ['Critical MM057 StatefulSet shop/cart'],
    ],
    [
      'a budget that wants them all',
      [made('StatefulSet', 'replicas: 3'), budget('minAvailable: "100%"')],
      ['Critical MM057 StatefulSet shop/cart'],
    ],
    ['a budget that spares one', [made('StatefulSet', 'replicas: 3'), budget('minAvailable: 2')], []],
    ['a budget in percent', [made('StatefulSet', 'replicas: 3'), budget('maxUnavailable: 10%')], []],
    [
      'as many as KEDA leaves at least',
      [
        made('StatefulSet', ''),
        budget('minAvailable: 2'),
        '{apiVersion: keda.sh/v1alpha1, kind: ScaledObject, metadata: {name: it, namespace: shop}, spec: {minReplicaCount: 3, scaleTargetRef: {kind: StatefulSet, name: cart}}}',
      ],
      [],
    ],
    [
      'as many as their autoscaler has made, whatever was written once',
      [
        made('StatefulSet', 'replicas: 1'),
        budget('minAvailable: 2'),
        autoscaler.replaceAll('Deployment', 'StatefulSet'),
      ],
      [],
    ],
    [
      'a budget for pods of a Rollout too',
      [
        made('StatefulSet', 'replicas: 1'),
        budget('minAvailable: 2'),
        `{apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: {name: it, namespace: shop}, spec: {replicas: 3, template: {metadata: {labels: {app: cart}}, spec: {containers: [${quiet}]}}}}`,
      ],
      ['Warning MM056 StatefulSet shop/cart'],
    ],
    [
      'a Job beside them that runs without a sidecar',
      [
        made('Deployment', 'replicas: 2'),
        `{apiVersion: batch/v1, kind: Job, metadata: {name: once, namespace: shop}, spec: {template: {metadata: {labels: {app: once, sidecar.istio.io/inject: "false"}}, spec: {containers: [${quiet}]}}}}`,
        `{apiVersion: v1, kind: Pod, metadata: {name: once-x, namespace: shop, uid: u, labels: {app: once, sidecar.istio.io/inject: "false"}, ownerReferences: [{apiVersion: batch/v1, kind: Job, name: once, uid: u, controller: true}]}, spec: {containers: [${quiet}]}, status: {phase: Succeeded}}`,
      ],
      [],
    ],
    [
      'an autoscaler of odd shape',
      [
        made('Deployment', 'replicas: 2'),
        '{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: it, namespace: shop}, spec: {scaleTargetRef: {kind: {toString: 1, valueOf: 2}, name: [a]}}}',
      ],
      [],
    ],
    ['a budget that says nothing', [made('StatefulSet', 'replicas: 3'), budget('{}: 0')], []],
    [
      'a budget of a cluster, which says itself what it spares',
      [
        made('StatefulSet', 'replicas: 3'),
        budget('maxUnavailable: 0', ', status: {expectedPods: 3, desiredHealthy: 2}'),
      ],
      [],
    ],
    [
      'the ReplicaSets of their Deployment beside it',
      [
        made('Deployment', 'replicas: 2'),
        '{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: cart-1, namespace: shop, ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: cart, uid: u, controller: true}]}, spec: {replicas: 0, template: {metadata: {labels: {app: cart, sidecar.istio.io/inject: "false"}}, spec: {containers: [{name: a}]}}}}',
      ],
      [],
    ],
    [
      'been read from a cluster with their sidecars',
      [
        made('Deployment', 'replicas: 2'),
        `{apiVersion: v1, kind: Pod, metadata: {name: cart-1-x, namespace: shop, uid: u, labels: {app: cart, pod-template-hash: "1"}, annotations: {sidecar.istio.io/status: "{}"}, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: cart-1, uid: u, controller: true}]}, spec: {containers: [${quiet}, {name: istio-proxy}]}}`,
        `{apiVersion: v1, kind: Pod, metadata: {name: bare, namespace: shop, uid: u, labels: {app: bare}, annotations: {sidecar.istio.io/status: "{}"}}, spec: {containers: [${quiet}, {name: istio-proxy}]}}`,
      ],
      [],
    ],
    [
      'been read from a cluster without a sidecar',
      [
        made('Deployment', 'replicas: 2'),
        `{apiVersion: v1, kind: Pod, metadata: {name: cart-1-x, namespace: shop, uid: u, labels: {app: cart}}, spec: {containers: [${quiet}]}}`,
      ],
      ['Critical MM050 Namespace shop'],
    ],
  ])('that have %s', (_, documents, expected) => {
    expect(told(injected(...documents))).toEqual(expected);
  });

  it('that they stay as they are, and so are not restarted', () => {
    const [shop] = injected(
      made('Deployment', '', ', sidecar.istio.io/inject: "false", istio.io/dataplane-mode: none'),
      deployment('shop', 'web'),
    );

    expect(shop?.workloads).toEqual([{ kind: 'Deployment', name: 'web' }]);
  });

  const gateway = (more: string, labels = '{}'): string =>
    `{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: edge, namespace: shop, labels: ${labels}}, spec: {listeners: [{name: http, port: 80, protocol: HTTP}], ${more}}}`;
  const ofGateway = (label: string): string =>
    `{apiVersion: apps/v1, kind: Deployment, metadata: {name: edge-istio, namespace: shop, ownerReferences: [{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, name: edge, uid: u}]}, spec: {template: {metadata: {labels: {gateway.networking.k8s.io/gateway-name: edge, sidecar.istio.io/inject: "false"${label}}}, spec: {containers: [${quiet.replace('name: a', 'name: istio-proxy')}]}}}}`;
  const ours = 'gatewayClassName: istio';
  const captured = 'Critical MM138 Deployment shop/edge-istio';
  const unsaid = 'Warning MM138 Gateway shop/edge';

  it.each<[string, readonly string[], readonly string[]]>([
    ['says nothing', [gateway(ours)], [unsaid]],
    ['opts out', [gateway(`${ours}, infrastructure: {labels: {istio.io/dataplane-mode: none}}`)], []],
    ['opts out by its own labels', [gateway(ours, '{istio.io/dataplane-mode: none}')], []],
    [
      'has that label for itself only',
      [gateway(`${ours}, infrastructure: {labels: {team: a}}`, '{istio.io/dataplane-mode: none}')],
      [captured],
    ],
    ['joins', [gateway(`${ours}, infrastructure: {labels: {istio.io/dataplane-mode: ambient}}`)], [captured]],
    ['has pods that are captured', [gateway(ours), ofGateway('')], [captured]],
    ['has pods that are not', [gateway(ours), ofGateway(', istio.io/dataplane-mode: none')], []],
    ['is a waypoint', [gateway('gatewayClassName: istio-waypoint')], []],
    ['is of another controller', [gateway('gatewayClassName: nginx')], []],
    ['uses pods that are there', [gateway(`${ours}, addresses: [{type: Hostname, value: edge.shop}]`)], []],
  ])('of a gateway that %s', (_, documents, expected) => {
    const plans = injected(
      ...documents,
      deployment('shop', 'web').replace('image: a', 'lifecycle: {preStop: {}}'),
      strict,
    );

    expect(told(plans)).toEqual(expected);
  });
});

describe('what somebody answers for', () => {
  const recreated =
    '{apiVersion: apps/v1, kind: Deployment, metadata: {name: cart, namespace: shop}, spec: {replicas: 4, strategy: {type: Recreate}, template: {metadata: {labels: {app: cart}}, spec: {containers: [{name: a, image: a}]}}}}';
  const answered = (until: string, more = ''): readonly string[] =>
    told(
      injected(
        recreated,
        migration(`acknowledge: [{id: MM055, reason: nobody calls it at night, until: "${until}"${more}}]`),
      ),
    ).filter((each) => each.includes('MM055'));

  it.each([
    ['for a time', '2026-12-02T00:00:00Z', '', 'Warning'],
    ['about this object', '2026-12-02T00:00:00Z', ', object: Deployment shop/cart, namespace: shop', 'Warning'],
    ['about another object', '2026-12-02T00:00:00Z', ', object: Deployment shop/api', 'Critical'],
    ['about another namespace', '2026-12-02T00:00:00Z', ', namespace: web', 'Critical'],
    ['until a time that is over', '2026-11-30T00:00:00Z', '', 'Critical'],
  ])('is a warning, %s', (_how, until, more, severity) => {
    expect(answered(until, more)).toEqual([`${severity} MM055 Deployment shop/cart`]);
  });
});

describe('namespaces in no mesh', () => {
  const plain = (name: string): string => `{apiVersion: v1, kind: Namespace, metadata: {name: ${name}}}`;
  const documents = [plain('tools'), ...application('tools', 'it'), ...application('shop', 'cart')];
  const outside: unknown = expect.stringMatching(/^it is in no mesh: neither its labels nor its pods ask for sidecars/);

  it('stay, and are said to be in none', () => {
    const { report } = planOf(documents);

    expect(report.namespaces.map(({ name }) => name)).toEqual(['shop']);
    expect(report.left).toEqual([{ name: 'tools', why: outside }]);
  });

  it('are said to be in none where a MeshMigration leaves them out', () => {
    expect(planOf([...documents, migration('')]).report.left).toEqual([{ name: 'tools', why: outside }]);
  });

  it('are not passed by where another mesh is in them', () => {
    const { report } = planOf([
      '{apiVersion: v1, kind: Namespace, metadata: {name: tools, annotations: {linkerd.io/inject: enabled}}}',
      ...application('tools', 'it'),
    ]);

    expect(report.namespaces.flatMap(criticals)).toContain('MM142 Namespace tools');
  });

  it('are planned where pods of them ask for sidecars', () => {
    const { report } = planOf([
      plain('tools'),
      deployment('tools', 'it', '{app: it, sidecar.istio.io/inject: "true"}'),
    ]);

    expect(report.namespaces.map(({ name }) => name)).toEqual(['tools']);
  });

  it('are blocked where a MeshMigration names them', () => {
    const { namespaces: plans } = planOf([...documents, migration('', '{names: [tools]}')]).report;

    expect(plans.map(criticals)).toEqual([expect.arrayContaining(['MM049 Namespace tools'])]);
  });
});

describe('the namespaces that move', () => {
  const documents = [...application('shop', 'cart', 'namespaces: [web]'), ...application('web', 'web')];
  const labelled = (name: string, labels: string): string =>
    `{apiVersion: v1, kind: Namespace, metadata: {name: ${name}, labels: {istio-injection: enabled${labels}}}}`;
  const byLabel = migration('', '{selector: {matchLabels: {move: "yes"}}}');

  it('are all of them where no MeshMigration says which, and that is said', () => {
    const { report } = planOf(documents);

    expect(report.namespaces.map((each) => [each.name, criticals(each)])).toEqual([
      ['web', []],
      ['shop', []],
    ]);
    expect(planFormats['table']?.(report)).toMatch(
      /\n\nNo MeshMigration from sidecars to ambient is among the manifests: every namespace is taken to move\.\n\nIstio 1\.31: 2 namespaces/,
    );
  });

  it.each([
    ['names', migration('')],
    ['labels', byLabel],
  ])(
    'are those in the scope of one, by %s; who calls them from elsewhere stays with his sidecars',
    (_how, document) => {
      const { report } = planOf([...documents, labelled('shop', ', move: "yes"'), labelled('web', ''), document]);

      expect(report.namespaces.map((each) => [each.name, criticals(each)])).toEqual([
        ['shop', ['MM083 Service shop/cart']],
      ]);
      expect(report.left).toEqual([
        { name: 'web', why: 'it is in the scope of no MeshMigration here, and stays with its sidecars' },
      ]);
      expect(report.assumed).toBeUndefined();
    },
  );

  it('are not those of which nothing says the labels that a selector asks for', () => {
    const { report } = planOf([...documents, labelled('shop', ', move: "yes"'), byLabel]);

    expect(report.left).toEqual([
      {
        name: 'web',
        why: 'it is in the scope of no MeshMigration here, and stays with its sidecars, as far as can be told: its Namespace is not among the manifests, so that no selector takes it in',
      },
    ]);
  });

  it('are those in the scope of any of several', () => {
    const other = migration('', '{names: [web]}').replace('name: m}', 'name: other}');
    const { report } = planOf([...documents, migration(''), other]);

    expect(report.namespaces.map((each) => [each.name, criticals(each)])).toEqual([
      ['web', []],
      ['shop', []],
    ]);
    expect(report.left).toEqual([]);
  });
});

describe('the order of the namespaces', () => {
  it('puts callers first, over any number of namespaces', () => {
    const planned = namespaces([
      ...application('a', 'a', 'namespaces: [b]'),
      ...application('b', 'b', 'namespaces: [c]'),
      ...application('c', 'c'),
    ]);

    expect(planned.map(({ name }) => name)).toEqual(['c', 'b', 'a']);
    expect(planned.map(criticals)).toEqual([[], [], []]);
  });

  it('names a circle, and blocks who comes first in it', () => {
    const planned = namespaces([
      ...application('a', 'a', 'namespaces: [b]'),
      ...application('b', 'b', 'namespaces: [a]'),
    ]);

    expect(planned.map(criticals)).toEqual([['MM083 Service a/a'], []]);
    expect(planned[0]?.order).toMatch(/^It has no right place: b should come before it/);
  });

  it('tells of callers of whom the manifests say nothing', () => {
    const described = application('a', 'a', 'namespaces: [elsewhere, ingress]');
    const ingress = deployment('ingress', 'gateway', '{istio: ingressgateway}');

    expect(namespaces([...described, ingress])[0]?.order).toMatch(
      /Before it, the callers in elsewhere, of which these manifests say nothing/,
    );
  });
});

describe('routes of Services that are called', () => {
  const timeoutOf = (name: string): string =>
    `{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: ${name}, namespace: ${name}}, spec: {hosts: [${name}], http: [{timeout: 5s, route: [{destination: {host: ${name}}}]}]}}`;
  const by = (called: string, caller: string): string => `{namespace: ${called}, from: [{namespace: ${caller}}]}`;

  it('put the namespace that is called first, because its waypoint follows them', () => {
    const planned = namespaces([
      ...application('zoo', 'zoo'),
      ...application('ape', 'ape'),
      timeoutOf('zoo'),
      migration(`callers: [${by('zoo', 'ape')}]`).replace('[shop]', '[zoo, ape]'),
    ]);
    expect(planned.map(({ name }) => name)).toEqual(['zoo', 'ape']);
    expect(planned[1]?.order).toBe('After zoo, whose waypoint has to follow VirtualService zoo/zoo for its calls.');
    expect(planned.map(criticals)).toEqual([[], []]);
    expect(planned[1]?.findings.map(({ id }) => id)).not.toContain('MM033');
  });

  it('are lost for a while where the Service waits for its callers', () => {
    const planned = namespaces([
      ...application('zoo', 'zoo', 'namespaces: [ape]'),
      ...application('ape', 'ape'),
      timeoutOf('zoo'),
    ]);
    expect(planned.map(({ name }) => name)).toEqual(['ape', 'zoo']);
    expect(planned.map(criticals)).toEqual([[], []]);
    expect(planned[0]?.findings.map(({ id, object }) => `${id} ${object}`)).toContain('MM095 VirtualService zoo/zoo');
  });

  it('come in some order where they are in a circle', () => {
    const planned = namespaces([
      ...application('zoo', 'zoo'),
      ...application('ape', 'ape'),
      timeoutOf('zoo'),
      timeoutOf('ape'),
      migration(`callers: [${by('zoo', 'ape')}, ${by('ape', 'zoo')}]`).replace('[shop]', '[zoo, ape]'),
    ]);
    expect(planned.map(({ name }) => name)).toEqual(['ape', 'zoo']);
    expect(planned.map(criticals)).toEqual([[], []]);
    expect(planned[0]?.findings.map(({ id }) => id)).toContain('MM095');
  });
});

describe('what is left as it is', () => {
  it('has a reason', () => {
    const { report } = planOf([
      ...application('shop', 'cart'),
      deployment('ingress', 'gateway', '{istio: ingressgateway}'),
      '{apiVersion: v1, kind: Namespace, metadata: {name: done, labels: {istio.io/dataplane-mode: ambient}}}',
      '{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: default, namespace: istio-system}, spec: {mtls: {mode: STRICT}}}',
    ]);

    expect(report.namespaces.map(({ name }) => name)).toEqual(['shop']);
    expect(report.left.map(({ name }) => name)).toEqual(['done', 'ingress', 'istio-system']);
  });

  it('takes policies of gateways for no reason to have a waypoint', () => {
    const jwt =
      '{apiVersion: security.istio.io/v1, kind: RequestAuthentication, metadata: {name: jwt, namespace: shop}, spec: {selector: {matchLabels: {istio: ingressgateway}}, jwtRules: [{issuer: a}]}}';
    const [shop] = namespaces([
      ...application('shop', 'cart'),
      '{apiVersion: v1, kind: Service, metadata: {name: gateway, namespace: shop}, spec: {selector: {istio: ingressgateway}, ports: [{name: http, port: 80}]}}',
      jwt,
    ]);

    expect(shop).toMatchObject({ itinerary: 'L4', services: [{ name: 'cart' }] });
    expect(shop && criticals(shop)).toEqual([]);
  });
});

it('does not plan by a MeshMigration that the API server would refuse', () => {
  const { report } = planOf([...application('shop', 'cart'), migration('policies: {bypass: Never}')]);

  expect(report.unreadable).toEqual([
    expect.objectContaining({
      file: '-',
      document: 3,
      reason: expect.stringMatching(/^MeshMigration m: spec\.policies\.bypass: /),
    }),
  ]);
});

it('writes what it makes and nothing else', () => {
  const { overlay, report } = planOf([
    ...application('shop', 'cart', 'namespaces: [web]'),
    ...application('web', 'web'),
  ]);

  expect(overlay).toHaveLength(1 + report.namespaces.flatMap(({ makes }) => makes).length);
  expect(overlay.map(({ path }) => path)).toContain('gateway.shop.waypoint.yaml');
});

it('writes offers beside the overlay, and no kustomization includes them', () => {
  const { overlay, report } = planOf([...application('shop', 'cart', 'namespaces: [web]'), timeout]);
  const [kustomization, ...others] = overlay;
  const offers = others.filter(({ path }) => path.startsWith('offers/'));

  expect(offers.map(({ path }) => path)).toEqual(['offers/README.md', 'offers/httproute.shop.cart.yaml']);
  expect(offers[0]?.text).toContain('kustomization.yaml does not include them');
  expect(parse(offers[1]?.text ?? '')).toEqual(report.namespaces[0]?.offers[0]?.object);
  expect(kustomization?.path).toBe('kustomization.yaml');
  expect((parse(kustomization?.text ?? '') as { readonly resources: readonly string[] }).resources).toEqual(
    others.filter((file) => !offers.includes(file)).map(({ path }) => path),
  );
});

describe('formats of a plan', () => {
  const { report } = planOf([
    ...application('shop', 'cart', 'principals: ["*"]'),
    ...application('web', 'web', 'namespaces: [shop]'),
    timeout,
    deployment('ingress', 'gateway', '{istio: ingressgateway}'),
  ]);

  it.each(Object.keys(planFormats))('%s ends with a newline, also without anything to say', (format) => {
    expect(planFormats[format]?.(report)).toMatch(/[^\n]\n$/);
    expect(planFormats[format]?.({ istioVersion: '1.31', namespaces: [], left: [], unreadable: [] })).toMatch(
      /[^\n]\n$/,
    );
  });

  it('the table fits into 100 columns, and says what it is about', () => {
    const table =
      planFormats['table']?.({ ...report, written: { directory: 'out', refused: 'critical findings block shop' } }) ??
      '';

    expect(table.split('\n').filter((line) => line.length > 100)).toEqual([]);
    for (const part of [
      '1. Namespace shop (with waypoint shop/waypoint)',
      'cart: through the waypoint',
      'Made, in this order',
      'Works on',
      'Can be replaced afterwards',
      'Critical MM082',
      'Left as they are',
      'Nothing was written to out: critical findings block shop.',
      '2 namespaces, 2 with a waypoint, 1 blocked',
    ])
      expect(table).toContain(part);
  });

  it('json says what the report says', () => {
    expect(JSON.parse(planFormats['json']?.(report) ?? '')).toEqual(report);
  });
});

describe('the table of a plan', () => {
  it('tells the first of many findings of one kind, and names the others', () => {
    const many = ['a', 'b', 'c', 'd', 'e'].map(
      (name) =>
        `{apiVersion: networking.istio.io/v1, kind: Sidecar, metadata: {name: ${name}, namespace: shop}, spec: {egress: [{hosts: ["./*"]}]}}`,
    );
    const write = (documents: readonly string[]): string => planFormats['table']?.(planOf(documents).report) ?? '';
    const [few, all] = [
      write([...application('shop', 'cart'), ...many.slice(0, 3)]),
      write([...application('shop', 'cart'), ...many]),
    ];

    expect(few.match(/Warning MM047/g)).toHaveLength(3);
    expect(all.match(/Warning MM047/g)).toHaveLength(1);
    expect(all.replaceAll(/\s+/g, ' ')).toContain(
      'The same MM047, with messages of their own (-o yaml): Sidecar shop/b, Sidecar shop/c, Sidecar shop/d, Sidecar shop/e.',
    );
  });
});

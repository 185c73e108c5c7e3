import { record, records } from '../../../src/mesh/json.ts';
import { captured, config, namespace, plainPod, service, surroundings } from '../mesh-fixtures.ts';
import { changeIt, configureMesh, deleteIt, eachConfig, inTurn, patched, patchMigration, respecify } from './deeds.ts';
import type { Deed, RemediesById, Remedy } from './remedy.ts';
import { staying, whoCalls } from './ways.ts';

type Spec = Readonly<Record<string, unknown>>;

/** To say something else in each source of each rule. */
function eachSource(change: (source: Spec) => Spec): Deed {
  return respecify((spec) => ({
    ...spec,
    rules: records(spec['rules']).map((rule) => ({
      ...rule,
      ...(rule['from'] !== undefined && {
        from: records(rule['from']).map((each) => ({ ...each, source: change(record(each['source'])) })),
      }),
    })),
  }));
}

/** A policy by nothing that ztunnel does not evaluate. */
const plain = respecify(({ selector, action }) => ({
  ...(selector !== undefined && { selector }),
  ...(action !== undefined && { action }),
  rules: [
    {
      from: [{ source: { principals: ['cluster.local/ns/shop/sa/web'] } }, { source: { namespaces: ['blog'] } }],
      to: [{ operation: { ports: ['8080'] } }],
    },
  ],
}));

/** An ordinary Service comes before the pods. */
const serve: Deed = (given) => ({ ...given, services: [...given.services, service()] });

const served: Remedy = {
  says: /^Put a Service with a cluster address before the pods, so that a waypoint can (?:enforce it|check tokens)/,
  done: serve,
  of: ['without a Service'],
  then: whoCalls,
};

function withoutService(kind: string, spec: Spec): Readonly<Record<string, ReturnType<typeof surroundings>>> {
  return { 'without a Service': surroundings({ services: [] }, [config(kind, spec)]) };
}

const http = { rules: [{ to: [{ operation: { methods: ['GET'] } }] }] };
const serviceFirst = 'Put a Service with a cluster address before the pods, so that a waypoint can';

/** Names principals of one trust domain by another. */
function renamed(domain: string): (principal: unknown) => unknown {
  return (principal) =>
    typeof principal === 'string' ? `${domain}/${principal.split('/').slice(-4).join('/')}` : principal;
}

function byTrustDomain(domain: string): Deed {
  const names = (values: unknown): unknown => (Array.isArray(values) ? values.map(renamed(domain)) : values);
  return inTurn(
    eachSource((source) => ({
      ...source,
      ...(source['principals'] !== undefined && { principals: names(source['principals']) }),
      ...(source['notPrincipals'] !== undefined && { notPrincipals: names(source['notPrincipals']) }),
    })),
    respecify((spec) => ({
      ...spec,
      rules: records(spec['rules']).map((rule) => ({
        ...rule,
        ...(rule['when'] !== undefined && {
          when: records(rule['when']).map((each) => ({ ...each, values: names(each['values']) })),
        }),
      })),
    })),
  );
}

const byAccount: Deed = inTurn(
  eachSource(({ principals, notPrincipals, ...source }) => ({
    ...source,
    ...(principals !== undefined && { serviceAccounts: ['shop/web'] }),
    ...(notPrincipals !== undefined && { notServiceAccounts: ['shop/web'] }),
  })),
  respecify((spec) => ({
    ...spec,
    rules: records(spec['rules']).map(({ when, ...rule }) => ({
      ...rule,
      ...(when !== undefined && { from: [{ source: { serviceAccounts: ['shop/web'] } }] }),
    })),
  })),
);

const byNamespace = eachSource(({ principals, notPrincipals, ...source }) => ({
  ...source,
  ...(principals !== undefined && { namespaces: ['shop'] }),
  ...(notPrincipals !== undefined && { notNamespaces: ['shop'] }),
}));

const permissive = respecify((spec) => {
  const mode = (mtls: unknown): unknown => (record(mtls)['mode'] === 'DISABLE' ? { mode: 'PERMISSIVE' } : mtls);
  return {
    ...spec,
    ...(spec['mtls'] !== undefined && { mtls: mode(spec['mtls']) }),
    ...(spec['portLevelMtls'] !== undefined && {
      portLevelMtls: Object.fromEntries(
        Object.entries(record(spec['portLevelMtls'])).map(([port, mtls]) => [port, mode(mtls)]),
      ),
    }),
  };
});

/** The workload is STRICT but for its ports that are PERMISSIVE, and what is for all pods says so. */
const strictButFor: Deed = (given, finding) =>
  inTurn(
    respecify((spec) => ({
      ...spec,
      mtls: { mode: 'STRICT' },
      portLevelMtls: Object.fromEntries(
        Object.entries(record(spec['portLevelMtls'])).filter(([, mtls]) => record(mtls)['mode'] === 'PERMISSIVE'),
      ),
    })),
    eachConfig((each) => [
      each.kind === 'PeerAuthentication' && record(record(each.spec['selector'])['matchLabels'])['app'] === undefined
        ? { ...each, spec: { mtls: { mode: 'STRICT' } } }
        : each,
    ]),
  )(given, finding);

const takeRevisionOff = changeIt((each) => ({ ...each, labels: patched(each.labels, { 'istio.io/rev': null }) }));

const leaving = surroundings(
  {
    route: { from: 'IstioAmbient', to: 'IstioSidecar' },
    namespace: namespace({ labels: { 'istio.io/dataplane-mode': 'ambient' } }),
    pods: [plainPod(captured)],
  },
  [config('RequestAuthentication', { jwtRules: [{ issuer: 'https://issuer.example' }] })],
);

/** The same callers, said in a source. */
function calledBy(source: Spec): Deed {
  return respecify((spec) => ({ ...spec, rules: [{ from: [{ source }] }] }));
}

/** What policies need that ztunnel does not do. */
export const policyRemedies: RemediesById = {
  MM020: {
    ways: [
      served,
      { says: 'rewrite the policy with identities, namespaces and ports only', done: plain },
      { ...staying, then: { MM123: 'a sidecar that stays does not see addresses of callers in ambient' } },
    ],
    besides: [`${serviceFirst} enforce it`],
    more: withoutService('AuthorizationPolicy', http),
  },
  MM021: {
    ways: [served, { says: 'remove the policy', done: deleteIt }, staying],
    besides: [`${serviceFirst} enforce it`],
    more: withoutService('AuthorizationPolicy', { action: 'CUSTOM', provider: { name: 'opa' }, rules: [{}] }),
  },
  MM022: {
    ways: [
      { says: 'Delete the policy, which nobody enforces today', done: deleteIt },
      {
        says: 'have it select pods instead of naming the Service in targetRefs: then it is in force at once, and goes to the waypoint as a copy',
        done: respecify(({ targetRefs: _these, targetRef: _this, ...spec }) => ({
          ...spec,
          selector: { matchLabels: { app: 'web' } },
        })),
        then: whoCalls,
      },
      { says: 'keep this namespace out of the migration', done: 'LeftOut' },
    ],
    more: {
      'one that asks for HTTP': surroundings({}, [
        config('AuthorizationPolicy', { ...http, targetRefs: [{ kind: 'Service', name: 'web' }] }),
      ]),
    },
  },
  MM023: {
    ways: [
      {
        says: 'Name principals by the trust domain of the mesh',
        done: (given, finding) =>
          byTrustDomain(/trust domain ([\w.]+\w)/.exec(finding.message)?.[1] ?? 'cluster.local')(given, finding),
      },
      { says: 'use serviceAccounts', done: byAccount },
      { says: 'namespaces instead', done: byNamespace, notFor: { 'a condition': 'it has no source' } },
      { says: /^Use serviceAccounts or/, done: byAccount },
      { says: /or namespaces instead of principals/, done: byNamespace },
      {
        says: /Or take trustDomainAliases out of the mesh configuration/,
        done: configureMesh((text) => text.replace(/[,{\n]*\s*"?trustDomainAliases"?:[^]*$/, '')),
      },
    ],
  },
  MM024: {
    ways: [
      served,
      { says: 'have the application or the ingress gateway check them, and remove it', done: deleteIt },
      staying,
      { says: /^Remove it, or set spec/, done: deleteIt },
      { says: /or set spec\.policies\.refusals to Accept/, done: patchMigration({ policies: { refusals: 'Accept' } }) },
      { says: /or keep this namespace in ambient/, done: 'LeftOut' },
    ],
    besides: [`${serviceFirst} check tokens`],
    more: {
      ...withoutService('RequestAuthentication', { jwtRules: [{ issuer: 'https://issuer.example' }] }),
      'tokens that sidecars begin to check': leaving,
    },
  },
  MM025: { ways: [{ says: 'Use PERMISSIVE (it admits plaintext and mTLS) before the migration', done: permissive }] },
  MM026: {
    ways: [
      { says: 'Remove the policy first', done: deleteIt },
      {
        says: 'stay in the mesh',
        done: 'LeftOut',
        then: { MM026: 'whoever else leaves may call it, until spec.callers says who does' },
      },
      {
        says: /; or, if nothing here calls its namespace, say so by naming its callers in spec\.callers/,
        done: (given, finding) =>
          patchMigration({
            callers: [{ namespace: /^\w+ ([^/]+)/.exec(finding.object)?.[1] ?? '', from: [{ namespace: 'web' }] }],
          })(given, finding),
      },
    ],
  },
  MM027: {
    ways: [
      {
        says: 'Select the pods by labels of their own template',
        done: respecify((spec) => ({ ...spec, selector: { matchLabels: { app: 'web' } } })),
      },
      {
        says: 'leave the selector out to mean every pod of the namespace',
        done: respecify(({ selector: _selector, ...spec }) => spec),
      },
      { says: /^Remove the label istio\.io\/rev from the object/, done: takeRevisionOff },
      { says: /or remove the object/, done: deleteIt },
    ],
  },
  MM028: {
    ways: [
      {
        says: 'Set mtls.mode STRICT in the PeerAuthentication, name in portLevelMtls the ports that are PERMISSIVE, and give namespace-wide policies a mode and no selector',
        done: strictButFor,
      },
    ],
  },
  MM110: {
    ways: [
      { says: /^Delete it/, done: deleteIt },
      {
        says: /or keep it as yours without its labels and annotations of meshmigration\.dev/,
        done: changeIt((each) => ({ ...each, labels: {}, annotations: {} })),
      },
    ],
    besides: ['If you want it, take its labels and annotations of meshmigration.dev off (in Git too); else delete it'],
  },
  MM065: {
    ways: [
      {
        says: 'Name the callers by principals, which contain the trust domain, instead of by trustDomains or notTrustDomains',
        done: calledBy({ principals: ['cluster.local/*'] }),
      },
    ],
  },
  MM077: {
    ways: [
      {
        says: 'name service accounts by serviceAccounts of a source instead of the condition source.serviceAccount',
        done: calledBy({ serviceAccounts: ['shop/web'] }),
      },
    ],
    besides: ['Write names in full, or with one wildcard at an end'],
  },
};

import type { Surroundings } from '../../src/mesh/adapter.ts';
import type { ConfigView, PodView, ServiceView } from '../../src/mesh/views.ts';
import {
  captured,
  config,
  migrationSpec,
  namespace,
  plainPod,
  pod,
  root,
  service,
  surroundings,
  workload,
} from './mesh-fixtures.ts';

type Spec = Readonly<Record<string, unknown>>;
type Cases = Readonly<Record<string, Surroundings>>;

function policy(source: Spec, action = 'DENY', more: Partial<ConfigView> = {}): ConfigView {
  return config('AuthorizationPolicy', { action, rules: [{ from: [{ source }] }] }, { namespace: 'bank', ...more });
}

const strict = config('PeerAuthentication', { mtls: { mode: 'STRICT' } }, { namespace: 'bank' });
const deny = policy({ namespaces: ['shop'] });
const headless = service({ namespace: 'bank', headless: true });
const there = plainPod({ ...captured, namespace: 'bank' });

interface Bank {
  readonly pods?: readonly PodView[];
  readonly services?: readonly ServiceView[];
  /** Annotations of the template in `shop`. */
  readonly annotations?: Readonly<Record<string, string>>;
  readonly more?: Partial<Surroundings>;
  readonly callers?: readonly string[];
}

/** `shop` leaves ambient for sidecars, and calls `bank`, which is in ambient and stays. */
function calling(
  configs: readonly ConfigView[],
  { pods = [there], services = [], annotations = {}, more = {}, callers = ['shop'] }: Bank = {},
): Surroundings {
  const given = surroundings(
    {
      route: { from: 'IstioAmbient', to: 'IstioSidecar' },
      namespace: namespace({ labels: { 'istio.io/dataplane-mode': 'ambient' } }),
      pods: [plainPod(captured)],
      workloads: [workload({ templateAnnotations: annotations })],
      spec: migrationSpec({ callers: [{ namespace: 'bank', from: callers.map((name) => ({ namespace: name })) }] }),
      ...more,
    },
    configs,
  );
  const labels = { 'istio.io/dataplane-mode': 'ambient' };
  return {
    ...given,
    mesh: {
      ...given.mesh,
      inhabitedNamespaces: () => ['bank', 'shop'],
      pods: (name) => (name === 'bank' ? pods : given.pods),
      services: (name) => (name === 'bank' ? services : given.services),
      labelsOf: () => labels,
    },
  };
}

const leavesRanges = { 'traffic.sidecar.istio.io/excludeOutboundIPRanges': '10.0.0.0/8' };
const leavesMost = {
  'traffic.sidecar.istio.io/includeOutboundIPRanges': '',
  'traffic.sidecar.istio.io/includeOutboundPorts': '1',
};

function injector(proxy: Spec): ConfigView {
  return config(
    'ConfigMap',
    { values: JSON.stringify({ global: { proxy } }), config: 'x' },
    { name: 'istio-sidecar-injector', uid: 'injector', namespace: root },
  );
}

/** A Sidecar that lets these hosts in, of `shop` unless it is elsewhere. */
function sidecar(hosts: readonly string[], more: Partial<ConfigView> = {}, spec: Spec = {}): ConfigView {
  return config('Sidecar', { egress: [{ hosts }], ...spec }, { name: 'default', ...more });
}

const privately = { exportTo: ['.'] };
const ordinary = [service({ namespace: 'bank' })];

const seen: Cases = {
  'a DENY of its namespace': calling([deny]),
  'a DENY of one of its principals': calling([policy({ principals: ['cluster.local/ns/shop/sa/web'] })]),
  'of any': calling([policy({ principals: ['*'] })]),
  'of a service account': calling([policy({ serviceAccounts: ['shop/web'] })]),
  'an ALLOW of all but it': calling([policy({ notNamespaces: ['shop'] }, 'ALLOW')]),
  'a condition': calling([
    config(
      'AuthorizationPolicy',
      { action: 'DENY', rules: [{ when: [{ key: 'source.namespace', values: ['shop'] }] }] },
      { namespace: 'bank' },
    ),
  ]),
  'a DENY of the mesh': calling([policy({ namespaces: ['shop'] }, 'DENY', { namespace: root })]),
  'a DENY at sidecars': calling([deny], { pods: [pod({ namespace: 'bank' })] }),
  'who is refused and was not seen to call': calling([deny], { more: { spec: migrationSpec() } }),
  'STRICT behind a headless Service': calling([strict], { services: [headless] }),
  'an ALLOW of it there': calling([policy({ namespaces: ['shop'] }, 'ALLOW')], { services: [headless] }),
  'a DENY of all but it there': calling([policy({ notNamespaces: ['shop'] })], { services: [headless] }),
  'addresses that its sidecars leave alone': calling([strict], { annotations: leavesRanges }),
  'all but some ports': calling([strict], { annotations: leavesMost }),
  'ranges of the injector': calling([strict, injector({ excludeIPRanges: '10.0.0.0/8' })]),
  'those that it takes': calling([strict, injector({ includeIPRanges: '172.16.0.0/12' })]),
  'its ports': calling([strict, injector({ excludeOutboundPorts: '8080' })], {
    services: [service({ namespace: 'bank' })],
  }),
  'a Service that its Sidecar leaves out': calling([strict, sidecar(['./*', 'istio-system/*'])], {
    services: ordinary,
  }),
  'that the Sidecar of the mesh leaves out': calling([strict, sidecar(['./*'], { namespace: root })], {
    services: ordinary,
  }),
  'that no host takes in': calling([strict, sidecar(['~/*'])], { services: ordinary }),
  'of which others are named': calling([strict, sidecar(['bank/other.bank.svc.cluster.local', '*/*'])], {
    services: ordinary,
  }),
  'that is left out by name': calling([strict, sidecar(['*/*', '~bank/*'])], { services: ordinary }),
  'of another port': calling(
    [strict, sidecar([], {}, { egress: [{ port: { number: 8443 }, hosts: ['*/*'] }, { hosts: ['./*'] }] })],
    { services: ordinary },
  ),
  'that the Sidecar of its workload leaves out': calling(
    [strict, sidecar(['*/*']), sidecar(['./*'], { name: 'web' }, { workloadSelector: { labels: { app: 'web' } } })],
    { services: ordinary },
  ),
  'that an ALLOW lets it in to': calling([policy({ namespaces: ['shop'] }, 'ALLOW'), sidecar(['./*'])], {
    services: ordinary,
    pods: [pod({ namespace: 'bank' })],
  }),
  'that is not exported': calling([strict], { services: [service({ namespace: 'bank', ...privately })] }),
  'that is exported to others': calling([strict], { services: [service({ namespace: 'bank', exportTo: ['blog'] })] }),
  'that is exported to nobody': calling([strict], { services: [service({ namespace: 'bank', exportTo: ['*', '~'] })] }),
  interfaces: calling([strict], { annotations: { 'traffic.sidecar.istio.io/excludeInterfaces': 'eth1' } }),
  'these to sidecars too': calling([strict], { annotations: leavesRanges, pods: [pod({ namespace: 'bank' })] }),
};

const ignored: Cases = {
  'STRICT, which refuses the plaintext': calling([deny, strict]),
  'an ALLOW of others, which does': calling([deny, policy({ namespaces: ['blog'] }, 'ALLOW', { name: 'blog' })]),
  'a DENY of others': calling([policy({ namespaces: ['blog'] })]),
  'of all but it': calling([policy({ notNamespaces: ['shop'] })]),
  'a DENY by ports': calling([
    config(
      'AuthorizationPolicy',
      { action: 'DENY', rules: [{ to: [{ operation: { ports: ['1'] } }] }] },
      { namespace: 'bank' },
    ),
  ]),
  AUDIT: calling([policy({ namespaces: ['shop'] }, 'AUDIT')]),
  'a dry run': calling([{ ...deny, annotations: { 'istio.io/dry-run': 'true' } }]),
  'a policy of a waypoint': calling([
    { ...deny, spec: { ...deny.spec, targetRefs: [{ kind: 'Service', name: 'api' }] } },
  ]),
  'who does not call': calling([deny, strict], { services: [headless], callers: ['blog'] }),
  'STRICT behind an ordinary Service': calling([strict], { services: [service({ namespace: 'bank' })] }),
  'a headless Service before sidecars': calling([strict], { services: [headless], pods: [pod({ namespace: 'bank' })] }),
  'pods outside of every mesh': calling([deny], { pods: [plainPod({ namespace: 'bank' })] }),
  'addresses of the node': calling([strict], {
    annotations: { 'traffic.sidecar.istio.io/excludeOutboundIPRanges': '169.254.169.254/32' },
  }),
  'a Service that its Sidecar lets in by namespace': calling([strict, sidecar(['./*', 'bank/*'])], {
    services: ordinary,
  }),
  'by name': calling([strict, sidecar(['bank/web.bank.svc.cluster.local'])], { services: ordinary }),
  'by a wildcard': calling([strict, sidecar(['*/*.bank.svc.corp.example'])], { services: ordinary }),
  'by its port': calling([strict, sidecar([], {}, { egress: [{ port: { number: 80 }, hosts: ['*/*'] }] })], {
    services: ordinary,
  }),
  'a Sidecar without egress': calling([strict, sidecar([], {}, { egress: [] })], { services: ordinary }),
  'a Sidecar of other workloads': calling(
    [strict, sidecar(['./*'], {}, { workloadSelector: { labels: { app: 'other' } } })],
    { services: ordinary },
  ),
  'the Sidecar of the mesh beside its own': calling([strict, sidecar(['*/*']), sidecar(['./*'], { namespace: root })], {
    services: ordinary,
  }),
  'a Service that is exported to it': calling([strict], {
    services: [service({ namespace: 'bank', exportTo: ['.', 'shop'] })],
  }),
  'a Service that it is not told of, where nothing decides': calling([sidecar(['./*'])], { services: ordinary }),
  'a template without sidecars': calling([strict], {
    more: {
      workloads: [
        workload({
          templateAnnotations: leavesRanges,
          templateLabels: { app: 'web', 'sidecar.istio.io/inject': 'false' },
        }),
      ],
    },
  }),
  'the way to ambient': calling([deny], { more: { route: { from: 'IstioSidecar', to: 'IstioAmbient' } } }),
  'one that joins from outside': calling([deny], { more: { route: { from: 'None', to: 'IstioSidecar' } } }),
};

/** What the rule about calls that lose their identity sees and ignores, by its id. */
export const namelessExamples: Readonly<Record<'MM136', { readonly seen: Cases; readonly ignored: Cases }>> = {
  MM136: { seen, ignored },
};

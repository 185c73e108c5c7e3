import type { Surroundings } from '../../src/mesh/adapter.ts';
import type { ConfigView, PodView } from '../../src/mesh/views.ts';
import { gatewayPod, madeGateway } from './captured-gateway-examples.ts';
import type { Examples } from './examples.ts';
import {
  captured,
  config,
  cronJob,
  injected,
  namespace,
  plainPod,
  pod,
  root,
  service,
  surroundings,
  workload,
} from './mesh-fixtures.ts';

/** What ambient reads of a template that it is to capture outbound only. */
export const bypass = { 'ambient.istio.io/bypass-inbound-capture': 'true' } as const;

const web = { selector: { matchLabels: { app: 'web' } } };
const other = { selector: { matchLabels: { app: 'other' } } };
const from = [{ source: { namespaces: ['bank'] } }];
const strict = config('PeerAuthentication', { mtls: { mode: 'STRICT' } });
const meshStrict = config('PeerAuthentication', { mtls: { mode: 'STRICT' } }, { namespace: root });
const deny = config('AuthorizationPolicy', { action: 'DENY', rules: [{ from }] });
const plugin = config('WasmPlugin', { ...web, url: 'oci://x' });

function of(value: string, ...policies: readonly ConfigView[]): Surroundings {
  const templateAnnotations = { 'ambient.istio.io/bypass-inbound-capture': value };
  const pods = [pod({ annotations: { ...injected.annotations, ...templateAnnotations } })];
  return surroundings({ pods, workloads: [workload({ templateAnnotations })] }, policies);
}

function bare(overrides: Partial<PodView>): Surroundings {
  const { owner: _owner, ...pod } = plainPod(overrides);
  return surroundings({ workloads: [], pods: [pod] }, [strict]);
}

const sleeping = workload({ templateAnnotations: bypass, replicas: 0 });
const gateway = {
  pods: [gatewayPod({ annotations: bypass })],
  workloads: [madeGateway({ templateAnnotations: bypass })],
};
const inAmbient = { namespace: namespace({ labels: { 'istio.io/dataplane-mode': 'ambient' } }) };

/** What MM144 sees and ignores. */
export const bypassedExamples: Readonly<Record<string, Examples>> = {
  MM144: {
    seen: {
      'under STRICT': of('true', strict),
      'under that of the mesh': of('true', meshStrict),
      'under that of a port': of(
        'true',
        config('PeerAuthentication', { ...web, portLevelMtls: { 8080: { mode: 'STRICT' } } }),
      ),
      'as Go spells it, too': of('T', strict),
      'under a DENY': of('1', deny),
      'under an ALLOW that selects it': of('true', config('AuthorizationPolicy', { ...web, rules: [{ from }] })),
      'under a CUSTOM': of(
        'true',
        config('AuthorizationPolicy', { action: 'CUSTOM', provider: { name: 'x' }, rules: [{}] }),
      ),
      'behind a guard': { ...of('true', plugin), services: [service({ selector: { app: 'web' } })] },
      'while it sleeps': surroundings({ pods: [], workloads: [sleeping] }, [deny]),
      'the next run of a CronJob': surroundings({ otherTemplates: [cronJob({ templateAnnotations: bypass })] }, [deny]),
      'before a restart has brought it': surroundings({ workloads: [workload({ templateAnnotations: bypass })] }, [
        deny,
      ]),
      'a pod that nobody owns': bare({ ...captured, annotations: { ...captured.annotations, ...bypass } }),
      'at rest': { ...of('true', strict), ...inAmbient },
      'from no mesh': { ...of('true', strict), route: { from: 'None', to: 'IstioAmbient' } },
    },
    ignored: {
      'what is false': of('false', strict),
      'what is no boolean to Go': of('yes', strict),
      'nothing that refuses': of('true'),
      'what is for others': of('true', config('AuthorizationPolicy', { ...other, rules: [{ from }] })),
      'what PERMISSIVE exempts of it': of(
        'true',
        meshStrict,
        config('PeerAuthentication', { ...web, mtls: { mode: 'PERMISSIVE' } }),
      ),
      'a dry run': of('true', { ...deny, annotations: { 'istio.io/dry-run': 'true' } }),
      'what only notes': of('true', config('AuthorizationPolicy', { action: 'AUDIT', rules: [{ from }] })),
      'what is for a waypoint': of(
        'true',
        config('AuthorizationPolicy', { targetRefs: [{ kind: 'Gateway', name: 'x' }], rules: [{ from }] }),
      ),
      'what opted out': surroundings(
        {
          pods: [],
          workloads: [{ ...sleeping, templateLabels: { app: 'web', 'istio.io/dataplane-mode': 'none' } }],
        },
        [strict],
      ),
      'what is on the network of its host': surroundings(
        { pods: [], workloads: [{ ...sleeping, hostNetwork: true }] },
        [strict],
      ),
      'a gateway, whose own proxy decides': surroundings(gateway, [strict]),
      'on the way to sidecars': { ...of('true', strict), route: { from: 'IstioAmbient', to: 'IstioSidecar' } },
    },
  },
};

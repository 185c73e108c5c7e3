import type { Surroundings } from '../../src/mesh/adapter.ts';
import type { ConfigView } from '../../src/mesh/views.ts';
import { config, namespace, pod, service, surroundings, workload } from './mesh-fixtures.ts';

/*
 * One large object, of which each of many Services has a copy: what a copy takes is then much, and how many there are
 * somebody else decides.
 */

type Spec = Readonly<Record<string, unknown>>;

/** Large ones, of some size, for as many Services. */
type Copied = (size: number, services?: number) => Surroundings;

function numbers<T>(size: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: size }, (_, index) => make(index));
}

const usual = 300;

function shop(services: number, targetPort: (index: number) => number): Pick<Surroundings, 'services' | 'workloads'> {
  return {
    services: numbers(services, (index) =>
      service({
        name: `s${index}`,
        uid: `s${index}`,
        selector: { one: `w${index}` },
        ports: [{ name: 'http', port: 80, targetPort: targetPort(index), protocol: 'TCP' }],
      }),
    ),
    workloads: numbers(services, (index) =>
      workload({ name: `w${index}`, uid: `w${index}`, templateLabels: { one: `w${index}`, half: `h${index % 2}` } }),
    ),
  };
}

/** By which a waypoint comes, or is there. */
const http = config(
  'AuthorizationPolicy',
  { action: 'DENY', rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }] },
  { name: 'http', uid: 'http' },
);

function large(kind: string, spec: Spec): ConfigView {
  return config(kind, spec, { name: 'large', uid: 'large' });
}

/** Behind a waypoint that comes; the object is for the pods of each second Service. */
function behind(kind: string, spec: (size: number) => Spec, targetPort = (_index: number): number => 8080): Copied {
  return (size, services = usual) =>
    surroundings({ pods: [], ...shop(services, targetPort) }, [
      http,
      large(kind, { selector: { matchLabels: { half: 'h0' } }, ...spec(size) }),
    ]);
}

/** Out of the waypoint that the object is for. */
function leaving(kind: string, spec: (size: number) => Spec, targetPort = (_index: number): number => 8080): Copied {
  return (size, services = 200) => {
    const home = shop(services, targetPort);
    const bound = { 'istio.io/use-waypoint': 'waypoint' };
    const listeners = [{ name: 'mesh', port: 15008, protocol: 'HBONE' }];
    return surroundings(
      {
        route: { from: 'IstioAmbient', to: 'IstioSidecar' },
        itinerary: 'L7',
        records: Object.fromEntries(home.services.map(({ name }) => [name, bound])),
        namespace: namespace({ labels: { 'istio.io/dataplane-mode': 'ambient', ...bound } }),
        pods: [pod()],
        ...home,
      },
      [
        config('Gateway', { gatewayClassName: 'istio-waypoint', listeners }, { name: 'waypoint', uid: 'waypoint' }),
        large(kind, {
          targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'waypoint' }],
          ...spec(size),
        }),
      ],
    );
  };
}

function audit(rule: (index: number) => Spec): (size: number) => Spec {
  return (size) => ({ action: 'AUDIT', rules: numbers(size, rule) });
}

const byPath = audit((index) => ({ to: [{ operation: { paths: [`/p${index}`] } }] }));
const byPort = audit((index) => ({ to: [{ operation: { paths: [`/p${index}`], notPorts: [`${8000 + index}`] } }] }));
const saysNothing = audit(() => ({}));

function tokens(size: number): Spec {
  return { jwtRules: numbers(size, (index) => ({ issuer: `https://${index}.example.com`, jwks: '{"keys":[]}' })) };
}

function plugin(size: number): Spec {
  return { url: 'oci://example.com/it:v1', pluginConfig: { parts: numbers(size, (index) => ({ name: `p${index}` })) } };
}

function logs(size: number): Spec {
  return { accessLogging: numbers(size, (index) => ({ filter: { expression: `response.code == ${index}` } })) };
}

function script(size: number): Spec {
  return { lua: { inlineCode: 'x'.repeat(50 * size) } };
}

function ofItsOwn(index: number): number {
  return 8000 + index;
}

/** What is copied, by what grows. */
export const copiedShapes: Readonly<Record<string, Copied>> = {
  'AUDIT: n rules, for each second of 300 Services': behind('AuthorizationPolicy', byPath),
  'AUDIT: n rules that say nothing, for each second of 300 Services': behind('AuthorizationPolicy', saysNothing),
  'AUDIT: n rules of ports, for each second of 300 Services of ports of their own': behind(
    'AuthorizationPolicy',
    byPort,
    ofItsOwn,
  ),
  'RequestAuthentication: n rules, for each second of 300 Services': behind('RequestAuthentication', tokens),
  'WasmPlugin: n parts, for each second of 300 Services': behind('WasmPlugin', plugin),
  'TrafficExtension: n lines, for each second of 300 Services': behind('TrafficExtension', script),
  'Telemetry: n rules, for each second of 300 Services': behind('Telemetry', logs),
  'AUDIT: n rules, out of ambient with 200 Services': leaving('AuthorizationPolicy', byPath),
  'AUDIT: n rules that say nothing, out of ambient with 200 Services': leaving('AuthorizationPolicy', saysNothing),
  'AUDIT: n rules, out of ambient with 200 Services of ports of their own': leaving(
    'AuthorizationPolicy',
    byPath,
    ofItsOwn,
  ),
  'RequestAuthentication: n rules, out of ambient with 200 Services': leaving('RequestAuthentication', tokens),
};

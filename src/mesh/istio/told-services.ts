import { memoize } from '../../base/memoize.ts';
import type { MeshState, Surroundings } from '../adapter.ts';
import { list, record, records, strings } from '../json.ts';
import { selects, type ConfigView, type ServiceView } from '../views.ts';
import { nameOf, selectorOf } from './findings/rule.ts';
import { serviceExports } from './mesh-config.ts';
import { concerns } from './pod-mode.ts';
import { spend } from './policy/effort.ts';
import { isGateway } from './waypoint/callers.ts';
import { willBeProtected } from './waypoint/other-pods.ts';

/*
 * Which Services a sidecar is told of. A call to another goes through PassthroughCluster, in plaintext; ztunnel knows all Services.
 * By pilot/pkg/model/sidecar.go (ConvertToSidecarScope, selectServices) and push_context.go (getSidecarScope, servicesExportedToNamespace).
 */

type Labels = Readonly<Record<string, string>>;

/** Namespaces in which a Service is visible, as it says itself or a mesh configuration says for all. */
function isExported(to: readonly string[], home: string, namespace: string): boolean {
  if (to.includes('~')) return false;
  return to.includes('*') || to.includes(namespace) || (namespace === home && to.includes('.'));
}

/** Why a Service is not visible in a namespace; with several mesh configurations each of them may count. */
function whyHidden(service: ServiceView, namespace: string, mesh: MeshState): string | undefined {
  const { exportTo } = service;
  if (exportTo !== undefined)
    return isExported(exportTo, service.namespace, namespace)
      ? undefined
      : 'its annotation networking.istio.io/exportTo';
  return serviceExports(mesh).some((to) => !isExported(to, service.namespace, namespace))
    ? 'defaultServiceExportTo of the mesh configuration'
    : undefined;
}

function byAge(configs: readonly ConfigView[]): readonly ConfigView[] {
  return configs.toSorted((a, b) => (a.createdAt ?? 0) - (b.createdAt ?? 0));
}

/**
 * The Sidecar that a pod is under: one that selects it, else that of its namespace, else that of the mesh; of several
 * the oldest (getSidecarScope).
 */
export function sidecarOf(labels: Labels, { mesh, namespace }: Surroundings): ConfigView | undefined {
  const own = byAge(mesh.configs('Sidecar', namespace.name));
  const wide = (config: ConfigView): boolean => selectorOf(config) === undefined;
  const selecting = own.find((config) => !wide(config) && selects({ matchLabels: selectorOf(config) ?? {} }, labels));
  return selecting ?? own.find(wide) ?? byAge(mesh.configs('Sidecar', mesh.rootNamespace)).find(wide);
}

/** The Sidecars that what calls from the namespace is under; undefined for what is under none. */
const sidecarsHere = memoize((surroundings: Surroundings): readonly (ConfigView | undefined)[] => {
  const { pods, workloads, otherTemplates, namespace, mesh } = surroundings;
  const homes = [namespace.name, mesh.rootNamespace];
  if (homes.every((home) => mesh.configs('Sidecar', home).length === 0)) return [];
  const templates = [...workloads, ...otherTemplates].filter(willBeProtected);
  const unowned = pods.filter((pod) => concerns(pod) && !isGateway(pod) && pod.owner === undefined);
  const all = [...templates.map(({ templateLabels }) => templateLabels), ...unowned.map(({ labels }) => labels)];
  return [...new Set(all.map((labels) => sidecarOf(labels, surroundings)))];
});

/** What one listener of a Sidecar tells: hosts by namespace, and those that it leaves out. */
interface Listener {
  /** It tells of this port only. */
  readonly port?: number;
  readonly hosts: ReadonlyMap<string, readonly string[]>;
  readonly except: ReadonlyMap<string, readonly string[]>;
}

function byNamespace(entries: readonly (readonly [string, string])[]): ReadonlyMap<string, readonly string[]> {
  return new Map([...Map.groupBy(entries, ([from]) => from)].map(([from, all]) => [from, all.map(([, host]) => host)]));
}

/** Undefined without egress: then it tells of everything. */
const listenersOf = memoize(({ spec }: ConfigView): readonly Listener[] | undefined => {
  if (list(spec['egress']).length === 0) return undefined;
  return records(spec['egress']).map(({ port, hosts }): Listener => {
    const { number, protocol } = record(port);
    // An egress proxy (HTTP_PROXY) serves every port.
    const only = typeof number === 'number' && number !== 0 && protocol !== 'HTTP_PROXY' ? number : undefined;
    const entries = strings(hosts)
      .filter((entry) => entry.includes('/'))
      .map((entry) => [entry.slice(0, entry.indexOf('/')), entry.slice(entry.indexOf('/') + 1)] as const);
    const isException = ([from]: readonly [string, string]): boolean => from.length > 1 && from.startsWith('~');
    return {
      ...(only !== undefined && { port: only }),
      hosts: byNamespace(entries.filter((entry) => !isException(entry))),
      except: byNamespace(entries.filter(isException).map(([from, host]) => [from.slice(1), host])),
    };
  });
});

/** Whether a host, perhaps a wildcard, takes in a Service; whatever the domain of the cluster is. */
function takesIn(host: string, { name, namespace }: ServiceView): boolean {
  const own = `${name}.${namespace}.svc.`;
  const domain = host.includes('.svc.') ? host.slice(host.indexOf('.svc.') + '.svc.'.length) : 'cluster.local';
  return host.startsWith('*') ? `${own}${domain}`.endsWith(host.slice(1)) : host === `${own}${domain}`;
}

/** What is said of the namespace of a Service: `.` is that of the pod, and what names it beats what is said of all. */
function said(hosts: Listener['hosts'], service: ServiceView, home: string): readonly string[] {
  const own = service.namespace === home ? hosts.get('.') : undefined;
  const named = [...(hosts.get(service.namespace) ?? []), ...(own ?? [])];
  return named.length > 0 ? named : (hosts.get('*') ?? []);
}

function isToldBy({ hosts, except }: Listener, service: ServiceView, home: string): boolean {
  const isIn = (from: Listener['hosts']): boolean => {
    const all = said(from, service, home);
    spend(1 + all.length / 8);
    return all.some((host) => takesIn(host, service));
  };
  return isIn(hosts) && !isIn(except);
}

function isTold(sidecar: ConfigView, service: ServiceView, home: string): boolean {
  const listeners = listenersOf(sidecar);
  if (listeners === undefined) return true;
  const telling = listeners.filter((listener) => isToldBy(listener, service, home));
  return (
    telling.some(({ port }) => port === undefined) ||
    (telling.length > 0 && service.ports.every(({ port }) => telling.some((listener) => listener.port === port)))
  );
}

function workedOut(service: ServiceView, surroundings: Surroundings): string | undefined {
  const { mesh, namespace } = surroundings;
  const hidden = whyHidden(service, namespace.name, mesh);
  if (hidden !== undefined) return hidden;
  const narrow = sidecarsHere(surroundings).find(
    (sidecar) => sidecar !== undefined && !isTold(sidecar, service, namespace.name),
  );
  return narrow && nameOf(narrow);
}

/** Once for each Service: it is asked for all that it leads to. */
const untoldHere = memoize((surroundings: Surroundings) =>
  memoize((service: ServiceView) => ({ why: workedOut(service, surroundings) })),
);

/**
 * What keeps some sidecar of the namespace from being told of a Service, or of all its ports; undefined if nothing
 * does. What only a route leads to counts as not told.
 */
export function whyUntold(service: ServiceView, surroundings: Surroundings): string | undefined {
  return untoldHere(surroundings)(service).why;
}

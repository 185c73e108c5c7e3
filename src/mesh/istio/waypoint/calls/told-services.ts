import { memoize } from '../../../../base/memoize.ts';
import type { MeshObjects } from '../../../adapter.ts';
import { list, record, records, strings } from '../../../json.ts';
import type { ConfigView, ServiceView } from '../../../views.ts';
import { nameOf, selectorOf } from '../../vocabulary/objects.ts';
import { serviceExports } from '../../settings/mesh-config.ts';
import type { Template } from '../../vocabulary/next-mode.ts';
import { concerns } from '../../vocabulary/pod-mode.ts';
import { spend } from '../../../../base/effort.ts';
import { selecting } from '../../policy/selecting.ts';
import { question, type There } from './question.ts';
import { isGateway } from '../callers.ts';
import { willBeProtected } from '../other-pods.ts';

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

/**
 * Why a Service is not visible in a namespace, where those are visible by default that one list or another says: with
 * several mesh configurations each of them may count.
 */
function whyHidden(
  { namespace: home, exportTo }: ServiceView,
  namespace: string,
  defaults: readonly (readonly string[])[],
): string | undefined {
  spend(1 + (exportTo?.length ?? 0) / 8);
  if (exportTo !== undefined)
    return isExported(exportTo, home, namespace) ? undefined : 'its annotation networking.istio.io/exportTo';
  return defaults.some((to) => !isExported(to, home, namespace))
    ? 'defaultServiceExportTo of the mesh configuration'
    : undefined;
}

function byAge(configs: readonly ConfigView[]): readonly ConfigView[] {
  return configs.toSorted((a, b) => (a.createdAt ?? 0) - (b.createdAt ?? 0));
}

function isWide(sidecar: ConfigView): boolean {
  return selectorOf(sidecar) === undefined;
}

/**
 * The Sidecars that pods with these label sets are under, undefined among them for those that are under none: one that
 * selects a pod, else that of its namespace, else that of the mesh; of several the oldest (getSidecarScope).
 */
export function sidecarsOf(
  sets: readonly Labels[],
  home: string,
  mesh: MeshObjects,
): readonly (ConfigView | undefined)[] {
  const own = byAge(mesh.configs('Sidecar', home));
  const select = selecting(sets, spend);
  const left = new Set(sets.keys());
  const found = own.filter((sidecar) => {
    if (isWide(sidecar)) return false;
    const places = select(selectorOf(sidecar));
    spend(1 + places.length / 8);
    return places.filter((place) => left.delete(place)).length > 0;
  });
  if (left.size === 0) return found;
  return [...found, own.find(isWide) ?? byAge(mesh.configs('Sidecar', mesh.rootNamespace)).find(isWide)];
}

/** What calls from a namespace once it has sidecars: templates, and pods that none of them makes. */
export function callingFrom(there: There): readonly Template[] {
  const templates = [...there.workloads(), ...there.otherTemplates()].filter(willBeProtected);
  const unowned = there.pods().filter((pod) => concerns(pod) && !isGateway(pod) && pod.owner === undefined);
  return [
    ...templates.map(({ templateLabels, templateAnnotations }) => ({
      labels: templateLabels,
      annotations: templateAnnotations,
    })),
    ...unowned,
  ];
}

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

/** Who is told, or not: a namespace, and the names of the Sidecars that narrow what sidecars there are told of. */
export interface ToldTo {
  readonly namespace: string;
  readonly sidecars: readonly string[];
}

function named({ namespace, name }: ConfigView): string {
  return `${namespace}/${name}`;
}

function narrowing(sidecars: readonly (ConfigView | undefined)[]): readonly string[] {
  return sidecars.flatMap((sidecar) => (sidecar && listenersOf(sidecar) !== undefined ? [named(sidecar)] : []));
}

/** Of what would call from a namespace. */
export const toldTo = question<ToldTo>({
  ask: (there) => {
    const { name: namespace, mesh } = there;
    const isAny = there.configs('Sidecar').length > 0;
    const labels = isAny ? callingFrom(there).map((each) => each.labels) : [];
    return { namespace, sidecars: narrowing(sidecarsOf(labels, namespace, mesh)) };
  },
  otherwise: (there) => ({ namespace: there.name, sidecars: narrowing(there.configs('Sidecar')) }),
});

/** A Service of which some sidecar is not told, or not of all its ports, and what keeps it from that. */
export interface Untold {
  readonly service: string;
  readonly why: string;
}

/** The Services of a namespace of which some sidecar of a caller is not told. What only a route leads to counts. */
export const untoldAt = question<readonly Untold[], ToldTo>({
  ask: (there, { namespace, sidecars }) => {
    const defaults = serviceExports(there.mesh);
    const homes = [namespace, there.mesh.rootNamespace];
    const byName = new Map(
      homes.flatMap((home) => there.mesh.configs('Sidecar', home)).map((sidecar) => [named(sidecar), sidecar]),
    );
    const narrow = sidecars.flatMap((name) => byName.get(name) ?? []);
    return there.services().flatMap((service): readonly Untold[] => {
      const sidecar = narrow.find((each) => !isTold(each, service, namespace));
      const why = whyHidden(service, namespace, defaults) ?? (sidecar && nameOf(sidecar));
      return why === undefined ? [] : [{ service: service.name, why }];
    });
  },
  otherwise: (there) =>
    there.services().map(({ name }) => ({
      service: name,
      why: 'something that takes more steps to tell than one look may take',
    })),
});

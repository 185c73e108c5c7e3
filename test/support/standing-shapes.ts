import { appliedAnnotation } from '../../src/api/resources.ts';
import type { Surroundings } from '../../src/mesh/adapter.ts';
import type { Manifest } from '../../src/mesh/istio/policy/translate/manifest.ts';
import { exitTranslationOf } from '../../src/mesh/istio/waypoint/exit/translation.ts';
import { sealOf } from '../../src/mesh/seal.ts';
import type { ConfigView, ServiceView } from '../../src/mesh/views.ts';
import { config, namespace, pod, service, surroundings, workload } from './mesh-fixtures.ts';

type Json = Readonly<Record<string, unknown>>;

function numbers<T>(size: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: size }, (_, index) => make(index));
}

const waypoint = { 'istio.io/use-waypoint': 'waypoint' };

/** A waypoint that Services name, and that is not there. */
const absent = 'absent';

function gateway(name: string): ConfigView {
  const listeners = [{ name: 'mesh', port: 15008, protocol: 'HBONE' }];
  return config('Gateway', { gatewayClassName: 'istio-waypoint', listeners }, { name, uid: name });
}

/** Services go through waypoints in turn. */
function recordsOf(
  journal: readonly ServiceView[],
  waypoints: readonly string[],
): NonNullable<Surroundings['records']> {
  return Object.fromEntries(
    journal.map(({ name }, index) => [name, { 'istio.io/use-waypoint': waypoints[index % waypoints.length] ?? null }]),
  );
}

/** A namespace that has left its waypoint: its Services, those that the journal knows, its policies, and what stands. */
interface Rest {
  readonly services: readonly ServiceView[];
  readonly journal: readonly ServiceView[];
  readonly policies: readonly ConfigView[];
  readonly standing?: readonly ConfigView[];
  /** Instead of one for all. */
  readonly waypoints?: readonly string[];
}

function atRest({ services, journal, policies, standing = [], waypoints = ['waypoint'] }: Rest): Surroundings {
  return surroundings(
    {
      route: { from: 'IstioAmbient', to: 'IstioSidecar' },
      itinerary: 'L7',
      records: recordsOf(journal, waypoints),
      namespace: namespace({ labels: { 'istio.io/dataplane-mode': 'ambient', ...waypoint } }),
      pods: [pod()],
      workloads: numbers(new Set(services.map(({ selector }) => selector['app'])).size, (index) =>
        workload({ name: `w${index}`, uid: `w${index}`, templateLabels: { app: index === 0 ? 'web' : `w${index}` } }),
      ),
      services,
    },
    [...waypoints.filter((name) => name !== absent).map(gateway), ...policies, ...standing],
  );
}

/** Objects as they stand once they have been applied. */
function stand(manifests: readonly Manifest[]): readonly ConfigView[] {
  return manifests.map(({ object: { kind, metadata, spec } }, index) => {
    const { name, labels, annotations = {} } = metadata;
    const { [appliedAnnotation]: _seal, ...others } = annotations;
    const seen = config(kind, spec, { name, uid: `standing-${index}`, labels, annotations: others });
    return { ...seen, annotations: { ...others, [appliedAnnotation]: sealOf(seen) } };
  });
}

/** What there was at first, with what was made for it; and what became of that. */
function since(before: Omit<Rest, 'journal' | 'standing'>, now: Omit<Rest, 'journal' | 'standing'>): Surroundings {
  const journal = [...before.services, ...now.services];
  const standing = stand(exitTranslationOf(atRest({ ...before, journal: before.services })).manifests);
  return atRest({ ...now, journal, standing });
}

function services(name: string, size: number, ports = (_index: number): readonly number[] => [80]): ServiceView[] {
  return Array.from({ length: size }, (_, index) =>
    service({
      name: `${name}${index}`,
      uid: `${name}${index}`,
      ports: ports(index).map((port) => ({ name: `http-${port}`, port, targetPort: 8000 + port, protocol: 'TCP' })),
    }),
  );
}

/** Instead of the same for all. */
function ofOwnPods(all: readonly ServiceView[]): ServiceView[] {
  return all.map((one, index) => ({ ...one, selector: { app: `w${index}` } }));
}

const ofGateway = { targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'waypoint' }] };

function ofServices(all: readonly ServiceView[]): Json {
  return { targetRefs: all.slice(0, 16).map(({ name }) => ({ group: '', kind: 'Service', name })) };
}

/** Rules that let in by paths, and one at a single port. */
function byPath(size: number, prefix = '/w'): readonly Json[] {
  return [
    ...numbers(size, (index) => ({ to: [{ operation: { paths: [`${prefix}${index}`] } }] })),
    { to: [{ operation: { methods: ['PUT'], ports: ['80'] } }] },
  ];
}

function policy(name: string, target: Json, action: string, rules: readonly Json[]): ConfigView {
  return config('AuthorizationPolicy', { ...target, action, rules }, { name, uid: name });
}

/** Others come for the same pods, with a policy of their own that lets in what that of the first does, and more. */
function beside(first: readonly ServiceView[], late: readonly ServiceView[], rules: readonly Json[]): Surroundings {
  const own = policy('own', ofGateway, 'ALLOW', rules);
  const more = [...rules, { from: [{ source: { namespaces: ['other'] } }] }];
  return since(
    { services: first, policies: [own] },
    { services: [...first.slice(1), ...late], policies: [own, policy('late', ofServices(late), 'ALLOW', more)] },
  );
}

/** All have gone but one, and what the policy says has been edited. */
function gone(first: readonly ServiceView[], left: readonly ServiceView[], action: string, size: number): Surroundings {
  return since(
    { services: first, policies: [policy('own', ofGateway, action, byPath(size))] },
    { services: left, policies: [policy('own', ofGateway, action, byPath(size, '/v'))] },
  );
}

/** Copies that stand while Services of their pods have gone, or others have come. */
export const standingShapes: Readonly<Record<string, (size: number) => Surroundings>> = {
  'n rules of which copies stand, beside n and one that are not written': (size) =>
    beside(services('s', 8), services('late', 8), byPath(size)),
  'n Services of the same pods of which copies stand, and as many that come': (size) =>
    beside(services('s', size / 4), services('late', size / 4), byPath(4)),
  'n Services that have gone, and an ALLOW that was edited': (size) =>
    gone(services('s', size), services('left', 1), 'ALLOW', 4),
  'n rules of Services that have gone, of an ALLOW that was edited': (size) =>
    gone(services('s', 6), services('left', 2), 'ALLOW', size),
  'n rules of Services that have gone, of a DENY that was edited': (size) =>
    gone(services('s', 6), services('left', 2), 'DENY', size),
  'n Services of n waypoints': (size) => {
    const all = ofOwnPods(services('s', size));
    const waypoints = numbers(size, (index) => `waypoint${index}`);
    const policies = [policy('own', ofServices(all), 'DENY', byPath(4))];
    return atRest({ services: all, journal: all, policies, waypoints });
  },
  'n Services whose waypoint is gone': (size) => {
    const all = ofOwnPods(services('s', size));
    const policies = [policy('own', ofServices(all), 'DENY', byPath(4))];
    const { manifests } = exitTranslationOf(atRest({ services: all, journal: all, policies }));
    return atRest({ services: all, journal: all, policies, standing: stand(manifests), waypoints: [absent] });
  },
  'a Service of n ports that has gone, and n Services that have one of them each': (size) =>
    gone(
      services('s', 1, () => numbers(size / 2, (index) => 80 + index)),
      services('left', size / 2, (index) => [80 + index]),
      'DENY',
      4,
    ),
};

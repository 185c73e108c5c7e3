import type { DataPlane } from '../../../api/common.ts';
import { memoize } from '../../../base/memoize.ts';
import type { Route } from '../../adapter.ts';
import { isEmpty } from '../../has-labels.ts';
import { isSelected } from '../policy/attachment.ts';
import { describe } from '../../../requests/describe.ts';
import { spend } from '../../../base/effort.ts';
import type { Protocol } from '../policy/protocol.ts';
import type { Request } from '../../../requests/semantics.ts';
import { selectedBy } from '../policy/selecting.ts';
import { sidecarLabels, titleOf, type WorkloadFacts, type World } from '../policy/translate/world.ts';
import type { AuthorizationPolicy, PeerAuthentication } from '../policy/types.ts';
import { refuses, type Change } from './change.ts';

/** Pods of which their proxy alone decides, before and afterwards, and how the traffic to them is read. */
export interface Scene {
  readonly world: World;
  readonly peers: readonly PeerAuthentication[];
  readonly route: Route;
  readonly pods: WorkloadFacts;
  readonly protocol: Protocol;
}

/** A request that one caller gets through afterwards and not before, or the other way round. */
export interface Difference {
  readonly kind: 'Opens' | 'Refuses';
  readonly caller: string;
  readonly request: Request;
  /** What refuses it, before or afterwards. */
  readonly who: string;
}

const arrival: Readonly<Record<DataPlane, string>> = {
  IstioAmbient: 'in ambient',
  IstioSidecar: 'with sidecars',
  None: 'outside the mesh',
};

/** Which Services lead to pods with some labels. */
const leadingTo = memoize((services: World['services']) =>
  selectedBy(
    services.map(({ selector }) => selector).filter((selector) => !isEmpty(selector)),
    spend,
  ),
);

/** Whether anybody can be known to call these pods: they say a port, or are behind a Service. */
function isCalled({ labels, declared }: WorkloadFacts, { services }: World): boolean {
  return declared.length > 0 || leadingTo(services)(labels).length > 0;
}

function titled({ kind, name }: WorkloadFacts, { namespace }: World): string {
  return titleOf({ kind, namespace, name });
}

/** What asks for mutual TLS has names of istiod's own in a data plane. */
function inWords(who: string, { policies, peerAuthentications = [] }: World): string {
  const isKnown = policies.some(({ policy: { namespace, name } }) => who === refuses(`${namespace}/${name}`));
  return isKnown || peerAuthentications.length === 0 || !who.endsWith(refuses(''))
    ? who
    : refuses('mutual TLS that is STRICT');
}

function listed(titles: readonly string[]): string {
  return `${titles.slice(0, 5).join(', ')}${titles.length > 5 ? ` and ${titles.length - 5} more` : ''}`;
}

/**
 * The policies that it is about: of pods that were in no mesh all that come into force, else those that mean another
 * thing.
 */
export function whyOf(others: readonly AuthorizationPolicy[], { route, peers, pods }: Scene): string {
  const strict = peers.filter(
    ({ mode, ports, selector }) =>
      [mode, ...Object.values(ports)].includes('STRICT') && isSelected(selector, sidecarLabels(pods)),
  );
  if (route.from === 'None') return `; in force then: ${listed([...others, ...strict].map(titleOf))}`;
  const odd = others.length === 0 ? strict : others;
  return odd.length === 0 ? '' : `; not the same to ztunnel as to a sidecar: ${listed(odd.map(titleOf))}`;
}

/** The policy that it is about; of pods that were in no mesh all policies are. */
function objectOf(who: string, others: readonly AuthorizationPolicy[], { world, route, pods }: Scene): string {
  if (route.from === 'None') return `Namespace ${world.namespace}`;
  const [refusing] = others.filter(({ namespace, name }) => who === refuses(`${namespace}/${name}`));
  return (
    [refusing ?? others[0]].flatMap((policy) => (policy === undefined ? [] : [titleOf(policy)]))[0] ??
    titled(pods, world)
  );
}

/** A difference as a change that a finding tells. */
export function changeOf(
  { kind, caller, request, who }: Difference,
  others: readonly AuthorizationPolicy[],
  why: string,
  scene: Scene,
): Change & { readonly key: string } {
  const { world, route, pods } = scene;
  const [title, object, by] = [titled(pods, world), objectOf(who, others, scene), inWords(who, world)];
  const where = `${arrival[route.to]} ${caller}`;
  // Of pods that were in no mesh it is said for each caller, and for each set of policies that they come under.
  const key = route.from === 'None' ? `${caller}${why}` : object;
  return kind === 'Opens'
    ? {
        kind,
        key,
        object,
        message: `${where} would get through to ${title} that is refused today, for example ${describe(request)}; today ${by}${why}`,
      }
    : {
        kind: isCalled(pods, world) ? kind : 'Ends',
        key,
        object,
        message: `${where} would be refused by ${title} that gets through today, for example ${describe(request)}; ${by}${why}`,
      };
}

import type { Surroundings } from '../../adapter.ts';
import { records, text } from '../../json.ts';
import type { ConfigView } from '../../views.ts';
import { isCarriedOver } from '../waypoint/carried-over.ts';
import { getsWaypoint } from '../waypoint/choose.ts';
import { isExit } from '../waypoint/exit/route.ts';
import { seenOf } from '../settings/accepted.ts';
import { fateOf, isOnSidecars, toldOf, type Words } from './of-sidecars.ts';
import { fixAtEntries, isOfWaypoint } from './entries-of-hosts.ts';
import { followedElsewhere, isFollowedHere, isStranger } from '../waypoint/reach.ts';
import {
  allTrafficPolicy,
  concernsNamespace,
  gatewayRoutes,
  hostsOf,
  meshRoutes,
  trafficPolicyOf,
} from '../waypoint/route-objects.ts';
import { nameOf } from '../vocabulary/objects.ts';
import type { Evidence, Rule } from './rule.ts';

/**
 * What only callers of other namespaces follow: they keep it for as long as they have their sidecars, whatever becomes
 * of this namespace.
 */
function ofCallers(route: ConfigView, surroundings: Surroundings): readonly Evidence[] {
  const from = followedElsewhere(route, surroundings);
  return from === undefined
    ? []
    : [
        {
          object: nameOf(route),
          severity: 'Warning',
          message: `only calls from ${from} follow it, none from ${surroundings.namespace.name}: they lose it when they leave their own sidecars`,
          fix: 'Nothing for this namespace. Its owner looks at it before the callers are migrated.',
        },
      ];
}

interface RouteWords extends Words {
  /** What calls lose when they begin to follow it, for policies of the called. */
  readonly loses?: string;
}

/** Who loses it: calls from here. Nobody else's, because a sidecar that stays goes on with it. */
function lost(route: ConfigView, surroundings: Surroundings, words: RouteWords): readonly Evidence[] {
  const isToAmbient = surroundings.route.to === 'IstioAmbient';
  if (!isFollowedHere(route, surroundings)) return isToAmbient ? ofCallers(route, surroundings) : [];
  if (isStranger(route, surroundings)) return ofStranger(route, surroundings, words);
  if (words.loses !== undefined && isExit(surroundings.route))
    return isOnSidecars(surroundings) ? [] : [{ object: nameOf(route), message: words.loses, fix: namelessFix }];
  const told = toldOf(surroundings, words);
  const isOfMesh = route.namespace !== surroundings.namespace.name && fateOf(surroundings) === 'Never';
  const fix = fateOf(surroundings) === 'Lost' ? fixAtEntries(route, surroundings) : undefined;
  return told === undefined || isOfMesh ? [] : [{ object: nameOf(route), ...told, ...(fix !== undefined && { fix }) }];
}

/** On the way to sidecars it would begin to say where calls from here go: nobody goes on to that unawares. */
function ofStranger(route: ConfigView, surroundings: Surroundings, words: Words): readonly Evidence[] {
  const { namespace } = surroundings;
  const evidence = (others: 'Holds' | 'Noted', when: string, message: string): readonly Evidence[] => [
    {
      object: nameOf(route),
      message: `it stands in a namespace of others and is visible here: calls from ${namespace.name} ${when}. ${message}`,
      fix: strangerFix,
      others,
      seen: seenOf(route, surroundings),
    },
  ];
  if (isExit(surroundings.route))
    return isOnSidecars(surroundings) ? [] : evidence('Holds', 'will follow it from sidecars', words.does);
  // Without sidecars before and after nobody here follows it at any time.
  const told = fateOf(surroundings) === 'Never' ? undefined : toldOf(surroundings, words);
  return told === undefined ? [] : evidence('Noted', 'follow it today', told.message);
}

const namelessFix =
  'Remove the tls settings, or set ISTIO_MUTUAL, with which sidecars call as ztunnel does. Or keep this namespace in ambient.';

/** Whether a host may mean a Service of the cluster, and not only something outside the mesh, which knows no identity. */
function mayBeService(host: string, { mesh }: Surroundings): boolean {
  if (host.startsWith('*')) return '.svc.cluster.local'.endsWith(host.slice(1)) || host.endsWith('.svc.cluster.local');
  const [, namespace, svc] = host.split('.');
  return svc === undefined ? namespace === undefined || mesh.services(namespace).length > 0 : svc === 'svc';
}

/** What sidecars do by a traffic policy. By TLS of its own a call has no identity, which ztunnel gives it. */
function wordsOf(rule: ConfigView, fields: readonly string[], surroundings: Surroundings): RouteWords {
  const does = `Sidecars apply ${fields.join(', ')}`;
  const isNameless =
    fields.some((field) => /(?:^| )tls /.test(field)) && hostsOf(rule).some((host) => mayBeService(host, surroundings));
  return {
    does,
    lost: ', ztunnel does not',
    ...(isNameless && {
      loses: `${does}, ztunnel does not: calls from here would come without the identity of their caller, and what policies refuse by it may get through`,
    }),
  };
}

function lostFields(rule: ConfigView, fields: readonly string[], surroundings: Surroundings): readonly Evidence[] {
  return fields.length === 0 ? [] : lost(rule, surroundings, wordsOf(rule, fields, surroundings));
}

/** Nothing is lost to calls that are plaintext today, and somebody may have meant that they are. */
function encrypted(rule: ConfigView, plaintext: readonly string[], surroundings: Surroundings): readonly Evidence[] {
  if (surroundings.route.to !== 'IstioAmbient' || surroundings.route.from !== 'IstioSidecar') return [];
  if (!isFollowedHere(rule, surroundings)) return [];
  return [
    {
      object: nameOf(rule),
      severity: 'Warning',
      message: `by ${plaintext.join(', ')} sidecars call in plaintext; from ambient, calls to pods of the mesh are mutual TLS whatever it says`,
      fix: 'Nothing, if what is called is in the mesh. See that nobody reads this traffic on the network, then remove the mode.',
    },
  ];
}

/** Objects of callers that are named one by one: whoever makes many of them hides nothing else. */
const maxNamed = 10;

function few(evidence: readonly Evidence[]): readonly Evidence[] {
  const named = evidence.filter(({ severity }) => severity === 'Warning');
  const rest = named.slice(maxNamed);
  const [next] = rest;
  return next === undefined
    ? evidence
    : [
        ...evidence.filter(({ severity }) => severity !== 'Warning'),
        ...named.slice(0, maxNamed),
        {
          object: `${next.object} and others`,
          severity: 'Warning',
          message: `the same holds for ${rest.length} more: ${rest.map(({ object }) => object).join(', ')}`,
        },
      ];
}

const strangerFix =
  'Have its owner limit it with exportTo, or remove it. Or, if calls from here may go on without it, name it in spec.accept.';

/** A route may also stand with the clients and name a Service elsewhere (a consumer route), or name a ServiceEntry. */
function serviceRoutes(surroundings: Surroundings): readonly Evidence[] {
  const home = surroundings.namespace.name;
  const isHere = (route: ConfigView): boolean =>
    records(route.spec['parentRefs']).some(
      (parent) =>
        (parent['kind'] === 'Service' || parent['kind'] === 'ServiceEntry') &&
        (route.namespace === home || text(parent['namespace']) === home),
    );
  return few(
    gatewayRoutes(surroundings)
      .filter((route) => isHere(route) && !isSpared(surroundings, route))
      .flatMap((route) =>
        lost(route, surroundings, {
          does: 'Sidecars apply a route with a Service as parent',
          lost: ', and so do waypoints, but not ztunnel',
        }),
      ),
  );
}

/** Behind a waypoint routes of its Services are followed there. */
function isSpared(surroundings: Surroundings, route: ConfigView): boolean {
  if (!getsWaypoint(surroundings) || route.namespace !== surroundings.namespace.name) return false;
  const parents = records(route.spec['parentRefs']).filter(({ kind }) => kind === 'Service' || kind === 'ServiceEntry');
  return parents.every(({ kind }) => kind === 'Service') && isCarriedOver(surroundings, route, hostsOf(route));
}

/** Routing and client-side traffic policy, which ztunnel does not do. */
export const routeRules: readonly Rule[] = [
  {
    id: 'MM030',
    severity: 'Critical',
    when: 'Always',
    back: { notAsked: 'routes refuse nobody: it goes back to what it did with them before' },
    title: 'VirtualService for the mesh',
    fix: 'Keep this namespace on sidecars, or remove the VirtualService, or bind it to ingress gateways only (spec.gateways). A waypoint follows one whose hosts all are Services of the namespace.',
    find: (surroundings) =>
      few(
        meshRoutes(surroundings)
          .filter(
            (route) =>
              concernsNamespace(route, surroundings.namespace.name) &&
              !isCarriedOver(surroundings, route, hostsOf(route)) &&
              !isOfWaypoint(route, surroundings),
          )
          .flatMap((route) =>
            lost(route, surroundings, {
              does: 'Sidecars apply this VirtualService',
              lost: ', ztunnel ignores it: its routing would be lost',
            }),
          ),
      ),
  },
  {
    id: 'MM031',
    severity: 'Critical',
    when: 'Always',
    back: { notAsked: 'routes refuse nobody: it goes back to what it did with them before' },
    title: 'HTTPRoute or GRPCRoute for a Service',
    fix: 'Keep this namespace on sidecars, or remove the route, or have it in the namespace of its Service, where a waypoint follows it for all callers.',
    find: serviceRoutes,
  },
  {
    id: 'MM032',
    severity: 'Critical',
    when: 'Always',
    back: { notAsked: 'routes refuse nobody: it goes back to what it did with them before' },
    title: 'DestinationRule with a traffic policy',
    fix: 'Remove the traffic policy, or keep this namespace on sidecars. A waypoint applies one whose host is a Service of the namespace.',
    find: (surroundings) =>
      few(
        surroundings.mesh
          .configs('DestinationRule')
          .filter(
            (rule) =>
              concernsNamespace(rule, surroundings.namespace.name) &&
              !isCarriedOver(surroundings, rule, hostsOf(rule)) &&
              !isOfWaypoint(rule, surroundings),
          )
          .flatMap((rule) => {
            const { lost: fields, plaintext } = trafficPolicyOf(rule);
            if (isExit(surroundings.route) || fields.length > 0)
              return lostFields(rule, isExit(surroundings.route) ? allTrafficPolicy(rule) : fields, surroundings);
            return plaintext.length > 0 ? encrypted(rule, plaintext, surroundings) : [];
          }),
      ),
  },
];

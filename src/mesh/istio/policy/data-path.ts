import { asPeerReading, type EffectiveMtls } from './peer-authentication.ts';
import type { Clause, Matcher, Reading, Request, Verdict } from '../../../requests/semantics.ts';
import type { Plane } from './types.ts';
import { replaced } from '../../../requests/space-lowering.ts';
import {
  allowed,
  asked,
  complement,
  intersect,
  intersectionOf,
  matching,
  type RequestSet,
  seenAs,
  type SeenFacts,
  union,
  unionOf,
} from '../../../requests/space.ts';
import { matches } from '../../../requests/matches.ts';
import { verdict } from '../../../requests/verdict.ts';

/*
 * What decides about a request on its way. Every stage has to let it through: a waypoint first, if the client uses one, then the proxy of the
 * destination, which sees the waypoint in the place of the client.
 */

/** How the caller is in the mesh. */
export type Caller = 'Sidecar' | 'Ambient' | 'Outside';

/** Whether the caller addresses the Service, or a pod by its own address. */
export type Address = 'Service' | 'Pod';

/** One proxy that decides. */
export interface Stage {
  readonly plane: Plane;
  /** What it makes of the policies in force for it. */
  readonly readings: readonly Reading[];
  /** What a sidecar asks of connections. ztunnel's readings contain it already, and waypoints only take mTLS. */
  readonly mtls?: EffectiveMtls;
  /** Facts of the request that something before has replaced. */
  readonly sees?: SeenFacts;
}

/** A way for requests, with all that decides on it. */
export interface DataPath {
  readonly caller: Caller;
  readonly address: Address;
  readonly stages: readonly Stage[];
}

/** The proxy that serves the destination: its sidecar, or the ztunnel of its node. */
export interface Destination {
  readonly plane: 'sidecar' | 'ztunnel';
  readonly readings: readonly Reading[];
  readonly mtls?: EffectiveMtls;
}

/** A waypoint, and as whom the destination sees it. */
export interface Waypoint {
  readonly readings: readonly Reading[];
  /** SPIFFE identity without `spiffe://`. */
  readonly identity: string;
  /** Address of one of its pods. */
  readonly sourceIp: string;
}

/** What a path says about one request. */
export interface PathVerdict extends Verdict {
  /** The proxy that refused, or the last one that let it through. */
  readonly plane: Plane;
}

const plaintext: SeenFacts = { identity: undefined };

/**
 * A sidecar decides about HBONE in an internal listener, whose peer has no address (buildInboundHBONEListeners); no
 * block holds this one.
 */
const noAddress: SeenFacts = { sourceIp: '', remoteIp: '' };

/**
 * Client with a sidecar, destination with one. Sidecars send to a pod's own address without mTLS (PassthroughCluster).
 */
export function sidecarToSidecar(destination: Destination, address: Address): DataPath {
  return { caller: 'Sidecar', address, stages: [stage(destination, address === 'Pod' ? plaintext : undefined)] };
}

/**
 * Client with a sidecar, ambient destination. A sidecar never uses a waypoint (istio/istio
 * pilot/pkg/xds/endpoints/endpoint_builder.go).
 */
export function sidecarToAmbient(destination: Destination, address: Address): DataPath {
  return { caller: 'Sidecar', address, stages: [stage(destination, address === 'Pod' ? plaintext : undefined)] };
}

/** Ambient client whose Service has a waypoint, whatever the destination is in. */
export function ambientThroughWaypoint(
  waypoint: Waypoint,
  destination: Destination,
  address: Address = 'Service',
): DataPath {
  const { readings, identity, sourceIp } = waypoint;
  return {
    caller: 'Ambient',
    address,
    stages: [{ plane: 'waypoint', readings }, stage(destination, { identity, sourceIp })],
  };
}

/**
 * Ambient client without a waypoint in between. To a sidecar injected before ambient was enabled, ztunnel sends
 * plaintext: `mtls` is false then.
 */
export function ambientDirect(destination: Destination, address: Address, mtls = true): DataPath {
  const byHbone = destination.plane === 'sidecar' ? noAddress : undefined;
  return { caller: 'Ambient', address, stages: [stage(destination, mtls ? byHbone : plaintext)] };
}

/** Client outside the mesh: plaintext. */
export function outside(destination: Destination, address: Address): DataPath {
  return { caller: 'Outside', address, stages: [stage(destination, plaintext)] };
}

/** The requests that can take the path and that every stage lets through, if no external authorizer refuses. */
export function allowedOn(path: DataPath): RequestSet {
  return intersectionOf([
    requestsOn(path),
    ...path.stages.map((one) => decidedAt(one, (readings) => allowed(readings))),
  ]);
}

/** The requests on the path that an external authorizer is asked about. */
export function askedOn(path: DataPath): RequestSet {
  return intersect(requestsOn(path), unionOf(path.stages.map((one) => decidedAt(one, (readings) => asked(readings)))));
}

/** What becomes of one request on the path, and which proxy and policy decide. */
export function verdictOn(path: DataPath, request: Request): PathVerdict {
  const verdicts = path.stages.map((one): PathVerdict => ({
    plane: one.plane,
    ...verdict(readingsOf(one), seenAt(one, request)),
  }));
  const refused = verdicts.find((one) => !one.allowed);
  const last = refused ??
    verdicts.findLast((one) => one.by !== undefined) ??
    verdicts.at(-1) ?? { plane: 'sidecar', allowed: true };
  const by = verdicts.find((one) => one.asked !== undefined)?.asked;
  return by === undefined ? last : { ...last, asked: by };
}

/**
 * The requests that can take the path: with an identity from inside the mesh only, and with a Service port only to a
 * Service.
 */
function requestsOn({ caller, address }: DataPath): RequestSet {
  const identified = matching([[{ anyOf: [hasIdentity], negated: caller === 'Outside' }]]);
  return intersect(identified, { kind: 'Addressed', to: address });
}

const hasIdentity: Matcher = { of: 'identity', part: 'Principal', match: { kind: 'Present' } };

function stage({ plane, readings, mtls }: Destination, sees: SeenFacts | undefined): Stage {
  return { plane, readings, ...(mtls && { mtls }), ...(sees && { sees }) };
}

/** STRICT refuses before any policy is asked. */
function readingsOf({ readings, mtls }: Stage): readonly Reading[] {
  const strict = mtls && onceOf(strictOnes, mtls, () => asPeerReading(mtls, 'mesh'));
  return strict === undefined ? readings : [strict, ...readings];
}

function decidedAt(one: Stage, set: (readings: readonly Reading[]) => RequestSet): RequestSet {
  const decided = set(readingsOf(one));
  const disabled = matching([portsWithoutMtls(one)].filter((clause) => clause !== undefined));
  const known = intersect(complement(disabled), decided);
  return seenAs(one.sees ?? {}, union(known, intersect(disabled, seenAs(plaintext, decided))));
}

function seenAt(one: Stage, request: Request): Request {
  const seen = replaced(request, one.sees ?? {});
  const disabled = portsWithoutMtls(one);
  return disabled !== undefined && matches([disabled], seen) ? replaced(seen, plaintext) : seen;
}

/**
 * Where mTLS is DISABLEd the client sends plaintext, so that the sidecar learns of no identity; undefined if there are
 * no such ports.
 */
function portsWithoutMtls({ mtls }: Stage): Clause | undefined {
  return mtls && onceOf(disabledPorts, mtls, () => portsDisabledBy(mtls));
}

function portsDisabledBy(mtls: EffectiveMtls): Clause | undefined {
  const isDisabled = mtls.mode === 'DISABLE';
  const others = Object.entries(mtls.ports)
    .filter(([, mode]) => (mode === 'DISABLE') !== isDisabled)
    .map(([port]): Matcher => ({ of: 'port', side: 'Workload', port: Number(port) }));
  return isDisabled || others.length > 0 ? [{ anyOf: others, negated: isDisabled }] : undefined;
}

const strictOnes = new WeakMap<EffectiveMtls, { readonly made: Reading | undefined }>();
const disabledPorts = new WeakMap<EffectiveMtls, { readonly made: Clause | undefined }>();

/** The same of the same modes, so that it is seen to be one and the same on every path. */
function onceOf<T>(known: WeakMap<EffectiveMtls, { readonly made: T }>, mtls: EffectiveMtls, make: () => T): T {
  const entry = known.get(mtls) ?? { made: make() };
  known.set(mtls, entry);
  return entry.made;
}

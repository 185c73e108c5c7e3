import { memoize } from '../../../base/memoize.ts';
import { sha256 } from '../../../base/sha256.ts';
import { singlesOut, type Opening } from '../../network-policy/admits.ts';
import type { Direction, NetworkPolicy } from '../../network-policy/types.ts';
import { spend } from '../../../base/effort.ts';
import { directions, isOfApplication } from './ends.ts';
import { isTunnelled, type Place } from './places.ts';
import { areOpen, isFree, isOpen, suppositions, type Side, type Supposed } from './sides.ts';

/** The port on which all calls by HBONE arrive. */
export const hbonePort = 15008;

/** Places of which some may call others. */
export interface Calling {
  readonly callers: readonly Place[];
  readonly called: readonly Place[];
}

/** Calls that one policy cuts off: of all callers, each to all that are called. */
export interface Lost extends Calling {
  readonly policy: NetworkPolicy;
  readonly direction: Direction;
  /** Its rule that opens the port by which they go today; undefined if none has to. */
  readonly rule?: number;
  /** That rule means labels of a namespace which go with the old data plane. */
  readonly byLabels?: true;
  readonly port: number;
  /** Ports of which one has to be open. */
  readonly needed: readonly number[];
  /** What lets them through today means the namespace at the other end, and not whoever has some labels. */
  readonly isSingledOut: boolean;
}

/** Calls for which a policy limits ports. */
export interface Limited extends Calling {
  readonly policy: NetworkPolicy;
  readonly open: readonly number[];
  readonly closed: readonly number[];
}

/** One that calls, and one that is called. */
interface Pair {
  readonly caller: Place;
  readonly called: Place;
}

function isShut(side: Side): boolean {
  return side !== 'All' && side.length === 0;
}

function openingFor(side: Side, port: number): Opening | undefined {
  return side === 'All' ? undefined : side.find(({ first, last }) => first <= port && port <= last);
}

/** Whether a rule that opens a port at one end, or any port, means the namespace at the other end. */
function isSingledOut(side: Side, direction: Direction, { caller, called }: Pair, port?: number): boolean {
  const [here, there] = direction === 'Ingress' ? [called, caller] : [caller, called];
  if (side === 'All' || here.end.namespace === there.end.namespace) return false;
  spend(side.length / 4);
  return side.some(({ policy, index, first, last }) => {
    const rule = policy.rules[direction]?.[index];
    if (rule === undefined || (port !== undefined && (port < first || port > last))) return false;
    spend(rule.peers.length / 4);
    return singlesOut(rule, there.peerNow, here.peerNow);
  });
}

/** Whether policies at one end of calls mean the namespace at the other end. */
export function isMeantAt(direction: Direction, caller: Place, called: Place): boolean {
  return suppositions(caller, called).some(({ now }) => isSingledOut(now[direction], direction, { caller, called }));
}

/** At the ends that open none of the ports; where each opens some and both together none, at both. */
function lostAt(
  { now, then }: Supposed,
  { caller, called }: Pair,
  { port, needed }: Pick<Lost, 'port' | 'needed'>,
): readonly Lost[] {
  const closed = directions.filter((direction) => !needed.some((each) => isOpen(then[direction], each)));
  return (closed.length > 0 ? closed : directions).flatMap((direction): readonly Lost[] => {
    const opening = openingFor(now[direction], port);
    if (opening === undefined) return [];
    const { policy, index } = opening;
    const isByLabels = !isOpen(then[direction], port);
    return [
      {
        callers: [caller],
        called: [called],
        port,
        needed,
        policy,
        direction,
        rule: index,
        isSingledOut: isSingledOut(now[direction], direction, { caller, called }, port),
        ...(isByLabels && { byLabels: true as const }),
      },
    ];
  });
}

/** Ports by which somebody is called, as far as pods, Services and the policies themselves say it. */
function portsOf(called: Place, { Ingress }: Supposed['now']): readonly number[] {
  spend(called.end.called.length / 16 + (Ingress === 'All' ? 0 : Ingress.length / 8));
  const said = Ingress === 'All' ? [] : Ingress.filter(({ first, last }) => last - first < 65_534);
  const ports = [...called.end.called, ...said.map(({ first }) => first)];
  return [...new Set(ports)].filter(isOfApplication);
}

/** Whether one place gets through to another as it calls now. */
export function getsThrough(caller: Place, called: Place): boolean {
  const isHbone = isTunnelled(caller.now, called.now);
  return suppositions(caller, called).some(({ now }) =>
    isHbone ? areOpen(now, hbonePort) : portsOf(called, now).some((port) => areOpen(now, port)),
  );
}

/** Calls that go by the port of the application now, and by that of HBONE then. */
function lostTunnelled(caller: Place, called: Place): readonly Lost[] {
  for (const supposed of suppositions(caller, called)) {
    if (areOpen(supposed.then, hbonePort)) continue;
    const port = portsOf(called, supposed.now).find((each) => areOpen(supposed.now, each));
    if (port === undefined) continue;
    return lostAt(supposed, { caller, called }, { port, needed: [hbonePort] });
  }
  return [];
}

/** The other way round: whoever got through by HBONE is to get through by some port of the application. */
function lostUntunnelled(caller: Place, called: Place): readonly Lost[] {
  const needed = called.end.called;
  if (needed.length === 0) return [];
  for (const supposed of suppositions(caller, called)) {
    if (!areOpen(supposed.now, hbonePort) || needed.some((port) => areOpen(supposed.then, port))) continue;
    return lostAt(supposed, { caller, called }, { port: hbonePort, needed });
  }
  return [];
}

/** Whether calls out of ambient still get through by some port, and whose: one that has others left is cut off from some only. */
export function keptBetween(caller: Place, called: Place): readonly Calling[] {
  if (changeOf(caller, called) !== 'Untunnelled') return [];
  const isKept = suppositions(caller, called).some(
    ({ now, then }) => areOpen(now, hbonePort) && called.end.called.some((port) => areOpen(then, port)),
  );
  return isKept ? [{ callers: [caller], called: [called] }] : [];
}

/** Short, however many names there are and however long they are. */
const digestOfNames = memoize(({ names }: Place['end']) => sha256(names.join(' ')));

/** What stands for pods at one end of their calls, however finely they are told apart. */
export function keyOfEnd(direction: Direction, { end }: Place): string {
  return `${direction} ${end.namespace}/${digestOfNames(end)}`;
}

/** How calls between two places go now, and how they go then, where that is not the same. */
function changeOf(caller: Place, called: Place): 'Tunnelled' | 'Untunnelled' | undefined {
  // From outside of the mesh in, and out of it, calls go on by the port of the application.
  const [now, then] = [isTunnelled(caller.now, called.now), isTunnelled(caller.then, called.then)];
  if (now === then) return undefined;
  return then ? 'Tunnelled' : 'Untunnelled';
}

/** Calls between two places that get through now and not then. */
export function lostBetween(caller: Place, called: Place): readonly Lost[] {
  const change = changeOf(caller, called);
  if (change === undefined || isFree(caller, called)) return [];
  return change === 'Tunnelled' ? lostTunnelled(caller, called) : lostUntunnelled(caller, called);
}

/**
 * Calls of which policies at the called pod let some ports through now: by HBONE they cannot tell them apart. Who may
 * not call out at all makes none.
 */
export function limitedBetween(caller: Place, called: Place): readonly Limited[] {
  if (changeOf(caller, called) !== 'Tunnelled' || called.isolating.Ingress.length === 0) return [];
  for (const { now } of suppositions(caller, called)) {
    const { Ingress, Egress } = now;
    if (Ingress === 'All') return [];
    if (isShut(Egress)) continue;
    spend((called.end.called.length + Ingress.length) / 8);
    const [open, closed] = [true, false].map((wanted) =>
      called.end.called.filter((port) => isOpen(Ingress, port) === wanted),
    );
    const opening = openingFor(Ingress, open?.[0] ?? 0);
    if (opening === undefined || open === undefined || closed === undefined || closed.length === 0) continue;
    return [{ policy: opening.policy, callers: [caller], called: [called], open, closed }];
  }
  return [];
}

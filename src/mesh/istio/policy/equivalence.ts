import { isDeepStrictEqual } from 'node:util';
import { allowedOn, askedOn, verdictOn, type Address, type Caller, type DataPath, type PathVerdict } from './data-path.ts';
import type { Request } from './semantics.ts';
import { example, intersect, subtract, union, type RequestSet, type Space } from './space.ts';

/** A request that is decided otherwise than before. */
export interface Counterexample {
  readonly caller: Caller;
  readonly address: Address;
  readonly request: Request;
  readonly before: PathVerdict;
  readonly after: PathVerdict;
}

/** What has changed; neither: every request is decided as before. */
export interface Comparison {
  /** A request that is let through now and was not before, or that an external authorizer was asked about before and is not now. */
  readonly moreAllowed?: Counterexample;
  /** A request that was let through before and may be refused now. */
  readonly lessAllowed?: Counterexample;
}

/** The paths in force at one point of an itinerary. */
export interface Situation {
  readonly name: string;
  readonly paths: readonly DataPath[];
}

/** A step after which some requests are decided otherwise than at the beginning. */
export interface Change {
  readonly step: string;
  readonly direction: 'MoreAllowed' | 'LessAllowed';
  readonly severity: 'Error' | 'Warning';
  readonly counterexample: Counterexample;
  /** One sentence for people. */
  readonly message: string;
}

/** What changes mean. That a request becomes more allowed is always an error. */
export interface CompareOptions extends Space {
  readonly lessAllowed: Change['severity'];
}

/**
 * Compares what callers may do, by how they are in the mesh and what they address. Where a caller has several paths (some pods moved, some not) it
 * cannot choose: what any path lets through it may get, what all let through it is sure of; more allowed is a matter of the former, less allowed of the
 * latter. A caller without a path in one of the situations gets nothing through there.
 */
export function compare(before: readonly DataPath[], after: readonly DataPath[], space: Space = {}): Comparison {
  const groups = callers([...before, ...after]).map((key) => ({ old: of(before, key), new: of(after, key) })).filter((group) => !isDeepStrictEqual(group.old, group.new));
  const moreAllowed = firstOf(groups, (group) => separate(possible(group.new), possible(group.old), group, space));
  const lessAllowed = firstOf(groups, (group) => separate(certain(group.old), certain(group.new), group, space));
  return { ...(moreAllowed && { moreAllowed }), ...(lessAllowed && { lessAllowed }) };
}

/** Compares every situation with the first one. What is more allowed at any instant is an error, even if a later step takes it back. */
export function compareSteps(steps: readonly Situation[], options: CompareOptions): readonly Change[] {
  const [first, ...rest] = steps;
  if (first === undefined) return [];
  return rest.flatMap(({ name, paths }) => {
    const { moreAllowed, lessAllowed } = compare(first.paths, paths, options);
    return [
      ...(moreAllowed ? [change(name, 'MoreAllowed', 'Error', moreAllowed)] : []),
      ...(lessAllowed ? [change(name, 'LessAllowed', options.lessAllowed, lessAllowed)] : []),
    ];
  });
}

/** The paths of one caller to one kind of address, before and after. */
interface Group {
  readonly old: readonly DataPath[];
  readonly new: readonly DataPath[];
}

type Key = Pick<DataPath, 'caller' | 'address'>;

function callers(paths: readonly DataPath[]): readonly Key[] {
  return [...new Map(paths.map(({ caller, address }) => [`${caller} ${address}`, { caller, address }])).values()];
}

function of(paths: readonly DataPath[], { caller, address }: Key): readonly DataPath[] {
  return paths.filter((path) => path.caller === caller && path.address === address);
}

/** Two sets of requests: those let through, and those let through without an external authorizer being asked. */
type Outcome = readonly [RequestSet, RequestSet];

function possible(paths: readonly DataPath[]): Outcome {
  return [union(...paths.map(allowedOn)), union(...paths.map(unasked))];
}

/** No paths: nothing gets through, so nothing is certain to. */
function certain(paths: readonly DataPath[]): Outcome {
  return paths.length === 0 ? possible(paths) : [intersect(...paths.map(allowedOn)), intersect(...paths.map(unasked))];
}

function unasked(path: DataPath): RequestSet {
  return subtract(allowedOn(path), askedOn(path));
}

function separate(more: Outcome, less: Outcome, group: Group, space: Space): Counterexample | undefined {
  const request = example(union(subtract(more[0], less[0]), subtract(more[1], less[1])), space);
  const path = group.new[0] ?? group.old[0];
  if (request === undefined || path === undefined) return undefined;
  const { caller, address } = path;
  return { caller, address, request, ...verdicts(group, request) };
}

/** Where several paths differ about the request, the ones that differ from each other are shown. */
function verdicts(group: Group, request: Request): Pick<Counterexample, 'before' | 'after'> {
  const nowhere: PathVerdict = { plane: 'sidecar', allowed: false };
  const old = group.old.map((path) => verdictOn(path, request));
  const now = group.new.map((path) => verdictOn(path, request));
  const pairs = (old.length > 0 ? old : [nowhere]).flatMap((before) => (now.length > 0 ? now : [nowhere]).map((after) => ({ before, after })));
  const differs = ({ before, after }: Pick<Counterexample, 'before' | 'after'>): boolean => before.allowed !== after.allowed || (before.asked === undefined) !== (after.asked === undefined);
  return pairs.find(differs) ?? pairs[0] ?? { before: nowhere, after: nowhere };
}

function firstOf<T, R>(values: readonly T[], find: (value: T) => R | undefined): R | undefined {
  for (const value of values) {
    const found = find(value);
    if (found !== undefined) return found;
  }
  return undefined;
}

function change(step: string, direction: Change['direction'], severity: Change['severity'], counterexample: Counterexample): Change {
  return { step, direction, severity, counterexample, message: `${step}: ${sentence(counterexample)}` };
}

/** What happens to the request, and through whom. */
function sentence({ caller, address, request, before, after }: Counterexample): string {
  return `a request of a ${callerText[caller]} to the ${address === 'Service' ? 'Service' : "pod's own address"} (${describe(request)}) was ${outcome(before)} and is ${outcome(after)}`;
}

const callerText: Readonly<Record<Caller, string>> = { Sidecar: 'client with a sidecar', Ambient: 'client in ambient', Outside: 'client outside the mesh' };

function outcome({ allowed, by, asked, plane }: PathVerdict): string {
  const policy = by === undefined ? `by the ${plane}` : `by policy ${by} at the ${plane}`;
  const authorizer = asked === undefined ? '' : ` after the authorizer of ${asked} was asked`;
  return `${allowed ? 'allowed' : 'refused'} ${policy}${authorizer}`;
}

/** The request in one line. */
export function describe(request: Request): string {
  const { identity, http, servicePort, workloadPort, sourceIp } = request;
  const parts = [
    identity ?? `plaintext from ${sourceIp}`,
    ...(http ? [`${http.method} ${http.host}${http.path}`, ...Object.entries(http.headers).map(([name, value]) => `${name}: ${value}`)] : []),
    ...(http?.token ? [`token of ${http.token.subject} from ${http.token.issuer}`] : []),
    servicePort === undefined ? `port ${workloadPort}` : `Service port ${servicePort}, container port ${workloadPort}`,
  ];
  return parts.join(', ');
}

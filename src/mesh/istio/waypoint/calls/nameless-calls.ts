import { memoize } from '../../../../base/memoize.ts';
import type { Surroundings } from '../../../adapter.ts';
import type { ConfigView } from '../../../views.ts';
import { serves } from './asleep.ts';
import type { Family } from './family.ts';
import { withoutIdentity } from '../../policy/identity-fields.ts';
import { asksWhoCalls } from '../../policy/policy-fields.ts';
import { always, decidingByCaller, type Decides } from './nameless-there.ts';
import { mayCall } from './old-sidecars.ts';
import { leftAlone, type LeftAlone } from '../../settings/outbound-ports.ts';
import { lacksHbone } from '../../vocabulary/pod-mode.ts';
import { spend } from '../../../../base/effort.ts';
import { everywhere, ofEach, question } from './question.ts';
import { callingFrom, toldTo, untoldAt, type ToldTo } from './told-services.ts';
import type { As } from './targets.ts';
import { declaredCallers } from '../callers.ts';
import { isExit } from '../exit/route.ts';
import { namespaceCallers } from '../namespace-callers.ts';

/*
 * ztunnel sends every call with the identity of its caller. A sidecar does not: the address of a pod it calls in plaintext (PassthroughCluster), and so pods in
 * ambient behind a headless Service (istio/istio#54921), and what a template has it leave alone it never sees.
 */

/** A policy that decides by who calls, and what becomes of that for calls from the namespace that gets sidecars. */
export interface Nameless {
  readonly namespace: string;
  readonly policy: ConfigView;
  /** Whether something that it refuses may get through then; else it refuses what it lets through. */
  readonly effect: 'Opens' | 'Refuses';
  /** The pods, and workloads between two of theirs. */
  readonly pods: readonly string[];
  /** Whose these are. */
  readonly families: readonly Family[];
  /** Why such calls come in plaintext. */
  readonly how: string;
  /** Whether it is over once the called have sidecars. */
  readonly passes: boolean;
  /** Whether it is by a headless Service, and because its pods are in ambient. */
  readonly headless: boolean;
  /** How it is known who calls there, or why nobody knows. */
  readonly called: string;
  /** Whether it is known that the namespace does. */
  readonly known: boolean;
}

/** What the sidecars of a namespace would not take of its calls. */
const leftAloneBy = question<readonly LeftAlone[]>({
  ask: (there) => {
    const found = callingFrom(there).flatMap((template) => leftAlone(template, there.mesh));
    return [...new Map(found.map((each) => [JSON.stringify(each), each])).values()];
  },
  otherwise: () => [{ because: { annotation: 'annotations that take more steps to read than one look may take,' } }],
});

const byAddress = always('by the address of a pod');

type Uncalled = Omit<Nameless, 'called' | 'known'>;

/** What becomes of a policy of a namespace for calls from `home`. */
function ofPolicy({ policy, at }: Decides, namespace: string, home: string): readonly Uncalled[] {
  const effects = withoutIdentity(policy, home);
  if (effects.size === 0) return [];
  return at.flatMap(({ pods, families, getsIn, plaintext }): readonly Uncalled[] => {
    // What its own pods get through to so is found by the comparison of what policies let through.
    if (effects.has('Opens') && getsIn && namespace !== home)
      return [{ namespace, pods, families, policy, effect: 'Opens', ...(plaintext ?? byAddress), passes: false }];
    return effects.has('Refuses') && plaintext !== undefined
      ? [{ namespace, pods, families, policy, effect: 'Refuses', ...plaintext }]
      : [];
  });
}

function ofStrict({ policy, at }: Decides, namespace: string): readonly Uncalled[] {
  return at.flatMap(({ pods, families, plaintext }): readonly Uncalled[] =>
    plaintext === undefined ? [] : [{ namespace, pods, families, policy, effect: 'Refuses', ...plaintext }],
  );
}

/** Who calls, and what his sidecars would not take, or not know. */
interface Caller {
  readonly home: string;
  readonly leftAlone: readonly LeftAlone[];
  /** Absent where it is not asked for. */
  readonly told?: ToldTo;
}

const callerOf = memoize((surroundings: Surroundings): Caller => ({
  home: surroundings.namespace.name,
  leftAlone: leftAloneBy(surroundings, undefined),
  told: toldTo(surroundings, undefined),
}));

/** The same with what keeps his sidecars from being told of a Service. */
function inWords(at: Decides['at'], whys: ReadonlyMap<string, string>): Decides['at'] {
  if (whys.size === 0) return at;
  return at.map(({ plaintext, ...alike }) => {
    const why = whys.get(plaintext?.untold ?? '');
    if (plaintext === undefined || why === undefined) return { plaintext, ...alike };
    return { ...alike, plaintext: always(`${plaintext.how}, of which ${why} keeps sidecars here from being told`) };
  });
}

/** What his calls to a namespace lose, as what it is looked at. */
function namelessAt(there: Surroundings, { home, leftAlone, told }: Caller, as: As): readonly Uncalled[] {
  const { name } = there.namespace;
  const untold = as === 'Old' || told === undefined ? [] : untoldAt(there, told);
  const { policies, strict } = decidingByCaller(there, {
    as,
    leftAlone: as === 'Old' ? [] : leftAlone,
    untold: untold.length > 0 && untold.length === there.services.length ? 'All' : untold.map(({ service }) => service),
    isItself: name === home,
  });
  const whys = new Map(untold.map(({ service, why }) => [service, why]));
  spend(1 + (policies.length + strict.length + untold.length) / 8);
  return [
    ...policies.flatMap(({ policy, at }) => ofPolicy({ policy, at: inWords(at, whys) }, name, home)),
    ...strict.flatMap(({ policy, at }) => ofStrict({ policy, at: inWords(at, whys) }, name)),
  ];
}

/**
 * How it is known that it may come to that: who is refused by name is not asked for, unless the user says that he does
 * not call.
 */
function calledSo(
  { effect, namespace }: Uncalled,
  surroundings: Surroundings,
): Pick<Nameless, 'called' | 'known'> | undefined {
  const callers = namespaceCallers(namespace, surroundings);
  const how = mayCall(surroundings, callers);
  const known = how !== undefined && callers.kind === 'Known';
  if (effect === 'Opens' && declaredCallers(namespace, surroundings.spec.callers) === undefined)
    return { called: 'spec.callers does not say who calls there', known };
  return how === undefined ? undefined : { called: how, known };
}

function lostAt(
  names: readonly string[],
  surroundings: Surroundings,
  as: As,
  mayLose: (there: Surroundings) => boolean = () => true,
  caller = callerOf(surroundings),
): readonly Nameless[] {
  return ofEach(names, surroundings, (there) =>
    (mayLose(there) ? namelessAt(there, caller, as) : []).flatMap((each) => {
      const called = calledSo(each, surroundings);
      return called === undefined ? [] : [{ ...each, ...called }];
    }),
  );
}

/** What becomes of calls into some namespaces. */
export function callsTo(names: readonly string[], surroundings: Surroundings): readonly Nameless[] {
  return lostAt(names, surroundings, 'TheyAre');
}

/**
 * Everything that the namespace may call, itself among it, and that decides by an identity which its calls would not
 * carry once it has sidecars.
 */
export const namelessCalls: (surroundings: Surroundings) => readonly Nameless[] = memoize(
  (surroundings: Surroundings) => (isExit(surroundings.route) ? callsTo(everywhere(surroundings), surroundings) : []),
);

const hasHeadless = question<boolean>({
  ask: (there) => there.services().some(({ headless }) => headless),
  otherwise: () => true,
});

/** What becomes of calls from sidecars here by headless Services of these namespaces, whose pods are in ambient. */
export function callsByHeadless(names: readonly string[], surroundings: Surroundings): readonly Nameless[] {
  const all = lostAt(names, surroundings, 'TheyAre', (there) => hasHeadless(there, undefined));
  return all.filter(({ headless }) => headless);
}

/** Where policies stand that decide by who calls: the same list is looked through once, whoever asks. */
const homesOfDeciding = memoize(
  (policies: readonly ConfigView[]): ReadonlySet<string> =>
    new Set(policies.flatMap(({ namespace, spec }) => (asksWhoCalls(spec) ? [namespace] : []))),
);

/** The namespaces in which somebody decides by who calls; all of them where somebody does for the whole mesh. */
function deciders(names: readonly string[], { mesh }: Surroundings): readonly string[] {
  const homes = homesOfDeciding(mesh.configs('AuthorizationPolicy'));
  return homes.has(mesh.rootNamespace) ? names : names.filter((name) => homes.has(name));
}

function untaken(all: readonly Nameless[]): readonly Nameless[] {
  return all.filter(({ headless, how }) => !headless && how !== byAddress.how);
}

/**
 * What becomes of calls into these namespaces that are left alone. Everybody asks it of everybody, so whoever has no
 * policy that could tell is left out first.
 */
export function callsLeftAlone(
  left: readonly LeftAlone[],
  names: readonly string[],
  surroundings: Surroundings,
): readonly Nameless[] {
  const caller = { home: surroundings.namespace.name, leftAlone: left };
  return untaken(lostAt(deciders(names, surroundings), surroundings, 'TheyAre', undefined, caller));
}

/** The same of Services of which sidecars here would not be told. */
export function callsUntold(names: readonly string[], surroundings: Surroundings): readonly Nameless[] {
  const { home, told } = callerOf(surroundings);
  if (told === undefined) return [];
  const mayLose = (there: Surroundings): boolean => untoldAt(there, told).length > 0;
  const caller = { home, leftAlone: [], told };
  return untaken(lostAt(deciders(names, surroundings), surroundings, 'TheyAre', mayLose, caller));
}

/** What of sidecars here becomes of calls by headless Services into a namespace, were that in ambient. */
export function callsInto(name: string, surroundings: Surroundings): readonly Nameless[] {
  return lostAt([name], surroundings, 'InAmbient').filter(({ headless }) => headless);
}

const hasOld = question<boolean>({
  ask: (there) => there.pods().some((pod) => serves(pod) && lacksHbone(pod)),
  otherwise: () => true,
});

/** What becomes of calls from here, were these from ambient, to sidecars of these namespaces that take no HBONE. */
export function callsToOld(names: readonly string[], surroundings: Surroundings): readonly Nameless[] {
  return lostAt(names, surroundings, 'Old', (there) => hasOld(there, undefined));
}

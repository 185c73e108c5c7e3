import { listed } from '../../../base/counted.ts';
import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import type { ConfigView } from '../../views.ts';
import type { Family } from './calls/family.ts';
import { lostGoingBack, lostTo, type LostBack } from './calls/nameless-back.ts';
import { wasUnseen } from './calls/unseen-before.ts';
import { callersInAmbient, unseenBy, unseenHere } from './calls/unseen-callers.ts';
import { aroundBack } from './exit/around-back.ts';
import { asAllDeclare } from './all-declare.ts';
import { goesPast } from './callers.ts';
import { isExit } from './exit/route.ts';
import { waitsOf, type Waits } from './neighbour.ts';

/*
 * What would get through by going back, though it did not before the start, and what is said of those who go first: who is called or calls, where the two would
 * be in different data planes, is seen differently.
 */

/** What is said while others have to go first. */
export interface Words {
  /** What is not seen, up to the policies. */
  readonly see: string;
  /** What these do about it. */
  readonly ask: string;
  readonly first: string;
  readonly stay: string;
  /** What a person can do instead. */
  readonly otherwise: string;
  /** Whether those that the same migration can take back are taken along. */
  readonly takenAlong?: true;
  /** Whether it stays so whoever goes first. */
  readonly forGood?: true;
  /** Whether it is about who goes around a waypoint. */
  readonly around?: true;
}

const byIdentity = 'name the callers in the policy by principals, namespaces or serviceAccounts, or';
const byMutualTls = 'ask for mutual TLS there (PeerAuthentication STRICT), or';
const notCalled = 'if it does not call them, say so by naming their callers in spec.callers';
const notCalling = 'if they do not call it, say so by naming its callers in spec.callers';
const back = { first: 'get their sidecars back first', stay: 'stay in ambient' };
const out = { first: 'leave their sidecars first', stay: 'keep their sidecars' };
const headless = 'sidecars call pods in ambient behind headless Services without an identity';

const words = {
  CallersUnseen: {
    ...back,
    see: 'sidecars do not see where callers in ambient come from',
    ask: 'asks about',
    otherwise: `${byIdentity} ${notCalling}`.replace('or if', 'or, if'),
  },
  UnseenByCalled: {
    ...out,
    see: 'sidecars that it may call do not see where callers in ambient come from',
    ask: 'asks about',
    otherwise: `${byIdentity} ${notCalled}`.replace('or if', 'or, if'),
  },
  Called: {
    ...back,
    takenAlong: true,
    see: headless,
    ask: 'asks for',
    otherwise: `${byMutualTls} ${notCalled}`,
  },
  Callers: {
    ...out,
    see: headless,
    ask: 'asks for',
    otherwise: `${byMutualTls} ${notCalling}`,
  },
  Old: {
    ...out,
    see: 'ambient calls sidecars from before it was enabled without an identity',
    ask: 'asks for',
    stay: 'keep theirs',
    otherwise: `restart them (kubectl rollout restart), ${byMutualTls} ${notCalled}`,
  },
  Untaken: {
    ...back,
    forGood: true,
    see: 'sidecars would not take calls from here that ambient takes, or not know their Services, so they would come without an identity',
    ask: 'asks for',
    otherwise: `take out what has come since the start (excluded ports and ranges, Sidecar resources, exportTo, workloads there), ${byMutualTls} ${notCalled}`,
  },
  Around: {
    ...out,
    around: true,
    see: 'callers with sidecars go around the waypoint',
    ask: 'relies on',
    otherwise: `replace or delete what is left there with sidecars; or take the policies from the waypoint for as long; or, ${notCalling}`,
  },
} satisfies Readonly<Record<string, Words>>;

/** A pair of a policy and a namespace at the other end that opens something by going back. */
export interface Opening {
  readonly policy: ConfigView;
  readonly namespace: string;
  /** Who is called. */
  readonly families: readonly Family[];
  readonly words: Words;
  readonly how?: string;
}

function unseenPairs(surroundings: Surroundings): readonly Opening[] {
  if (isExit(surroundings.route)) {
    const called = unseenBy(surroundings).filter(
      ({ namespace, effect }) => effect === 'Opens' && namespace !== surroundings.namespace.name,
    );
    return called.map(({ namespace, policy, families }) => ({
      policy,
      namespace,
      families,
      words: words.UnseenByCalled,
    }));
  }
  const opens = goesPast(surroundings) ? unseenHere(surroundings).filter(({ effect }) => effect === 'Opens') : [];
  const callers = opens.length === 0 ? [] : [...callersInAmbient(surroundings).keys()];
  return opens.flatMap(({ policy, families }) =>
    callers.map((namespace) => ({ policy, namespace, families, words: words.CallersUnseen })),
  );
}

/** All of it that was not open before the start already. */
export const openingBack: (surroundings: Surroundings) => readonly Opening[] = memoize(
  (surroundings: Surroundings): readonly Opening[] => {
    const lost = lostGoingBack(surroundings).filter(
      // What nobody's going first would end holds none of which pods do not run.
      ({ effect, end }) => effect === 'Opens' && !(end === 'Untaken' && surroundings.failed === true),
    );
    const unseen = [...unseenPairs(surroundings), ...lost.map(({ end, ...each }) => ({ ...each, words: words[end] }))];
    const around = aroundBack(surroundings).map((each) => ({ ...each, families: [], words: words.Around }));
    return [...unseen.filter((each) => !wasUnseen(each, surroundings)), ...around];
  },
);

/** What opens in one way, told together. */
export interface Alike {
  readonly words: Words;
  /** At the other end. */
  readonly names: readonly string[];
  /** What is not seen, and by which policies. */
  readonly what: string;
  /** All of it, where nobody is waited for because it stays so. */
  readonly lasting: string | undefined;
}

/** Of the first of them, and all that are told in the same words. */
export function firstAlike([first, ...more]: readonly Opening[]): Alike | undefined {
  if (first === undefined) return undefined;
  const { words } = first;
  const alike = [first, ...more.filter((each) => each.words === words)];
  const policies = [...new Set(alike.map(({ policy }) => `${policy.namespace}/${policy.name}`))];
  const [kind, ...others] = new Set(alike.map(({ policy }) => policy.kind));
  const names = [...new Set(alike.map(({ namespace }) => namespace))];
  const what = `${words.see}, which ${others.length === 0 ? (kind ?? '') : 'policies'} ${listed(policies)} ${words.ask}`;
  const lasting = words.forGood === true ? `${what} in ${listed(names)}: ${words.otherwise}` : undefined;
  return { words, names, what, lasting };
}

/** Whether somebody takes a namespace back now. */
export function isGoingBack(name: string, { scope }: Surroundings): boolean {
  return scope?.goingBack().includes(name) === true || scope?.wayBack(name) === 'GoesBack';
}

/** The called of these that have to go back first, because something would get through. */
export function calledOpening(surroundings: Surroundings): readonly string[] {
  const called = openingBack(surroundings).filter(({ words: each }) => each === words.Called);
  return [...new Set(called.map(({ namespace }) => namespace))];
}

/**
 * Whether an order is asked for so that nothing is refused, or because it was let through before the start already;
 * not where the user accepts refusals. Of whom nobody knows whether he is called only an order counts, and nobody is
 * taken along.
 */
function isSoft(each: LostBack, surroundings: Surroundings): boolean {
  const { namespace, effect, known, end } = each;
  return (
    end !== 'Untaken' &&
    surroundings.spec.policies.refusals === 'Block' &&
    (effect === 'Refuses' || wasUnseen(each, surroundings)) &&
    (known || isGoingBack(namespace, surroundings))
  );
}

/**
 * Namespaces at the other end of calls that would only be refused for want of an identity: they go first where that can
 * be, and nobody waits for them for ever. Back to ambient it is the callers, as far as they go back.
 */
export function refusedNameless(surroundings: Surroundings): Waits {
  const soft = lostGoingBack(asAllDeclare(surroundings)).filter((each) => isSoft(each, surroundings));
  return waitsOf(goesPast(surroundings) ? soft : soft.filter(({ namespace }) => isGoingBack(namespace, surroundings)));
}

/** Whether calls into one namespace, which would go with it, lose what is decided by there. */
export function isLostAt(called: string, surroundings: Surroundings): boolean {
  const opens = (each: LostBack): boolean => each.effect === 'Opens' && !wasUnseen(each, surroundings);
  return (
    lostTo(called, surroundings).some(opens) ||
    lostTo(called, asAllDeclare(surroundings)).some((each) => isSoft(each, surroundings))
  );
}

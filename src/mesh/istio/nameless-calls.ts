import { memoize } from '../../base/memoize.ts';
import type { Surroundings } from '../adapter.ts';
import type { ConfigView } from '../views.ts';
import { withoutIdentity } from './findings/identity-fields.ts';
import { decidingByCaller, type Calling, type Decides, type Plaintext } from './nameless-there.ts';
import { mayCall } from './old-sidecars.ts';
import { leftAlone, type LeftAlone } from './outbound-ports.ts';
import { concerns } from './pod-mode.ts';
import { spend } from './policy/effort.ts';
import { everywhere, ofEach } from './question.ts';
import { declaredCallers, isGateway } from './waypoint/callers.ts';
import { isExit } from './waypoint/exit/route.ts';
import { namespaceCallers } from './waypoint/namespace-callers.ts';
import { willBeProtected } from './waypoint/other-pods.ts';

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
  /** Why such calls come in plaintext. */
  readonly how: string;
  /** Whether it is over once the called have sidecars. */
  readonly passes: boolean;
  /** How it is known who calls there, or why nobody knows. */
  readonly called: string;
}

/** What the sidecars of the namespace would not take of its calls. */
const leftAloneBy = memoize(({ pods, workloads, otherTemplates, mesh }: Surroundings): readonly LeftAlone[] => {
  const templates = [...workloads, ...otherTemplates]
    .filter(willBeProtected)
    .map(({ templateAnnotations }) => templateAnnotations);
  const unowned = pods
    .filter((pod) => concerns(pod) && !isGateway(pod) && pod.owner === undefined)
    .map(({ annotations }) => annotations);
  const found = [...templates, ...unowned].flatMap((annotations) => leftAlone({ annotations }, mesh));
  return [...new Map(found.map((each) => [JSON.stringify(each), each])).values()];
});

const byAddress: Plaintext = { how: 'by the address of a pod', passes: false };

type Uncalled = Omit<Nameless, 'called'>;

/** What becomes of a policy of a namespace for calls from `home`. */
function ofPolicy({ policy, at }: Decides, namespace: string, home: string): readonly Uncalled[] {
  const effects = withoutIdentity(policy, home);
  if (effects.size === 0) return [];
  return at.flatMap(({ pods, getsIn, plaintext }): readonly Uncalled[] => {
    // What its own pods get through to so is found by the comparison of what policies let through.
    if (effects.has('Opens') && getsIn && namespace !== home)
      return [{ namespace, pods, policy, effect: 'Opens', ...(plaintext ?? byAddress), passes: false }];
    return effects.has('Refuses') && plaintext !== undefined
      ? [{ namespace, pods, policy, effect: 'Refuses', ...plaintext }]
      : [];
  });
}

function ofStrict({ policy, at }: Decides, namespace: string): readonly Uncalled[] {
  return at.flatMap(({ pods, plaintext }): readonly Uncalled[] =>
    plaintext === undefined ? [] : [{ namespace, pods, policy, effect: 'Refuses', ...plaintext }],
  );
}

function namelessAt(there: Surroundings, home: string, calling: Omit<Calling, 'isItself'>): readonly Uncalled[] {
  const { name } = there.namespace;
  const { policies, strict } = decidingByCaller(there, { ...calling, isItself: name === home });
  spend(1 + (policies.length + strict.length) / 8);
  return [
    ...policies.flatMap((policy) => ofPolicy(policy, name, home)),
    ...strict.flatMap((policy) => ofStrict(policy, name)),
  ];
}

/**
 * How it is known that it may come to that: who is refused by name is not asked for, unless the user says that he does
 * not call.
 */
function calledSo({ effect, namespace }: Uncalled, surroundings: Surroundings): string | undefined {
  const declared = declaredCallers(namespace, surroundings.spec.callers);
  if (effect === 'Opens' && declared === undefined) return 'spec.callers does not say who calls there';
  return mayCall(surroundings, namespaceCallers(namespace, surroundings));
}

/** The same of some namespaces. */
export function namelessCallsTo(names: readonly string[], surroundings: Surroundings): readonly Nameless[] {
  if (!isExit(surroundings.route)) return [];
  const home = surroundings.namespace.name;
  const calling = { leftAlone: leftAloneBy(surroundings) };
  return ofEach(names, surroundings, (there) => {
    const found = namelessAt(there, home, calling);
    return found.flatMap((each) => {
      const called = calledSo(each, surroundings);
      return called === undefined ? [] : [{ ...each, called }];
    });
  });
}

/**
 * Everything that the namespace may call, itself among it, and that decides by an identity which its calls would not
 * carry once it has sidecars.
 */
export const namelessCalls: (surroundings: Surroundings) => readonly Nameless[] = memoize(
  (surroundings: Surroundings) => namelessCallsTo(everywhere(surroundings), surroundings),
);

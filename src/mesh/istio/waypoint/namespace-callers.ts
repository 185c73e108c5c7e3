import type { NamespaceCallers, Surroundings } from '../../adapter.ts';
import type { ConfigView } from '../../views.ts';
import { concerns } from '../vocabulary/pod-mode.ts';
import { bounded, spend } from '../../../base/effort.ts';
import { parsed } from '../policy/parsed.ts';
import { selecting } from '../policy/selecting.ts';
import type { ServiceFacts } from '../policy/translate/world.ts';
import type { Attachment } from '../policy/types.ts';
import { filled } from './calls/question.ts';
import { declaredCallers, isGateway, type Caller } from './callers.ts';
import { chosenWaypoint } from './chosen.ts';
import { makesGateway } from '../vocabulary/gateway-pods.ts';
import { askedOf } from './neighbour.ts';
import { callersNamedBy, namespacesNamedBy, type NamedNamespaces } from './named-callers.ts';
import { isNeverTaken } from './never-taken.ts';
import { fromMetrics } from './observed.ts';
import { rememberedIn } from './remembered-callers.ts';
import { originalPolicies } from './world.ts';

type Labels = Readonly<Record<string, string>>;

/**
 * Labels of everything in a namespace that can be called by its own address: what runs, and what its templates would
 * start.
 */
function callable({ pods, workloads, otherTemplates }: Surroundings): readonly Labels[] {
  const running = pods.filter((pod) => concerns(pod) && !pod.finished && !isGateway(pod)).map(({ labels }) => labels);
  const templates = [...workloads, ...otherTemplates]
    .filter((template) => !makesGateway(template) && !isNeverTaken(template))
    .map(({ templateLabels }) => templateLabels);
  return [...running, ...templates];
}

/** The ALLOW policies of a namespace that select pods, each with what it selects by and whom it lets through. */
function allowing(
  there: Surroundings,
): readonly (NamedNamespaces & Pick<Attachment, 'selector'> & { readonly config: ConfigView })[] {
  return originalPolicies(there).flatMap((config) => {
    const [policy, named] = [parsed(config), namespacesNamedBy(config)];
    return policy?.kind === 'AuthorizationPolicy' && policy.targetRefs.length === 0 && named !== undefined
      ? [{ ...named, config, ...(policy.selector && { selector: policy.selector }) }]
      : [];
  });
}

type Told = NamespaceCallers & { readonly named?: ReadonlySet<string> };

/**
 * Whom the ALLOW policies let through, if each pod has one and each of their rules names them: whoever else calls is
 * refused, known or not. `named`: those whom they name beside what leaves open who else calls.
 */
function byPolicies(there: Surroundings): Told {
  const pods = callable(there);
  if (pods.length === 0) return { kind: 'Unknown', why: 'it has no pods whose policies could tell' };
  const select = selecting(pods, spend);
  const [covered, namespaces] = [new Set<number>(), new Set<string>()];
  let open = false;
  for (const { selector, config, namespaces: named, open: isOpen } of allowing(there)) {
    const selected = select(selector);
    if (selected.length === 0) continue;
    spend((selected.length + named.size) / 8);
    for (const place of selected) covered.add(place);
    for (const namespace of named) namespaces.add(namespace);
    if (isOpen) for (const { namespace } of callersNamedBy(config)) namespaces.add(namespace);
    open ||= isOpen;
  }
  if (open || covered.size < pods.length)
    return { kind: 'Unknown', why: 'its ALLOW policies do not name the callers of all its pods', named: namespaces };
  return known(namespaces, 'its ALLOW policies');
}

/**
 * The metrics of everything in the namespace together: one workload of which they tell nothing may be called by
 * anybody.
 */
function byMetrics(there: Surroundings): NamespaceCallers | undefined {
  const { name } = there.namespace;
  const everything: ServiceFacts = { ...emptyService, namespace: name };
  const seen = fromMetrics(everything, there);
  return seen?.kind === 'Known' ? { ...known(namespacesOf(seen.callers), seen.from), seen: true } : seen;
}

const emptyService: ServiceFacts = {
  namespace: '',
  name: '',
  labels: {},
  headless: false,
  externalName: false,
  selector: {},
  ports: [],
};

function known(namespaces: Iterable<string>, from: string): Extract<NamespaceCallers, { readonly kind: 'Known' }> {
  return { kind: 'Known', namespaces: [...new Set(namespaces)].sort(), from };
}

function namespacesOf(callers: readonly Caller[]): readonly string[] {
  return callers.map(({ namespace }) => namespace);
}

/**
 * Which namespaces call a namespace, by what the user declared, else by the ALLOW policies of its pods, else by
 * metrics. Unknown means that everybody may.
 */
export function namespaceCallers(namespace: string, surroundings: Surroundings): NamespaceCallers {
  const declared = declaredCallers(namespace, surroundings.spec.callers);
  if (declared !== undefined) return known(namespacesOf(declared.callers), declared.from);
  if (namespace === surroundings.namespace.name) return callersIn(surroundings);
  return askedOf<NamespaceCallers>(surroundings, namespace, callersIn, (why) => ({ kind: 'Unknown', why }));
}

/** Of one namespace: it may be anybody's, and everybody asks. */
const steps = 200_000;

/** Everything that decides who calls a namespace: the same things, the same answer. */
function decisive(there: Surroundings): readonly unknown[] {
  const {
    mesh,
    namespace: { name },
    route,
    itinerary,
    pods,
    workloads,
    otherTemplates,
    scope,
  } = there;
  const observed = mesh.observedCallers?.(name);
  return [
    name,
    pods,
    ...[name, mesh.rootNamespace].map((home) => mesh.configs('AuthorizationPolicy', home)),
    workloads,
    otherTemplates,
    route.from,
    itinerary !== undefined,
    observed?.kind,
    observed?.kind === 'Observed' && observed.workloads,
    observed !== undefined && 'window' in observed && observed.window,
    chosenWaypoint(there).serviceAccount,
    scope?.callersBefore(name),
  ];
}

const answers = new WeakMap<
  readonly unknown[],
  { readonly from: readonly unknown[]; readonly answer: NamespaceCallers }
>();

/** Worked out once for as long as all stays as it is. */
function callersIn(there: Surroundings): NamespaceCallers {
  const from = decisive(there);
  const key = filled(there);
  const before = answers.get(key);
  if (before?.from.every((each, at) => each === from[at]) === true) return before.answer;
  const found = bounded(steps, () => workedOut(there));
  const answer: NamespaceCallers =
    found.kind === 'Done'
      ? found.value
      : {
          kind: 'Unknown',
          why: `who calls ${there.namespace.name} takes more steps to work out than one look may take`,
        };
  answers.set(key, { from, answer });
  return answer;
}

/** Those who were known at its start. */
function before(there: Surroundings): readonly string[] {
  return rememberedIn(there.namespace.name, there).flatMap(({ callers }) => namespacesOf(callers));
}

function workedOut(there: Surroundings): NamespaceCallers {
  const told = byPolicies(there);
  if (told.kind === 'Known') return told;
  const { named = [], why } = told;
  const seen = byMetrics(there);
  switch (seen?.kind) {
    case undefined:
      return { kind: 'Unknown', why };
    case 'Unknown':
      return { kind: 'Unknown', why: `${why}; ${seen.why}` };
    case 'Known':
      return { ...seen, namespaces: [...new Set([...seen.namespaces, ...named, ...before(there)])].sort() };
  }
}

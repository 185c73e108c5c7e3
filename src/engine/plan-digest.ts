import type { MeshMigrationSpec } from '../api/mesh-migration-spec.ts';
import { Policies, Restart, Rollback } from '../api/mesh-migration-options.ts';
import type { ItineraryName } from '../api/namespace-migration.ts';
import type { LabelTargets, StepPlan } from '../mesh/adapter.ts';
import { hexOf } from '../base/sha256.ts';
import type { Manifest } from '../mesh/manifest.ts';
import { saidByAcceptance, saidByAcknowledgement, type Answered } from '../mesh/named.ts';
import { marksIn } from '../mesh/marks.ts';
import { orderedText } from '../mesh/seal.ts';
import type { WatchedKind } from '../mesh/watched-kind.ts';
import { digestFrom } from '../plan/digest.ts';
import type { Situation } from './situation.ts';

/** What was chosen for a namespace that is not started. */
export interface Chosen {
  readonly itinerary: ItineraryName;
  readonly waypoint: string | undefined;
  readonly labels: LabelTargets;
  readonly steps: readonly StepPlan[];
}

/** How the steps are gone, as far as the spec of a migration says it. */
function saidOf({
  policies,
  restart,
  rollback,
}: Pick<MeshMigrationSpec, 'policies' | 'restart' | 'rollback'>): Readonly<Record<string, unknown>> {
  return {
    bypass: policies.bypass,
    settle: policies.settle,
    refusals: policies.refusals,
    first: restart.hbone,
    watch: restart.watch,
    progressDeadline: restart.progressDeadline,
    enrolmentDeadline: restart.enrolmentDeadline,
    maxUnavailable: restart.maxUnavailablePerWorkload,
    automatic: rollback.automatic,
  };
}

/** Where nobody says anything. */
const usual = saidOf({
  policies: Policies.parse({}),
  restart: Restart.parse({}),
  rollback: Rollback.parse({}),
});

/** As many characters as tell two texts apart that somebody has chosen to look alike: he writes policies of both. */
const partLength = 32;

function partOf(value: object): string {
  return hexOf(orderedText(value)).slice(0, partLength);
}

/** What one of them is and says; without it where it is wanted, which no plan knows. */
function said({ resource, object, follows = '' }: Manifest): object {
  const { group, plural } = resource;
  const { metadata, ...body } = object;
  return { group, plural, name: metadata.name, annotations: metadata.annotations ?? {}, follows, body };
}

/**
 * What the steps would make, by their order; the sentence instead where that cannot be told. As it is seen before the
 * start, which the checks have worked out already.
 */
function madeBy({ steps }: Chosen, { surroundings }: Situation): object {
  return steps.flatMap(({ name, work }) => {
    if (work.kind !== 'Apply') return [];
    const made = work.objects(surroundings);
    return [[name, typeof made === 'string' ? made : made.map(said)]];
  });
}

/** Kinds of which the owner of a namespace says what is to hold in it, all of which is looked at. */
function stated({ adapter }: Situation): readonly WatchedKind[] {
  return adapter.watched.filter(({ resource, namespace, keep, isOwn, isInstance }) => {
    const isPartial = keep !== undefined || isOwn === true || isInstance === true;
    return resource.namespaced && namespace === 'All' && !isPartial;
  });
}

/**
 * The namespace's own policies and routes, with what decides about them beside their specs: whoever edits one may change
 * what is refused, whatever is warned of.
 */
function ownObjects(situation: Situation): readonly string[] {
  const { mesh, namespace } = situation.surroundings;
  return stated(situation)
    .flatMap(({ kind, marks = [] }) => mesh.configs(kind, namespace.name).map((object) => ({ object, marks })))
    .map(({ object, marks }) => `${object.kind} ${object.name} ${orderedText(object.spec)}${marksIn(object, marks)}`)
    .sort();
}

function textOf({ id, object }: Pick<Answered, 'id' | 'object'>): string {
  return `${id} ${object}`;
}

/**
 * What was said that may be about a namespace, whatever is found of it, and for as long as it stands in the spec: that
 * its time is over is no other plan.
 */
function standing({ spec: { accept, acknowledge }, surroundings }: Situation): readonly string[] {
  const { name } = surroundings.namespace;
  const here = acknowledge.filter(({ namespace = name }) => namespace === name);
  return [...accept.map(saidByAcceptance), ...here.map(saidByAcknowledgement)].map(textOf);
}

/** What somebody has answered for: only what would block without, or strangers would void a plan by what only warns. */
function answersOf(answered: readonly Answered[], by: Answered['by']): readonly string[] {
  return answered.filter((each) => each.by === by).map(textOf);
}

/** The labels that steps set, and on which Services. */
function labelled({ steps }: Chosen, { surroundings }: Situation): object {
  return steps.flatMap(({ work }) => {
    if (work.kind === 'BindServices') return [[work.targets, work.services(surroundings)]];
    return 'targets' in work ? [[work.targets]] : [];
  });
}

/** What the spec says of this namespace alone. */
function ownEntries({ spec: { callers, policies }, surroundings: { namespace } }: Situation): object {
  const isOwn = (entry: { readonly namespace: string }): boolean => entry.namespace === namespace.name;
  const [called, direct] = [callers.filter(isOwn), policies.direct.filter(isOwn)];
  return { ...(called.length > 0 && { callers: called }), ...(direct.length > 0 && { direct }) };
}

/**
 * How the steps are gone, where the spec says something else than it does by itself: what keeps it from being started,
 * who is waited for and who is refused, what is restarted before all else, for how long proxies get to learn what
 * protects, and what has it go on or back.
 */
function manner(situation: Situation, { itinerary }: Chosen): object {
  const { spec } = situation;
  const unusual = Object.entries(saidOf(spec)).filter(
    ([name, value]) => value !== usual[name] && (name !== 'bypass' || itinerary === 'L7'),
  );
  const { gates } = spec;
  return { ...Object.fromEntries(unusual), ...ownEntries(situation), ...(gates.length > 0 && { gates }) };
}

/**
 * What the plan of a namespace consists of, as far as somebody approves of it: its steps with the labels that they set and how they are gone,
 * the objects that are made and those of its owner that they are made from, and what was answered for. Not what changes
 * while nothing is decided anew: pods, jobs, versions, times, the order of restarts, nor what others have. So no
 * warnings: they name pods, and come and go.
 */
export function planDigest(situation: Situation, chosen: Chosen, answered: readonly Answered[]): string {
  const { itinerary, waypoint = '', labels, steps } = chosen;
  const names = steps.map(({ name }) => name);
  return digestFrom({
    steps: partOf({
      itinerary,
      waypoint,
      labels,
      labelled: labelled(chosen, situation),
      names,
      ...manner(situation, chosen),
    }),
    objects: partOf({ made: madeBy(chosen, situation), own: ownObjects(situation) }),
    answers: answersOf(answered, 'Own'),
    standing: standing(situation),
    ofOthers: answersOf(answered, 'Others'),
  });
}

import type { Finding, Severity } from '../../api/common.ts';
import type { FindingsWhen, MeshAdapter, Surroundings } from '../adapter.ts';
import { internalErrorId } from '../internal-error.ts';
import { fewFindings } from '../few-findings.ts';
import type { Hold } from '../others.ts';
import { memoize } from '../../base/memoize.ts';
import { podsOwnedBy } from '../look-up.ts';
import type { WorkloadView } from '../views.ts';
import { isOfOthers, ownerOf } from './settings/accepted.ts';
import { meshRules } from './findings/mesh.ts';
import { asBack, isAskedBack } from './findings/asked-back.ts';
import type { Found, Rule } from './findings/rule.ts';
import { foundGuarded } from './findings/guarded-rules.ts';
import { onlyRestarts } from './waypoint/choose.ts';
import { unknownMesh } from './waypoint/unknown-mesh.ts';
import { semanticRules } from './rules.ts';

/**
 * What is asked of a namespace that stays and is only restarted: whether its pods come back, with a sidecar that runs,
 * and what that sidecar does not see any more.
 */
const restartRules: readonly string[] = [
  internalErrorId,
  'MM014',
  'MM054',
  'MM055',
  'MM056',
  'MM057',
  'MM061',
  'MM096',
  'MM097',
  'MM117',
  'MM121',
  'MM123',
];

const weight: Record<Severity, number> = { Critical: 0, Warning: 1, Info: 2 };

function isAsked(rule: Rule, { route: { from, to } }: Surroundings): boolean {
  return from !== 'None' || to !== 'IstioSidecar' || !semanticRules.includes(rule) || meshRules.includes(rule);
}

/** Whether something critical that is asked at all moments is so in spite of what it depends on. */
function countsStill({ others, rolling }: Found, when: FindingsWhen): boolean {
  if (others === 'Stays') return true;
  return when === 'AtRest' && (others === 'Protects' || rolling === true);
}

/**
 * Once a namespace is started, others take nobody back and stall nobody by what they have in theirs; nor does what is
 * only told then.
 */
export function asOf(found: Found, when: FindingsWhen, { when: asked }: Pick<Rule, 'when'>): Finding {
  const { finding, others, rolling } = found;
  const isOwn = others === undefined && rolling !== true;
  const counts =
    when === 'Start' || finding.id === internalErrorId || (asked === 'Always' && (isOwn || countsStill(found, when)));
  return counts || finding.severity !== 'Critical' ? finding : { ...finding, severity: 'Warning' };
}

/**
 * Strangers' objects that are told of one by one, for each of their namespaces and each check, before those of anybody
 * else have their turn.
 */
const mostOfStranger = 10;

/** Critical ones first, and of these first what is not about a stranger's object: nobody hides that by making many. */
function inOrder(
  findings: readonly Finding[],
  isAnswered: (finding: Finding) => boolean,
  surroundings: Surroundings,
): readonly Finding[] {
  const owners = new Map(findings.map((finding) => [finding, ownerOf(finding, surroundings)]));
  const place = (finding: Finding): number =>
    weight[finding.severity] * 2 + (owners.get(finding) === undefined ? 0 : 1);
  const sorted = findings.toSorted((a, b) => place(a) - place(b));
  const ofOwner = Map.groupBy(
    sorted.filter((finding) => owners.get(finding) !== undefined),
    (finding) => `${finding.id} ${owners.get(finding) ?? ''}`,
  );
  const late = new Set([...ofOwner.values()].flatMap((same) => same.slice(mostOfStranger)));
  return fewFindings(sorted, isAnswered, late);
}

/** The namespace as if it had this workload only: as it runs, and as its next pods would be. */
function only(surroundings: Surroundings, workload: WorkloadView): Surroundings {
  const pods = podsOwnedBy(workload, surroundings.pods);
  return {
    ...surroundings,
    pods,
    workloads: [workload, { ...workload, replicas: 0 }],
    otherTemplates: [],
    alone: true,
  };
}

/** What is found first of the namespace as if it had one of its workloads only. */
function firstOf<T>(surroundings: Surroundings, ask: (alone: Surroundings) => T | undefined): T | undefined {
  for (const workload of surroundings.workloads) {
    const found = ask(only(surroundings, workload));
    if (found !== undefined) return found;
  }
  return undefined;
}

type When = readonly Rule['when'][];

/*
 * What the way back asks besides what is asked while it moves. What its pods refuse still a workload refuses until it is
 * restarted, whoever is back already; what only labels do is done by then.
 */
const whenBack: When = ['BeforeFlip', 'BeforeRestart', 'Always'];
const whenRestarted: When = ['BeforeRestart', 'Always'];
const whenFailed: When = ['BeforeRestart'];

/** What is critical of what some rules ask at these moments. */
function criticalOf(catalogue: readonly Rule[], surroundings: Surroundings, ...when: When): Hold | undefined {
  for (const rule of catalogue.filter((each) => when.includes(each.when) && isAsked(each, surroundings))) {
    const critical = foundGuarded(rule, surroundings).find(
      ({ finding, others }) => finding.severity === 'Critical' && others !== 'Noted',
    );
    if (critical !== undefined) return { finding: critical.finding, others: critical.others !== undefined };
  }
  return undefined;
}

/** Whether it holds a way back, where a fault of ours holds nobody: it would never end. */
function holdsBack({ finding: { id, severity }, onlyThere }: Found): boolean {
  return severity === 'Critical' && id !== internalErrorId && onlyThere !== true;
}

/** The same of the way back. What is to pass holds no namespace that has failed, and no workload half-way. */
function criticalBack(
  catalogue: readonly Rule[],
  surroundings: Surroundings,
  passing: 'Holds' | 'Passes',
  ...when: When
): Finding | undefined {
  for (const rule of catalogue.filter((each) => isAskedBack(each) && when.includes(each.when))) {
    const critical = foundGuarded(asBack(rule), surroundings).find(
      (found) => holdsBack(found) && (passing === 'Holds' || found.passing !== true),
    );
    if (critical !== undefined) return critical.finding;
  }
  return undefined;
}

/**
 * What others have that protects somebody, and may come at any time: it takes nobody back, so it is asked before each
 * change that it forbids.
 */
function heldByOthers(catalogue: readonly Rule[], surroundings: Surroundings): Hold | undefined {
  for (const rule of catalogue.filter((each) => each.when === 'Always' && isAsked(each, surroundings))) {
    const held = foundGuarded(rule, surroundings).find(
      ({ finding, others, rolling }) =>
        finding.severity === 'Critical' && (rolling === true || (others !== undefined && others !== 'Noted')),
    );
    if (held !== undefined) return { finding: held.finding, others: true };
  }
  return undefined;
}

/** What is told of what was found, and whether somebody has answered for it. */
type Asked = Pick<Found, 'finding' | 'answered'>;

/** The checks that some rules make. */
export function checksOf(
  catalogue: readonly Rule[],
): Pick<
  MeshAdapter,
  'findings' | 'answered' | 'isUnknown' | 'isOfMesh' | 'isOfOthers' | 'unready' | 'unfit' | 'unreadyBack' | 'unfitBack'
> {
  /** All that is found, with what it depends on, however much is told. */
  const foundAt = (surroundings: Surroundings, when: FindingsWhen): readonly Asked[] => {
    const asked = onlyRestarts(surroundings) ? restartRules : undefined;
    // It is held meanwhile: a policy that may be none of the mesh, or mean something else, takes nobody back and is
    // not said to be in force or not.
    const isGuess = when !== 'Start' && unknownMesh(surroundings) !== undefined;
    return catalogue
      .filter(({ id }) => asked?.includes(id) !== false)
      .filter(
        (rule) => (when === 'Start' || rule.when === 'Always' || rule.lasts === true) && isAsked(rule, surroundings),
      )
      .filter((rule) => !isGuess || meshRules.includes(rule) || !semanticRules.includes(rule))
      .flatMap((rule) =>
        foundGuarded(rule, surroundings).map((each) => ({
          finding: asOf(each, when, rule),
          ...(each.answered && { answered: each.answered }),
        })),
      );
  };
  // Asked for what is told and for what is approved of, in one look.
  const foundAtStart = memoize((surroundings: Surroundings) => foundAt(surroundings, 'Start'));
  return {
    findings(surroundings, when) {
      const found = when === 'Start' ? foundAtStart(surroundings) : foundAt(surroundings, when);
      // What others have is told in their turn, whoever has accepted it: nobody hides by that what is another's.
      const own = new Set(found.filter(({ answered }) => answered?.by === 'Own').map(({ finding }) => finding));
      return inOrder(
        found.map(({ finding }) => finding),
        (finding) => own.has(finding),
        surroundings,
      );
    },
    answered: (surroundings) => foundAtStart(surroundings).flatMap(({ answered }) => answered ?? []),
    isUnknown: ({ id }) =>
      id === internalErrorId || catalogue.some((rule) => rule.id === id && rule.isUnknown === true),
    isOfMesh: ({ id }) => catalogue.some((rule) => rule.id === id && 'back' in rule && rule.back === 'AskedAnew'),
    isOfOthers,
    unready: (surroundings) =>
      heldByOthers(catalogue, surroundings) ??
      criticalOf(catalogue, surroundings, 'WhileMoving', 'BeforeFlip', 'BeforeRestart') ??
      firstOf(surroundings, (alone) => criticalOf(catalogue, alone, 'BeforeRestart')),
    unfit: (surroundings, workload) =>
      heldByOthers(catalogue, surroundings) ??
      criticalOf(catalogue, surroundings, 'WhileMoving') ??
      criticalOf(catalogue, only(surroundings, workload), 'BeforeRestart'),
    unreadyBack(surroundings, hasFailed, stood = false) {
      const mesh = criticalBack(catalogue, surroundings, hasFailed || stood ? 'Passes' : 'Holds', 'WhileMoving');
      if (mesh !== undefined || hasFailed) return mesh;
      return (
        criticalBack(catalogue, surroundings, 'Holds', ...whenBack) ??
        firstOf(surroundings, (alone) => criticalBack(catalogue, alone, 'Holds', 'BeforeRestart'))
      );
    },
    unfitBack: (surroundings, workload, hasFailed) =>
      criticalBack(catalogue, surroundings, 'Passes', 'WhileMoving') ??
      criticalBack(catalogue, only(surroundings, workload), 'Passes', ...(hasFailed ? whenFailed : whenRestarted)),
  };
}

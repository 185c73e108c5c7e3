import type { Finding, Severity } from '../../../api/common.ts';
import { printable } from '../../../base/printable.ts';
import { cutText } from '../../../base/cut-text.ts';
import type { Surroundings } from '../../adapter.ts';
import { saidByAcceptance, saidByAcknowledgement, type Answered } from '../../named.ts';
import { isOwnedByGateway } from '../vocabulary/gateway-pods.ts';
import { answerTo } from './acknowledged.ts';
import { acceptanceOf, entriesFor, isOfOthers, ownerOf, type Seen } from '../settings/accepted.ts';
import type { PodView, TemplateView } from '../../views.ts';

/** What a rule saw: the object it is about and what would happen to it. */
export interface Evidence {
  readonly object: string;
  readonly message: string;
  /** What to do about this very object, if it is more than what the rule says. */
  readonly fix?: string;
  /** If it is not that of the rule. */
  readonly severity?: Severity;
  /**
   * It is about what others have in their namespaces. Before the start somebody looks at it; later they must not take
   * this namespace back by it:
   * - `Noted`: nothing but routing is lost by going on, so it keeps nobody either.
   * - `Holds`: going on is not this namespace's alone to decide, so it stays where it is until that is gone.
   * - `Protects`: the same, because somebody would be let in, or refused. At rest too it is said that it is not in
   *   force.
   * - `Stays`: the same, and no other step is made either, because what these make depends on it. So is all that is
   *   said of an object in a namespace of others without a word here.
   */
  readonly others?: 'Noted' | 'Holds' | 'Protects' | 'Stays';
  /** It gets on by itself within moments: at rest, where nothing waits for it, it is not said. */
  readonly passing?: true;
  /** It is no reason to keep what has left this data plane from coming back to it: no pod would be in no mesh by it. */
  readonly onlyThere?: true;
  /**
   * The end of a rollout that is under way decides it: until then the namespace stays where it is, and is taken nowhere
   * by it.
   */
  readonly rolling?: true;
  /** What was looked at, where `spec.accept` may have it: what it becomes later is not accepted with it. */
  readonly seen?: Seen;
}

/** A finding, and what it depends on. */
export interface Found extends Pick<Evidence, 'others' | 'passing' | 'onlyThere' | 'rolling'> {
  readonly finding: Finding;
  /** It would be critical if nobody had answered for it. */
  readonly answered?: Answered;
}

interface Check {
  /** Stable; never given to another meaning. */
  readonly id: string;
  /** Heading in the catalogue. */
  readonly title: string;
  /**
   * What to do. A test does it to the examples of the rule, word by word, and nothing critical is left of them
   * (test/support/remedies).
   */
  readonly fix: string;
  /**
   * Of whom it is said that has no way there today, whatever he changes, and why: he is left out, and the others go on.
   * docs/findings.md says it in the same words.
   */
  readonly stays?: string;
  /**
   * It says that something cannot be worked out: on the way that holds the namespace where it is, and takes it nowhere.
   */
  readonly isUnknown?: true;
  /**
   * What it says stays true: it is told on the way and at rest too, as no more than a Warning. Without, what is asked at
   * the start only is about what is to come, and over with it.
   */
  readonly lasts?: true;
  /**
   * Kinds of objects that select the pods of a template of which it says something, and decide how bad that is: one
   * that has come since makes it another thing than it was at the start.
   */
  readonly decidedBy?: readonly string[];
  /** Nothing becomes allowed by it: something is refused, or lost, at most. Somebody may answer for it. */
  readonly isAcknowledgeable?: true;
  /** It is about who serves: what slept at the start served nobody, and is another thing once it wakes. */
  readonly aboutServing?: true;
  readonly find: (surroundings: Surroundings) => readonly Evidence[];
}

/**
 * Whether the way back asks it, which goes in the other direction and meets templates, pods and a mesh that may have
 * changed at rest; else why not. It is asked there as on the way there: `WhileMoving` before the labels go back and
 * before each restart, `BeforeFlip` and `BeforeRestart` before the labels too, unless the namespace has failed, and
 * `BeforeRestart` before each restart of that workload. `Always` is asked before the labels and before each restart of
 * that workload, unless it has failed, of what the namespace itself has. What is asked before the labels is asked until
 * the first workload is back, whoever has put the labels back meanwhile; `AskedToAmbient` only where sidecars end by it.
 * Nothing holds it that was so at the start (`asked-back.ts`), but for what is `AskedAnew`: how a mesh is doing says
 * nothing about how it did. At rest MM124 tells it.
 */
export type Back = 'Asked' | 'AskedAnew' | 'AskedToAmbient' | { readonly notAsked: string };

/**
 * One check. The table of them is the catalogue in docs/findings.md. All are asked at the start; what is critical there
 * is asked later too, unless its row says why it cannot come to matter, and unless it is about what others have
 * (`Evidence.others`):
 * - `Always`: on the way, where it sends the namespace back (or holds it, `isUnknown` and `others`), and at rest.
 * - `WhileMoving`: before the labels change and before each restart, which it holds up.
 * - `BeforeFlip`: before the labels change, which it holds up.
 * - `BeforeRestart`: the same, and before each restart of that workload.
 */
export type Rule = Check &
  (
    | { readonly severity: 'Critical'; readonly when: 'Always'; readonly back: Back }
    | {
        readonly severity: 'Critical';
        readonly when: 'WhileMoving' | 'BeforeFlip' | 'BeforeRestart';
        readonly back: Back;
      }
    | { readonly severity: 'Critical'; readonly when: 'Start'; readonly notOnTheWay: string }
    | { readonly severity: 'Warning' | 'Info'; readonly when: 'Start' | 'Always' }
  );

const none = { kind: 'None' } as const;

/** Characters of a message that a status has room for; what is left out is not read either. */
const longest = 1024;

/** How a critical finding is told. */
interface Judged {
  readonly severity: Severity;
  readonly before: string;
  readonly after: string;
  readonly answered?: Answered;
}

/**
 * What the platform team has accepted of objects of others, and what it answers for of what is refused or lost in the
 * namespace itself.
 */
function accepted({ id, isAcknowledgeable }: Rule, evidence: Evidence, surroundings: Surroundings): Judged {
  const { object, others, seen } = evidence;
  const subject = { id, object, binds: others !== 'Noted', seen };
  const isTheirs = ownerOf(evidence, surroundings) !== undefined;
  const found = acceptanceOf(subject, surroundings.spec, isTheirs);
  if (found.kind === 'Accepted') {
    const answered: Answered = { ...saidByAcceptance(found.entry), by: 'Others' };
    return { severity: 'Warning', before: 'accepted by spec.accept: ', after: '', answered };
  }
  const answer =
    (!isTheirs || others === undefined) && isAcknowledgeable ? answerTo({ id, object }, surroundings) : none;
  if (answer.kind === 'Acknowledged') {
    // Where it is about calls of others, these decide when there is something to answer for.
    const answered: Answered =
      others === undefined ? { id, object, by: 'Own' } : { ...saidByAcknowledgement(answer.entry), by: 'Others' };
    return { severity: 'Warning', before: answer.said, after: '', answered };
  }
  const inVain = found.kind === 'InVain' ? `spec.accept names it, but ${found.but}: ` : '';
  return {
    severity: 'Critical',
    before: answer.kind === 'Blocks' ? answer.said : inVain,
    after: isTheirs ? entriesFor(subject) : '',
  };
}

/** The findings of a rule, cut to what the API admits: a status that is refused could not even record a failure. */
export function found(rule: Rule, surroundings: Surroundings): readonly Found[] {
  return rule.find(surroundings).map((evidence) => {
    const { object, message, fix = rule.fix, severity: own = rule.severity } = evidence;
    const { passing, onlyThere, rolling } = evidence;
    const others = evidence.others ?? (isOfOthers(evidence, surroundings) ? 'Stays' : undefined);
    const judged: Judged =
      own === 'Critical' ? accepted(rule, evidence, surroundings) : { severity: own, before: '', after: '' };
    const { severity, before, after, answered } = judged;
    const finding: Finding = {
      id: rule.id,
      severity,
      object: printable(object).slice(0, 512),
      message: printable(`${before}${message}`.slice(0, longest)).slice(0, longest),
      fix: cutText(printable(`${fix}${after}`), 1024, `. All of it: docs/findings.md, ${rule.id}`),
    };
    return {
      finding,
      ...(answered && { answered }),
      ...(others !== undefined && { others }),
      ...(passing && { passing }),
      ...(onlyThere && { onlyThere }),
      ...(rolling && { rolling }),
    };
  });
}

/** What a rule finds before the start. */
export function apply(rule: Rule, surroundings: Surroundings): readonly Finding[] {
  return found(rule, surroundings).map(({ finding }) => finding);
}

/** Templates of which no pod need be there: a data plane takes the pods that come of them all the same. */
export function asleepIn({ workloads, otherTemplates }: Surroundings): readonly TemplateView[] {
  const sleeping = workloads.filter((workload) => workload.replicas === 0 && !isOwnedByGateway(workload));
  return [...sleeping, ...otherTemplates].filter(({ hostNetwork }) => hostNetwork !== true);
}

/** Whether it blocks that a request would be refused which gets through today, by `spec.policies.refusals`. */
export function severityOfRefusals({ spec }: Surroundings): Severity {
  return spec.policies.refusals === 'Block' ? 'Critical' : 'Warning';
}

/** Names of some pods, so that a message stays short. */
export function some(pods: readonly Pick<PodView, 'name'>[]): string {
  const names = pods
    .slice(0, 3)
    .map((pod) => pod.name)
    .join(', ');
  return pods.length > 3 ? `${names} and ${pods.length - 3} more` : names;
}

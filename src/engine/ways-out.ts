import type { Finding } from '../api/common.ts';
import { cutText } from '../base/cut-text.ts';
import { commandLine, type CommandName, type Place } from './command-lines.ts';
import { blanks, trimmedEnd } from '../base/trimmed.ts';
import { gateWaysOut } from './gate-ways-out.ts';

/** What a reason means and how one gets away from it. */
interface WayOut {
  readonly meaning: string;
  /** What to do. Where there is a command: what it is for, said right before it. */
  readonly remedy: string;
  /** Ends the message. Absent where no command helps, or where the message names one of its own. */
  readonly command?: CommandName;
}

const table = {
  ApprovalRequired: {
    meaning:
      'Whatever could be started needs somebody to approve of its plan (spec.approval): nobody has yet, or it changed since.',
    remedy: 'Look at what is planned, then add the hash that the message names to spec.approval.plans. The plans',
    command: 'List',
  },
  CallersRefused: {
    meaning:
      'The namespace has moved behind its waypoint, and callers with sidecars, which do not use waypoints, are refused, or will be with their next pods (a CronJob between two runs); or what a policy lets in is, because it waits for a Service that is not there.',
    remedy: 'Migrate these callers, or roll this namespace back; it clears by itself. If they are to be refused',
    command: 'AcceptRefusals',
  },
  CannotBeBound: {
    meaning: 'A Service cannot be bound to the waypoint any more: an object that it was planned from has changed.',
    remedy: 'Repair the object that the message names.',
  },
  CannotBeMade: {
    meaning: 'A policy was edited so that it has no exact copy any more. The copies of before decide on.',
    remedy: 'Repair the policy that the message names.',
  },
  CriticalFinding: {
    meaning: 'A policy or another object appeared on the way that the new data plane cannot do.',
    remedy: 'Do what docs/findings.md says of the finding, then start again',
    command: 'GoOn',
  },
  FailureBudgetExceeded: {
    meaning: 'More namespaces failed than spec.failureBudget.namespaces allows, so no further one is started.',
    remedy: 'Repair and retry those that failed, or raise the budget. Which they are',
    command: 'List',
  },
  ForeignChange: {
    meaning: 'Somebody else changed what the migration holds: a label, an object of the operator, a template.',
    remedy:
      'Do what the message says: put it back, delete the edited copy, or settle who owns the label and go on with it as it is.',
  },
  Frozen: {
    meaning:
      'Somebody has given the MeshMigration, or this namespace, the annotation that freezes it: what has not begun is not started. What has goes on.',
    remedy: 'Find out whether it may go on, and take the annotation off',
    command: 'Unfreeze',
  },
  ...gateWaysOut,
  HeldByFinding: {
    meaning:
      'Something appeared on the way that would break by the next change of labels or the next restart, so that is not made.',
    remedy: 'Do what the message says; it goes on by itself. Or go back',
    command: 'GoBack',
  },
  MMnnn: {
    meaning: 'A critical finding keeps it from being started: see docs/findings.md.',
    remedy: 'Do what the finding says; it goes on by itself. All findings',
    command: 'Describe',
  },
  NameInTheWay: {
    meaning:
      'An object that came since the start has a name that the waypoint needs. Nothing is made, and nothing is lost by waiting.',
    remedy: 'Rename or delete the object that the message names; it goes on by itself. Or go back',
    command: 'GoBack',
  },
  NameTaken: {
    meaning: "What the operator had made, or was about to make, is somebody else's object of that name.",
    remedy: 'Rename or delete the object that the message names, then start again',
    command: 'GoOn',
  },
  NamespaceStalled: {
    meaning: 'Every namespace that is under way waits for a person. The message is that of the first.',
    remedy: 'Do what the message says: it ends with the command for the namespace that it names.',
  },
  NamespacesBlocked: {
    meaning: 'What could be migrated is, and the others have critical findings.',
    remedy:
      'Repair what is found: with spec.action Migrate they are started by themselves then. To look at the namespaces',
    command: 'List',
  },
  NamespacesFailed: {
    meaning: 'Nothing is under way any more, and namespaces failed.',
    remedy: 'Look at the namespaces; the message of each ends with the command that tries it again',
    command: 'List',
  },
  NamespacesRolledBack: {
    meaning: 'Nothing is under way any more, and namespaces were rolled back by a command of their own, or by hand.',
    remedy: 'Look at the namespaces; the message of each ends with the command that starts it again',
    command: 'List',
  },
  NoNearer: {
    meaning:
      'A restart gets no nearer to its end, because more pods are wanted, or come, than before. It holds no slot meanwhile.',
    remedy: 'Let the number of pods settle, or repair those that do not become Ready; it goes on by itself. All pods',
    command: 'Pods',
  },
  NoWayBack: {
    meaning: 'A rollback was asked for, but namespaces are Finalized: those stay as they are.',
    remedy: 'Use a migration in the other direction for them. To take the request back',
    command: 'SetFinalize',
  },
  NotRestartable: {
    meaning:
      'A workload waits for its restart: not all of its pods are available, its PodDisruptionBudgets spare none, or one that was restarted before it is short of pods for which there is no room.',
    remedy: 'Repair the workload or the budget that the message names; it goes on by itself. To go back instead',
    command: 'GoBack',
  },
  NothingToFinalize: {
    meaning: 'spec.action is Finalize, but nothing was migrated, or it has all gone back.',
    remedy: 'To migrate',
    command: 'SetMigrate',
  },
  Paused: {
    meaning: 'A person paused it, or spec.action is Pause or Plan while namespaces are under way.',
    remedy: 'To go on',
    command: 'GoOn',
  },
  PodInTheWay: {
    meaning: 'A pod that nobody restarts would lose its mesh or its policies by the next step.',
    remedy: 'Wait until the pod that the message names ends, or delete it; it goes on by itself. All pods',
    command: 'Pods',
  },
  PodNotEnrolled: {
    meaning:
      'A pod is Ready but not in the new data plane: look at istio-cni and ztunnel on its node, at the injector, or at that of another mesh (MM142).',
    remedy: 'Repair what keeps it out, then start again',
    command: 'GoOn',
  },
  PodsLeft: {
    meaning:
      'All that the operator can restart is done, but pods of the old data plane are left that only you can replace.',
    remedy:
      'Replace the pods that the message names: restart the Rollout, resume and restart the Deployment, make the bare pod anew, let the Job end. It is Migrated by itself then. All pods',
    command: 'Pods',
  },
  PodsOutside: {
    meaning:
      'The namespace has moved, and pods that came later are in neither data plane: nothing captures them, or their template has a proxy of its own (MM130), or another mesh has taken them (MM142).',
    remedy:
      'Repair what keeps them out (istio-cni and ztunnel on their nodes, the template), then replace them; it clears by itself. All pods',
    command: 'Pods',
  },
  ProgressDeadlineExceeded: {
    meaning: 'A Deployment reported this about itself after the restart.',
    remedy: 'Repair the workload, then start again',
    command: 'GoOn',
  },
  RecordRefused: {
    meaning:
      'The API server refuses, or does not keep, what the operator writes to its own objects, or somebody undoes it again and again: the NamespaceMigration of a namespace, or the finalizer or the status of the MeshMigration. Others go on meanwhile.',
    remedy:
      'Repair the quota, the policy, the webhook, the CRDs or the rights that the message names, release the finalizer, or have whoever it names leave the object alone; it is tried again by itself, each minute at the latest. All that is refused',
    command: 'Describe',
  },
  RollbackStuck: {
    meaning: 'A rollback cannot go on; every pod keeps its mesh meanwhile.',
    remedy: 'Repair what the message names; it keeps trying and goes on by itself.',
  },
  RolledBack: {
    meaning:
      'It went back, because a person commanded that while spec.action asks for something else, or brought it back by hand after its journal was lost, or because it left the scope (spec.rollback.onScopeLost).',
    remedy: 'To start again',
    command: 'GoOn',
  },
  ScopeLost: {
    meaning:
      'A namespace that is under way is not selected by spec.namespaces any more, and spec.rollback.onScopeLost is Hold.',
    remedy: 'Select it again, or set spec.rollback.onScopeLost to Finish or Rollback. To roll back this one',
    command: 'GoBack',
  },
  UnknownReason: {
    meaning: 'The failure was recorded by another version of the operator.',
    remedy: 'Read the message; to start again',
    command: 'GoOn',
  },
  WaitsForOthers: {
    meaning:
      'Namespaces have to do something before this one goes on, and nobody is on the way to it. It holds no slot and has no deadline.',
    remedy: 'Do what the message says; it goes on by itself. Or go back',
    command: 'GoBack',
  },
  WaveHeld: {
    meaning:
      'More namespaces of a wave came to a stop, or need a person, than its maxFailures allows, or it has nobody: so the next wave does not begin.',
    remedy:
      'Do what each of these says, and it goes on by itself; or raise maxFailures of the wave, or correct spec.waves. Which they are',
    command: 'List',
  },
  WorkloadUnavailable: {
    meaning: 'A workload made no progress after its restart, or is short of pods at rest.',
    remedy: 'Repair the workload, then start again',
    command: 'GoOn',
  },
  WouldBeRefused: {
    meaning:
      "On the way back calls from here would be refused: by namespaces that stay behind their waypoints, because they are finalized, another migration's, or without a journal (MM007), or by pods of the namespace itself that the operator cannot restart.",
    remedy:
      'Roll those namespaces back, by hand where no migration can, or replace those pods, and it goes on by itself. To go back all the same',
    command: 'AcceptRefusals',
  },
  WriteRefused: {
    meaning: 'The API server keeps refusing a write; the message ends with its answer.',
    remedy: 'Repair the rights, the policy or the webhook that the message names; it is tried again by itself.',
  },
  WriteUndone: {
    meaning:
      'What the operator writes is carried out and does not last: a controller, a webhook or a GitOps tool changes it back again and again, or the API server does not keep it.',
    remedy:
      'Have whoever the message names leave the object or the field alone; it is tried again by itself, at most once a minute.',
  },
} satisfies Record<string, WayOut>;

/** Every way out, by reason: the runbook shows it. */
export const waysOut: Readonly<Record<string, WayOut>> = table;

/** A critical finding is a reason by its id. */
type FindingReason = `MM${number}`;

/** Why something is Stalled. There is none without a row in the table. */
export type StalledReason = Exclude<keyof typeof table, 'MMnnn'> | FindingReason;

function isFinding(reason: string): reason is FindingReason {
  return /^MM\d{3}$/.test(reason);
}

/** The reason that was stored: by another version of the operator perhaps, which had others. */
export function storedReason(reason: string): StalledReason {
  if (isFinding(reason)) return reason;
  return Object.hasOwn(table, reason) && reason !== 'MMnnn'
    ? (reason as keyof typeof table & StalledReason)
    : 'UnknownReason';
}

/** The reason of what a critical finding holds up. */
export function findingReason({ id }: Finding): StalledReason {
  return storedReason(id);
}

/** What is the matter, cut if both are too long together, and at its end the command that leads out. */
export function messageWithWayOut(reason: StalledReason, message: string, place: Place, way?: string): string {
  const { remedy, command }: WayOut = isFinding(reason) ? table.MMnnn : table[reason];
  const told = way ?? (command === undefined ? undefined : `${remedy}: ${commandLine(command, place)}`);
  // As many characters as status.message of a namespace holds, and a condition of a migration.
  const most = place.namespace === undefined ? 2048 : 1024;
  if (told === undefined) return cutText(message, most);
  const tail = cutText(told, most - 3, `. All of it: ${commandLine('Describe', place)}`);
  const cause = cutText(message, Math.max(1, most - tail.length - 2));
  return `${trimmedEnd(cause, `${blanks}.`)}. ${tail}`;
}

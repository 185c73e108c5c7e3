import type { Edit } from './patching.ts';

/** An operator of which some functions are others. */
export interface Patched {
  readonly name: string;
  readonly edits: readonly Edit[];
}

/*
 * Operators that are wrong in what no seam reaches: each is a copy in which a few sentences are others, and it is an error if these do not stand there any
 * more. Nothing in src knows of it.
 */

/** All of them. */
export const patchedOperators: readonly Patched[] = [
  {
    name: 'starts what has left the scope',
    edits: [
      {
        file: 'plan/admission.ts',
        from: "if (!inScope.has(name)) return 'it is not in the scope of the MeshMigration any more';",
        to: '',
      },
      {
        file: 'engine/migration-writes.ts',
        from: "!isKept(child) && !inScope.has(child.metadata.namespace ?? '')",
        to: "!isKept(child) && !inScope.has(child.metadata.namespace ?? '') && child.metadata.namespace === undefined",
      },
    ],
  },
  {
    name: 'lets copies wait while a namespace is held',
    edits: [
      {
        file: 'engine/decide.ts',
        from: 'if (followed.write !== undefined && !followed.refused) {',
        to: "if (followed.write !== undefined && !followed.refused && course !== 'Hold') {",
      },
      {
        file: 'engine/following.ts',
        from: "const next = write !== undefined && draft.next.kind === 'Wait' ? { kind: 'Write' as const, write } : draft.next;",
        to: 'const next = draft.next;',
      },
      {
        file: 'engine/following.ts',
        from: 'if (behind.length === 0) return { ...draft, next };',
        to: 'if (behind.length >= 0) return { ...draft, next };',
      },
    ],
  },
  {
    name: 'lets copies wait once a namespace has arrived',
    edits: [
      {
        file: 'engine/decide.ts',
        from: 'if (followed.write !== undefined && !followed.refused) {',
        to: "if (followed.write !== undefined && !followed.refused && course !== 'Rest') {",
      },
      {
        file: 'engine/following.ts',
        from: "const next = write !== undefined && draft.next.kind === 'Wait' ? { kind: 'Write' as const, write } : draft.next;",
        to: 'const next = draft.next;',
      },
      {
        file: 'engine/following.ts',
        from: 'if (behind.length === 0) return { ...draft, next };',
        to: 'if (behind.length >= 0) return { ...draft, next };',
      },
      {
        file: 'engine/at-rest.ts',
        from: "const critical = found.find(({ severity }) => severity === 'Critical');",
        to: 'const critical = undefined as (typeof found)[number] | undefined;',
      },
      {
        file: 'engine/upkeep.ts',
        from: 'followed.pending.get(step.name) ?? step.gate',
        to: 'step.gate',
      },
    ],
  },
  {
    name: 'believes what a record says of direction and labels',
    edits: [
      {
        file: 'engine/confirm.ts',
        from: 'return journal === undefined ? notStarted',
        to: 'if (status.direction !== undefined && journal === undefined) return { ...status, phase: status.writtenPhase };\n  return journal === undefined ? notStarted',
      },
    ],
  },
  {
    name: 'forgets what was begun when its record is lost',
    edits: [
      {
        file: 'engine/confirm.ts',
        from: '{ spec }: NamespaceMigration,\n  namespace',
        to: '{ spec, status }: NamespaceMigration,\n  namespace',
      },
      {
        file: 'engine/confirm.ts',
        from: 'journal: isOf(journal, spec.migration, spec) ?',
        to: "journal: (status?.writtenPhase ?? 'Blocked') !== 'Blocked' && isOf(journal, spec.migration, spec) ?",
      },
      {
        file: 'engine/confirm.ts',
        from: 'if (!isOf(remembered, spec.migration, spec)) return undefined;',
        to: 'return undefined;',
      },
    ],
  },
  {
    name: 'gives a rollback up after three tries',
    edits: [
      {
        file: 'engine/restart-backward.ts',
        from: '  const tries = record.patches - 1;',
        to: "  if (record.patches > 2) return { kind: 'Foreign', message: 'somebody keeps changing the template' };\n  const tries = record.patches - 1;",
      },
    ],
  },
  {
    name: 'puts labels back once, whatever becomes of them',
    edits: [
      {
        file: 'engine/walk.ts',
        from: "if (work.kind === 'Labels') return areSet(situation, step) || hasLabels(fromList(status.labels ?? []), work.targets);",
        to: "if (work.kind === 'Labels') return true;",
      },
      {
        file: 'engine/go-back.ts',
        from: 'if (over.length === 0 || over.length === labels.length) return undefined;',
        to: 'return undefined;',
      },
    ],
  },
  {
    name: 'counts a pause against its deadlines',
    edits: [
      {
        file: 'engine/walk.ts',
        from: 'const { over, until } = deadline(situation, `gate of ${step.name}`, durationMs(progressDeadline));',
        to: `const began = situation.object.status?.steps?.find(({ name }) => name === step.name)?.startedAt;
  const until = (began === undefined ? situation.now : Date.parse(began)) + durationMs(progressDeadline);
  const over = situation.now > until;`,
      },
    ],
  },
  {
    name: 'counts its own absence against workloads',
    edits: [
      {
        file: 'engine/restart-forward.ts',
        from: 'const due = progress(turn, allowed);',
        to: `const dueAt = Date.parse(record.startedAt) + allowed;
  const due = { over: situation.now > dueAt, until: dueAt };`,
      },
    ],
  },
  {
    name: 'deletes the parameters of waypoints by their name',
    edits: [
      {
        file: 'mesh/istio/waypoint/steps.ts',
        from: 'resource: configMaps, name: parametersName }]',
        to: "resource: configMaps, name: 'waypoint-parameters' }]",
      },
      {
        file: 'engine/make.ts',
        from: 'if (found !== undefined && !(isMade(resource, found) && isOfMigration(found.metadata.labels, migration))) return;',
        to: '',
      },
    ],
  },
  {
    name: 'takes a paused Deployment for one that is back',
    edits: [
      {
        file: 'engine/restart.ts',
        from: '(turn.workload.paused && isForward)',
        to: 'turn.workload.paused',
      },
    ],
  },
  {
    name: 'takes the direction from the record',
    edits: [
      {
        file: 'engine/confirm.ts',
        from: '  const same = status.attempt === journal.attempt;',
        to: `  journal = { ...journal, direction: status.direction ?? 'Forward' };
  const same = status.attempt === journal.attempt;`,
      },
    ],
  },
  {
    name: 'takes whatever has its label for its own',
    edits: [
      {
        file: 'mesh/istio/policy/translate/names.ts',
        from: 'return isSealed(object) || (underWay && hasOwnName(object));',
        to: "return object.labels?.['meshmigration.dev/managed-by'] === 'mesh-migration';",
      },
    ],
  },
  {
    name: 'never looks for what arrives late',
    edits: [
      {
        file: 'engine/sweep.ts',
        from: 'const steps = backward(situation, status);\n',
        to: "const steps = backward(situation, status);\n  if (steps.length > 0) return { kind: 'Wait' };\n",
      },
    ],
  },
  {
    name: 'knows a binding by its annotation alone',
    edits: [
      {
        file: 'engine/services.ts',
        from: 'strays?.services(surroundings).filter((service) => !isKept(service)) ?? []',
        to: '([] as ServiceView[])',
      },
      { file: 'engine/confirm.ts', from: 'services: withRecords(situation, journal),', to: '' },
    ],
  },
  {
    name: 'never says that what it waits for does not come',
    edits: [
      {
        file: 'engine/in-progress.ts',
        from: "outcome.kind === 'Wait' && outcome.stuck === true;",
        to: "outcome.kind === 'Wait' && outcome.stuck === true && outcome.message === '';",
      },
    ],
  },
  {
    name: 'writes a status for each moment of a restart',
    edits: [
      {
        file: 'engine/turn.ts',
        from: "return { kind: 'Wait', until: first, message: `${what}${says}` };",
        to: "return { kind: 'Wait', until: situation.now + 50, message: `${what}${says} since ${String(standingMs)} ms` };",
      },
    ],
  },
  {
    name: 'waits for a budget without a word',
    edits: [
      {
        file: 'engine/restart-forward.ts',
        from: "return over ? { kind: 'Wait', stuck: true, stalled: 'NotRestartable', message } : { kind: 'Wait', until, message };",
        to: "return over ? { kind: 'Wait', message } : { kind: 'Wait', until, message };",
      },
    ],
  },
  {
    name: 'takes a restart for over while pods are on their way out',
    edits: [
      {
        file: 'engine/restart-forward.ts',
        from: 'stale.length === 0 && isRolledOut(workload) && (!byEviction || isWhole(turn))',
        to: 'stale.length === 0 && (byEviction || isRolledOut(workload))',
      },
      {
        file: 'engine/left.ts',
        from: "if (over) return { kind: 'Done' };",
        to: "if (until > 0 || over) return { kind: 'Done' };",
      },
    ],
  },
];

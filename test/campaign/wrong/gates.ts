import type { Patched } from './patches.ts';

/*
 * Operators that start whom they should not, or too early, or that have somebody wait who should not: copies in which a few sentences are others. Only worlds
 * with waves, windows or approvals tell them from the right one.
 */

/** All of them. */
export const wrongAtGates: readonly Patched[] = [
  {
    name: 'ignores windows',
    edits: [{ file: 'plan/start-hold.ts', from: "if (state === 'Open') return undefined;", to: 'return undefined;' }],
  },
  {
    name: 'ignores a freeze',
    edits: [
      {
        file: 'plan/start-hold.ts',
        from: "if (frozen !== undefined) return { kind: 'Frozen',",
        to: "if (frozen === '') return { kind: 'Frozen',",
      },
    ],
  },
  {
    name: 'ignores the freeze of a namespace',
    edits: [{ file: 'engine/look.ts', from: 'if (frozen !== undefined)', to: "if (frozen === '')" }],
  },
  {
    name: 'starts without an approval',
    edits: [{ file: 'plan/approval.ts', from: 'if (!isNeeded(name)) return undefined;', to: 'return undefined;' }],
  },
  {
    name: 'starts by an approval of another plan',
    edits: [
      {
        file: 'plan/approval.ts',
        from: 'const differs = whatDiffers(approved, digest);',
        to: 'const differs = undefined as string | undefined;',
      },
    ],
  },
  {
    name: 'keeps an approval that was taken back',
    edits: [
      { file: 'plan/approval.ts', from: '.filter(({ by }) => listed.has(by))', to: '' },
      {
        file: 'engine/plan-status.ts',
        from: 'before.filter(({ by, namespace }) => listed.has(by) && isOpen(namespace))',
        to: 'before.filter(({ namespace }) => isOpen(namespace))',
      },
    ],
  },
  {
    name: 'begins all waves at once',
    edits: [{ file: 'plan/waves.ts', from: 'place <= waves.open) return', to: 'place >= 0) return' }],
  },
  {
    name: 'takes a wave for arrived that has begun',
    edits: [
      {
        file: 'engine/waves.ts',
        from: 'const migrated = those.filter((child) => hasArrived(child, isThere)).length;',
        to: 'const migrated = those.filter((child) => hasArrived(child, isThere) || isInFlight(child)).length;',
      },
    ],
  },
  {
    name: 'begins the next wave whoever has failed',
    edits: [{ file: 'engine/waves.ts', from: 'unfinished > wave.maxFailures)', to: 'unfinished > 1000)' }],
  },
  {
    name: 'does not let a wave soak',
    edits: [
      {
        file: 'engine/waves.ts',
        from: 'times.earliest >= at + soakMs(wave.soak, rested, times)',
        to: 'times.earliest >= at',
      },
    ],
  },
  {
    name: 'has rollbacks wait for windows',
    edits: [
      { file: 'operator/company.ts', from: 'import { frozenMigration }', to: 'import { frozenMigration, startHold }' },
      {
        file: 'operator/company.ts',
        from: '  { view, maxConcurrentNamespaces }: Context,\n  child',
        to: '  { view, maxConcurrentNamespaces, clock }: Context,\n  child',
      },
      {
        file: 'operator/company.ts',
        from: "return notTurned(child.metadata.namespace ?? '', all, progress);",
        to: "return startHold(migration, [], clock.now())?.message ?? notTurned(child.metadata.namespace ?? '', all, progress);",
      },
    ],
  },
  {
    name: 'sleeps when a window opens',
    edits: [
      {
        file: 'engine/decide-migration.ts',
        from: '(opening?.changesAt ?? Infinity) - now',
        to: 'opening === undefined ? Infinity : 86_400_000',
      },
    ],
  },
];

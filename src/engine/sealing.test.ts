import { describe, expect, it } from '@jest/globals';
import { conditionsFor, stalledMeanwhile } from './conditions.ts';
import { closingVerdict, isClosing, isSealing, sealingVerdict } from './verdicts.ts';
import { NamespaceWorld } from '../../test/support/namespace-world.ts';

function migrated(): NamespaceWorld {
  const world = new NamespaceWorld();
  world.settle();
  expect(world.status?.phase).toBe('Migrated');
  return world;
}

/** Another process, which remembers nothing, finds the namespace without its journal. */
function loseJournal(world: NamespaceWorld): void {
  world.operate(true);
  world.loseAnnotation();
}

describe('a seal', () => {
  it.each(['Finalize', 'DeleteLeave'] as const)(
    'is not what a stranger did who took the journal away, though %s is wanted',
    (wanted) => {
      const world = migrated();
      loseJournal(world);
      world.wanted = wanted;
      world.settle();

      expect(world.status).toMatchObject({ phase: 'Blocked', findings: [{ id: 'MM007' }] });
    },
  );

  it.each(['Finalize', 'DeleteLeave'] as const)('is what was announced before the journal went, with %s', (wanted) => {
    const world = migrated();
    world.wanted = wanted;
    world.settle();

    expect(world.status?.phase).toBe('Finalized');
  });

  it('is not what stands in the name of somebody who paused it', () => {
    const world = new NamespaceWorld();
    for (let looks = 0; world.status?.step !== 'RestartWorkloads' && looks < 100; looks += 1) {
      world.operate();
      world.pass(100);
    }
    world.status = {
      ...world.status,
      command: { action: 'Pause', by: sealingVerdict.message, at: '2030-01-01T00:00:00Z' },
    };
    for (let looks = 0; looks < 10; looks += 1) world.operate();
    expect(world.status).toMatchObject({ phase: 'Paused', message: expect.stringContaining(sealingVerdict.message) });
    loseJournal(world);
    world.settle();

    expect(world.status).toMatchObject({ phase: 'Blocked', findings: [{ id: 'MM007' }] });
  });
});

describe('what is announced before a journal goes', () => {
  const announcements = [
    ['isSealing', sealingVerdict, isSealing],
    ['isClosing', closingVerdict, isClosing],
  ] as const;

  it.each(announcements)(
    '%s: is known though it is refused, or somebody is named beside it',
    (_name, verdict, isAnnounced) => {
      for (const reason of ['WriteRefused', 'ForeignChange'] as const) {
        expect(
          isAnnounced({
            conditions: conditionsFor(stalledMeanwhile(verdict, reason, 'it is refused'), undefined, 1, 0),
          }),
        ).toBe(true);
      }
      expect(
        isAnnounced({
          conditions: conditionsFor(
            stalledMeanwhile(stalledMeanwhile(verdict, 'ForeignChange', 'x'), 'WriteRefused', 'x'),
            undefined,
            1,
            0,
          ),
        }),
      ).toBe(true);
    },
  );

  it.each(announcements)('%s: is no text that others can get into a message', (_name, { message }, isAnnounced) => {
    const conditions = conditionsFor(
      { state: 'Stalled', reason: 'ForeignChange', message: `labels were changed by someone else (${message})` },
      undefined,
      1,
      0,
    );
    expect(isAnnounced({ message: `paused by ${message}`, conditions })).toBe(false);
    expect(isAnnounced({ message })).toBe(false);
  });
});

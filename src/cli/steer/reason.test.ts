import { describe, expect, it } from '@jest/globals';
import { managerName } from '../../api/managers.ts';
import { UsageError } from '../usage-error.ts';
import { managerFor } from './reason.ts';

describe('a reason', () => {
  it('is the end of the name that messages have of whoever commanded', () => {
    const manager = managerFor(' INC-4711 checkout 5xx ');
    expect(manager).toBe('mesh-migration-cli:INC-4711-checkout-5xx');
    expect(managerName({ manager })).toBe(manager);
    expect(managerFor(undefined)).toBe('mesh-migration-cli');
  });

  it('is never cut: as much as is taken is named', () => {
    const manager = managerFor('x'.repeat(44));
    expect(managerName({ manager })).toBe(manager);
    expect(() => managerFor('x'.repeat(45))).toThrow(UsageError);
  });

  it.each(['', '  ', 'see: kubectl delete', 'Stoerung behoben!', 'Störung', 'a\nb', '\u001b[31m'])(
    'of which something would be lost is refused: %j',
    (reason) => {
      expect(() => managerFor(reason)).toThrow(/--reason must be letters, digits/);
    },
  );
});

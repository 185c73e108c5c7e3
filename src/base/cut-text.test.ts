import { describe, expect, it } from '@jest/globals';
import { fc } from '../../test/support/properties.ts';
import { cutText } from './cut-text.ts';

const patch = `kubectl patch mm shop --type=merge -p '{"spec":{"action":"Migrate; or. not"}}'`;
const rest = ' All of it: docs/runbook.md.';

describe('a text that is too long', () => {
  it('is left alone where it has room', () => {
    expect(cutText(`To go on: ${patch}`, 200, rest)).toBe(`To go on: ${patch}`);
  });

  it('is cut where nothing is to be typed, without a word on the rest', () => {
    expect(cutText('the pods are not ready', 10, rest)).toBe('the pods…');
  });

  it('ends before a command that has no room, and says where that stands', () => {
    const text = `First: kubectl get ns shop.example. Then: ${patch}; and look again`;
    for (let room = 80; room < text.length; room += 1) {
      const cut = cutText(text, room, rest);
      expect(cut.length).toBeLessThanOrEqual(room);
      expect(cut).toMatch(/^First: kubectl get ns shop\.example\. Then/);
      expect(cut.includes('kubectl patch')).toBe(cut.includes(patch));
      if (!cut.includes(patch)) expect(cut.endsWith(rest)).toBe(true);
    }
  });

  it('never holds a part of a command, whatever stands around it', () => {
    const words = fc.constantFrom('do this', 'or that: ', '; ', '. ', 'wait', ' ');
    const command = fc.constantFrom(
      patch,
      'kubectl delete gateways.gateway.networking.k8s.io a b c -n x',
      'kubectl annotate namespace x meshmigration.dev/journal-',
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(words, command), { maxLength: 6 }),
        fc.integer({ min: 40, max: 400 }),
        (parts, room) => {
          const text = parts.map(([before, line]) => `${before}: ${line}; `).join('');
          const cut = cutText(text, room, rest);
          expect(cut.length).toBeLessThanOrEqual(room);
          const left = cut
            .replace(rest, '')
            .split('kubectl ')
            .slice(1)
            .map((each) => `kubectl ${each}`);
          for (const [at, line] of left.entries()) expect(line.startsWith(parts[at]?.[1] ?? '?')).toBe(true);
        },
      ),
    );
  });
});

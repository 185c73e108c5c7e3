import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { waysOutTable } from './ways-out-table.ts';
import { messageWithWayOut, storedReason, waysOut } from './ways-out.ts';

const place = { name: 'shop', namespace: 'shop-api' };

describe('ways out', () => {
  it('are in the runbook, each of them', () => {
    expect(readFileSync(join(import.meta.dirname, '../../docs/runbook.md'), 'utf8')).toContain(waysOutTable());
  });

  it('end the message with a command that names the object', () => {
    expect(messageWithWayOut('RolledBack', 'back as it was', place)).toBe(
      'back as it was. To start again: kubectl patch nsm shop -n shop-api --subresource=status --type=merge -p \'{"status":{"phase":"Migrating"}}\'',
    );
    expect(messageWithWayOut('RolledBack', 'back', { name: 'shop' })).toContain(
      'kubectl patch mm shop --subresource=status',
    );
  });

  it('cut the cause, never the command', () => {
    const message = messageWithWayOut('WorkloadUnavailable', 'x'.repeat(5000), place);

    expect(message).toHaveLength(1024);
    expect(message).toMatch(/\{"status":\{"phase":"Migrating"\}\}'$/);
  });

  it.each([8, 9, 10, 11, 40])('cut no command in a way out that is too long itself (%d commands)', (many) => {
    const command =
      'kubectl delete authorizationpolicies.security.istio.io allow-waypoint copy-of-a-policy -n shop-api';
    const way = `Go back by hand: ${Array.from({ length: many }, () => command).join('; ')}`;
    const message = messageWithWayOut('MM007', `${'x'.repeat(100)} ${command}`, place, way);
    const commands = message.split(/(?=kubectl )/).slice(1);

    expect(message.length).toBeLessThanOrEqual(1024);
    for (const each of commands)
      expect(each).toMatch(new RegExp(`^(${command}(; |\\.|…|$)|kubectl describe nsm shop -n shop-api$)`));
    expect(message.endsWith('. All of it: kubectl describe nsm shop -n shop-api')).toBe(many > 10);
  });

  it('take the place of no message that has a remedy of its own', () => {
    expect(messageWithWayOut('ForeignChange', 'put it back', place)).toBe('put it back');
    expect(messageWithWayOut('MM020', 'a policy', place)).toContain('kubectl describe nsm shop -n shop-api');
  });

  it.each([
    ['WorkloadUnavailable', 'WorkloadUnavailable'],
    ['MM020', 'MM020'],
    ['MMnnn', 'UnknownReason'],
    ['Imagined', 'UnknownReason'],
    ['toString', 'UnknownReason'],
  ])('take the stored reason %s for %s', (stored, reason) => {
    expect(storedReason(stored)).toBe(reason);
  });

  it('are sorted, so that two people who add one do not collide', () => {
    expect(Object.keys(waysOut)).toEqual(Object.keys(waysOut).sort());
  });
});

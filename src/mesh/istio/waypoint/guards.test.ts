import { describe, expect, it } from '@jest/globals';
import { refusesLess } from './guards.ts';

type Fields = Readonly<Record<string, readonly string[]>>;

/** A guard with these fields in its source and its operation. */
function guard(source: Fields, operation?: Fields, app = 'api'): Readonly<Record<string, unknown>> {
  return {
    selector: { matchLabels: { app } },
    action: 'DENY',
    rules: [{ from: [{ source }], ...(operation && { to: [{ operation }] }) }],
  };
}

const whole = guard({ notPrincipals: ['waypoint'] });
const withPort = guard({ notPrincipals: ['waypoint'] }, { notPorts: ['9090'] });

describe('refusesLess', () => {
  it.each<[string, boolean, Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>]>([
    ['a port is left out', true, whole, withPort],
    ['a port is left out no more', false, withPort, whole],
    [
      'another port is left out instead',
      true,
      withPort,
      guard({ notPrincipals: ['waypoint'] }, { notPorts: ['9091'] }),
    ],
    ['a caller is left out', true, whole, guard({ notPrincipals: ['waypoint', 'scraper'] })],
    ['a caller is left out no more', false, guard({ notPrincipals: ['waypoint', 'scraper'] }), whole],
    ['a port that is named goes', true, guard({}, { ports: ['80', '81'] }), guard({}, { ports: ['80'] })],
    ['a port is named besides', false, guard({}, { ports: ['80'] }), guard({}, { ports: ['80', '81'] })],
    ['ports are named where all were meant', true, guard({}), guard({}, { ports: ['80'] })],
    ['other pods are behind the Service', false, whole, guard({ notPrincipals: ['waypoint'] }, undefined, 'other')],
    ['nothing changes', false, whole, whole],
  ])('%s: %s', (_case, expected, seen, wanted) => {
    expect(refusesLess(seen, wanted)).toBe(expected);
  });
});

import { describe, expect, it } from '@jest/globals';
import {
  config,
  installed,
  mesh,
  migrationSpec,
  pod,
  service,
  surroundings,
} from '../../../../test/support/mesh-fixtures.ts';
import type { Surroundings } from '../../adapter.ts';
import type { ObservedCallers } from '../../telemetry.ts';
import { istio } from '../adapter.ts';
import { awaitsCallers } from './awaits.ts';

function times<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** Somebody's metrics say that so many accounts of his call `shop`; so many pods of his have other ones. */
function called(
  callers: number,
  pods: number,
  count: () => void,
  spec: Readonly<Record<string, unknown>> = {},
): Surroundings {
  const seen = times(callers, (index) => ({ namespace: 'mallory', serviceAccount: `s${index}` }));
  const observed: ObservedCallers = {
    kind: 'Observed',
    window: '7d',
    workloads: new Map([
      ['web', { callers: seen, withoutIdentity: [], reports: new Set(['Inbound'] as const), disbelieved: [] }],
    ]),
  };
  const theirs = times(
    pods,
    (index) =>
      new Proxy(pod({ namespace: 'mallory', name: `p${index}`, uid: `p${index}`, serviceAccount: `other${index}` }), {
        get(target, key) {
          count();
          return Reflect.get(target, key) as unknown;
        },
      }),
  );
  const services = times(3, (index) => service({ name: `web${index}`, uid: `web${index}` }));
  const base = mesh([
    ...installed,
    config('AuthorizationPolicy', { action: 'DENY', rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }] }),
  ]);
  return surroundings({
    services,
    spec: migrationSpec(spec),
    mesh: {
      ...base,
      pods: (name) => (name === 'mallory' ? theirs : []),
      inhabitedNamespaces: () => ['shop', 'mallory'],
      labelsOf: () => ({ 'istio-injection': 'enabled' }),
      observedCallers: () => observed,
      services: (name) => (name === undefined || name === 'shop' ? services : []),
    },
  });
}

function reads(callers: number, pods: number, spec?: Readonly<Record<string, unknown>>): number {
  let all = 0;
  const given = called(
    callers,
    pods,
    () => {
      all += 1;
    },
    spec,
  );
  istio.findings(given, 'Start');
  awaitsCallers({ ...given, itinerary: 'L7' });
  return all;
}

describe("callers that somebody's metrics name", () => {
  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['counted', {}],
    ['left out of what is declared', { callers: [{ namespace: 'shop', from: [{ namespace: 'bank' }] }] }],
  ])('are not looked for one by one among his pods: %s', (_, spec) => {
    expect(reads(300, 200, spec)).toBeLessThan(2 * reads(3, 200, spec));
  });
});

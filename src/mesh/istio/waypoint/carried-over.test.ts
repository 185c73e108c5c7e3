import { describe, expect, it } from '@jest/globals';
import { counting } from '../../../../test/support/counting.ts';
import { config, service, surroundings } from '../../../../test/support/mesh-fixtures.ts';
import type { Finding } from '../../../api/common.ts';
import type { Surroundings } from '../../adapter.ts';
import { istio } from '../adapter.ts';
import { stepsTaken } from '../../../base/effort.ts';

function times<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

type Hosts = (index: number) => string;

const hosts: Readonly<Record<string, Hosts>> = {
  'of one Service each': (index) => `s${index}`,
  'of Services that are not there': (index) => `x${index}`,
  'of all Services': () => '*.svc.cluster.local',
  'of all Services of the namespace': () => '*.shop.svc.cluster.local',
  'some of one, some of all': (index) => (index % 2 === 0 ? `s${index}` : '*.svc.cluster.local'),
};

/** A namespace with so many Services of the same pods, and so many traffic policies. */
function picture(services: number, rules: number, host: Hosts, seen: <T extends object>(object: T) => T): Surroundings {
  const trafficPolicy = { connectionPool: { http: { maxRetries: 1 } } };
  return surroundings(
    { services: times(services, (index) => service({ name: `s${index}`, uid: `s${index}` })) },
    times(rules, (index) =>
      seen(config('DestinationRule', { host: host(index), trafficPolicy }, { name: `d${index}`, uid: `d${index}` })),
    ),
  );
}

interface Cost {
  readonly reads: number;
  readonly steps: number;
  readonly findings: readonly Finding[];
}

/** What is read of the traffic policies by a look, and what it counts. */
function costOf(services: number, rules: number, host: Hosts): Cost {
  let reads = 0;
  const given = picture(
    services,
    rules,
    host,
    counting(() => {
      reads += 1;
    }),
  );
  const before = stepsTaken();
  const findings = istio.findings(given, 'Start');
  return { reads, steps: stepsTaken() - before, findings };
}

const [few, many] = [20, 200];

describe('traffic policies for Services of the same namespace', () => {
  it.each(Object.entries(hosts))('are read as often as there are of them, or that is counted: %s', (_, host) => {
    const [one, other, both] = [costOf(many, few, host), costOf(few, many, host), costOf(many, many, host)];

    expect(both.reads).toBeLessThan(1.5 * (one.reads + other.reads) + both.steps);
  });

  it('are too many where each is for each of too many Services, and that is said', () => {
    const { findings } = costOf(500, 200, () => '*.svc.cluster.local');

    expect(findings).toContainEqual(
      expect.objectContaining({
        id: 'MM119',
        message: expect.stringContaining('most of it are 500 Services, 200 routes and 1 workload') as unknown,
      }),
    );
  });
});

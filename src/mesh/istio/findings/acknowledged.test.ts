import { describe, expect, it } from '@jest/globals';
import { config, surroundings, workload } from '../../../../test/support/mesh-fixtures.ts';
import { acknowledgeable } from '../../../api/acknowledged.ts';
import type { Acknowledged, FindingsWhen, Surroundings } from '../../adapter.ts';
import { istio } from '../adapter.ts';
import { rules } from '../rules.ts';

const until = '2027-01-01T00:00:00Z';
const night = { id: 'MM055', reason: 'nobody calls it at night', until, isOver: false } as const;
const telemetry = { ...night, id: 'MM042', reason: 'the new dashboards are there' } as const;

function said(
  acknowledged: readonly Acknowledged[],
  more: Partial<Surroundings> = {},
  when: FindingsWhen = 'Start',
): readonly string[] {
  const workloads = [workload({ replicas: 4, maxUnavailable: 4 })];
  const given = surroundings({ workloads, services: [], acknowledged, ...more }, [config('Telemetry', {})]);
  return istio
    .findings(given, when)
    .filter(({ id }) => id === 'MM055' || id === 'MM042')
    .map(({ id, severity, message }) => `${severity} ${id} ${message}`);
}

describe('findings that somebody answers for', () => {
  it('are those that the schema takes', () => {
    const marked = rules.filter(({ isAcknowledgeable }) => isAcknowledgeable === true);

    expect(marked.map(({ id }) => id).sort()).toEqual([...acknowledgeable]);
    expect(marked.every(({ severity }) => severity === 'Critical')).toBe(true);
  });

  it('become warnings that say who, why and until when', () => {
    expect(said([{ ...night, by: 'flux' }])).toEqual([
      expect.stringMatching(/^Critical MM042 /),
      expect.stringMatching(
        /^Warning MM055 acknowledged by flux until 2027-01-01T00:00:00Z, because nobody calls it at night: its update strategy takes 4 of 4/,
      ),
    ]);
  });

  it.each<[string, Partial<Acknowledged>, 'Critical' | 'Warning']>([
    ['in its namespace', { namespace: 'shop' }, 'Warning'],
    ['in another namespace', { namespace: 'bank' }, 'Critical'],
    ['of this object', { object: 'Deployment shop/web' }, 'Warning'],
    ['of another object', { object: 'Deployment shop/api' }, 'Critical'],
    ['of another finding', { id: 'MM059' }, 'Critical'],
  ])('count %s', (_, more, severity) => {
    expect(said([{ ...night, ...more }, telemetry])).toContainEqual(expect.stringMatching(`^${severity} MM055 `));
  });

  const over = { ...telemetry, isOver: true };

  it('block again before the start once their time is over', () => {
    expect(said([over, night])).toContainEqual(
      expect.stringMatching(
        /^Critical MM042 acknowledged until .*, which is over, because the new dashboards are there: /,
      ),
    );
  });

  it.each<FindingsWhen>(['UnderWay', 'AtRest'])('take nobody anywhere by the end of their time: %s', (when) => {
    expect(said([over], { itinerary: 'L4' }, when)).toEqual([
      expect.stringMatching(/^Warning MM042 acknowledged until .*, which is over, /),
    ]);
  });

  it('count for as long as one of several does', () => {
    expect(said([over, telemetry, night])).toContainEqual(
      expect.stringMatching(/^Warning MM042 acknowledged until [^,]*, because/),
    );
  });

  it('are none where something would become allowed, whoever says so', () => {
    const deny = config('AuthorizationPolicy', {
      action: 'DENY',
      rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }],
    });
    const given = surroundings({ services: [], acknowledged: [{ ...night, id: 'MM020' as 'MM055' }] }, [deny]);

    expect(istio.findings(given, 'Start')).toContainEqual(
      expect.objectContaining({ id: 'MM020', severity: 'Critical' }),
    );
  });

  it('are none of others', () => {
    const ports = config(
      'NetworkPolicy',
      { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ ports: [{ port: 8080 }] }] },
      { namespace: 'mallory', name: 'evil' },
    );
    const given = surroundings({ acknowledged: [{ ...night, id: 'MM139' }] }, [ports]);
    const critical = istio.findings({ ...given, acknowledged: [] }, 'Start').filter(({ id }) => id === 'MM139');

    expect(istio.findings(given, 'Start').filter(({ id }) => id === 'MM139')).toEqual(critical);
  });
});

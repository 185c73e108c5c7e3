import { describe, expect, it } from '@jest/globals';
import {
  budget,
  config,
  migrationSpec,
  service,
  surroundings,
  workload,
} from '../../../../test/support/mesh-fixtures.ts';
import type { Surroundings } from '../../adapter.ts';
import type { WorkloadView } from '../../views.ts';
import { restartOrder } from '../waypoint/order.ts';
import { entryCircle } from './waypoint-circles.ts';
import { budgetRules } from './budgets.ts';
import { quotaRules } from './quotas.ts';
import type { Rule } from './rule.ts';

function times<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

function templates(
  count: number,
  more: (index: number) => Partial<WorkloadView> = () => ({}),
): readonly WorkloadView[] {
  return times(count, (index) => workload({ name: `w${index}`, uid: `w${index}`, ...more(index) }));
}

/** Labels of which each is on every second workload, and Services of every two of them. */
const bits = times(36, (bit) => bit);
const pairs = bits.flatMap((one) =>
  bits.slice(one + 1).flatMap((other) => ['0', '1', '2', '3'].map((value) => ({ one, other, value: Number(value) }))),
);

function bitOf(index: number, bit: number): string {
  return String((Math.imul(index + 1, 2_654_435_761 + 2 * bit) >>> 16) & 1);
}

function tangled(): Surroundings {
  return surroundings(
    {
      spec: migrationSpec({ callers: [{ namespace: 'shop', from: [{ namespace: 'shop' }] }] }),
      pods: [],
      workloads: templates(2000, (index) => ({
        templateLabels: Object.fromEntries(bits.map((bit) => [`b${bit}`, bitOf(index, bit)])),
      })),
      services: pairs.map(({ one, other, value }) =>
        service({
          name: `s${one}-${other}-${value}`,
          uid: `s${one}-${other}-${value}`,
          selector: { [`b${one}`]: String(value & 1), [`b${other}`]: String(value >> 1) },
        }),
      ),
    },
    [config('AuthorizationPolicy', { action: 'DENY', rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }] })],
  );
}

function told([rule]: readonly Rule[], given: Surroundings): readonly unknown[] {
  return rule?.find(given) ?? [];
}

describe('what takes more steps than a look may take is said of the namespace that wrote it', () => {
  it('the order of restarts, and they are restarted as they come', () => {
    const given = tangled();
    const { workloads, circle, untold } = restartOrder(given);

    expect([workloads.length, circle, untold]).toEqual([2000, [], true]);
    expect(entryCircle(given)).toEqual([
      expect.objectContaining({
        object: 'Namespace shop',
        message: expect.stringMatching(/^in which order .* takes more steps to tell than one look may take/),
      }),
    ]);
  });

  it('budgets of many expressions', () => {
    const matchExpressions = times(10, (at) => ({
      key: 'app',
      operator: at < 9 ? 'Exists' : 'NotIn',
      values: ['web'],
    }));
    const budgets = times(1200, (index) =>
      budget({ name: `b${index}`, uid: `b${index}`, selector: { matchExpressions } }),
    );

    expect(told(budgetRules, surroundings({ workloads: templates(1200), budgets }))).toEqual([
      expect.objectContaining({
        object: 'Namespace shop',
        message: 'which pods its 1200 PodDisruptionBudgets select takes more steps to tell than one look may take',
      }),
    ]);
  });

  it('quotas, and pods that each ask for something else', () => {
    const hard = Object.fromEntries(times(8, (index) => [`requests.example.com/r${index}`, '1000']));
    const quotas = times(800, (index) =>
      config('ResourceQuota', {}, { name: `q${index}`, uid: `q${index}`, status: { hard, used: {} } }),
    );
    const workloads = templates(800, (index) => ({
      maxUnavailable: 0,
      asks: { requests: { cpu: index }, limits: {} },
    }));

    expect(told(quotaRules, surroundings({ workloads }, quotas))).toEqual([
      expect.objectContaining({
        object: 'Namespace shop',
        message: expect.stringMatching(
          /^whether its ResourceQuotas admit .* takes more steps to tell than one look may/,
        ),
      }),
    ]);
  });
});

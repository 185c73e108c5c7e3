import { describe, expect, it } from '@jest/globals';
import type { PodView } from '../mesh/views.ts';
import { NewSidecars } from './new-sidecars.ts';

const minuteMs = 60_000;

function pod(name: string, { serviceAccount = 'default', namespace = 'shop', annotations = { sidecar: 'yes' } } = {}) {
  return { namespace, name, serviceAccount, annotations, finished: false } as unknown as PodView;
}

describe('NewSidecars', () => {
  function watching(): { readonly sidecars: NewSidecars; readonly pass: (ms: number) => void } {
    let now = 0;
    const sidecars = new NewSidecars(
      ({ annotations }) => annotations['sidecar'] === 'yes',
      () => now,
      10 * minuteMs,
    );
    return {
      sidecars,
      pass: (ms) => {
        now += ms;
      },
    };
  }

  function change(previous: PodView | undefined, current: PodView | undefined) {
    return { namespace: 'shop', name: 'any', previous, current } as Parameters<NewSidecars['isNews']>[0];
  }

  it('tells of the first pod with one of an account, and of no other of a rollout', () => {
    const { sidecars } = watching();
    expect(sidecars.isNews(change(undefined, pod('a')))).toBe(true);
    expect(sidecars.isNews(change(undefined, pod('b')))).toBe(false);
    expect(sidecars.isNews(change(pod('a'), undefined))).toBe(false);
    expect(sidecars.isNews(change(undefined, pod('c')))).toBe(false);
    expect(sidecars.isNews(change(undefined, pod('d', { serviceAccount: 'other' })))).toBe(true);
    expect(sidecars.isNews(change(undefined, pod('e', { namespace: 'bank' })))).toBe(true);
  });

  it('tells nothing of a pod without, until it has one', () => {
    const { sidecars } = watching();
    const without = pod('a', { annotations: { sidecar: 'no' } });
    expect(sidecars.isNews(change(undefined, without))).toBe(false);
    expect(sidecars.isNews(change(without, pod('a')))).toBe(true);
    expect(sidecars.isNews(change(pod('a'), pod('a')))).toBe(false);
  });

  it('tells of who comes and goes once in a while', () => {
    const { sidecars, pass } = watching();
    let told = 0;
    for (let minute = 0; minute < 60; minute += 1) {
      if (sidecars.isNews(change(undefined, pod('a')))) told += 1;
      sidecars.isNews(change(pod('a'), undefined));
      pass(minuteMs);
    }
    expect(told).toBe(6);
  });
});

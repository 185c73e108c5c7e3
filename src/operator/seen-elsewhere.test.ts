import { describe, expect, it } from '@jest/globals';
import { node } from '../../test/support/node-examples.ts';
import type { Change } from '../kube/store.ts';
import type { ConfigView } from '../mesh/views.ts';
import { isAsBefore } from './seen-elsewhere.ts';

function change(previous: ConfigView | undefined, current: ConfigView | undefined): Change<ConfigView> {
  return {
    type: 'modified',
    namespace: undefined,
    name: 'n1',
    ...(previous && { previous }),
    ...(current && { current }),
  };
}

describe('an object of which little is looked at', () => {
  const before = node('n1', 'a');

  it('is as before where only its state has changed, as that of a node does all the time', () => {
    expect(isAsBefore(change(before, { ...before, resourceVersion: '2', generation: 2 }))).toBe(true);
  });

  it.each<readonly [string, ConfigView | undefined, ConfigView | undefined]>([
    ['it has come', undefined, before],
    ['it has gone', before, undefined],
    ['it has another label', before, node('n1', 'b')],
    ['it has a taint', before, node('n1', 'a', ['gpu=yes:NoSchedule'])],
  ])('is not where %s', (_, previous, current) => {
    expect(isAsBefore(change(previous, current))).toBe(false);
  });
});

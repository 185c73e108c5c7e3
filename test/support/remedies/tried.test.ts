import { describe, expect, it } from '@jest/globals';
import { rules } from '../../../src/mesh/istio/rules.ts';
import type { Rule } from '../../../src/mesh/istio/findings/rule.ts';
import { config, surroundings } from '../mesh-fixtures.ts';
import { make } from './deeds.ts';
import type { Remedy } from './remedy.ts';
import { faultsOf } from './tried.ts';

const ingress = { ingress: [{ port: { number: 9080 }, defaultEndpoint: '127.0.0.1:8080' }] };
const examples = { seen: { 'a Sidecar': surroundings({}, [config('Sidecar', ingress)]) }, ignored: {} };
const fix = 'Let the application itself listen on the ports of its Service on all addresses, and remove spec.ingress';
const removed = make(config('Sidecar', {}));

function faults(way: Partial<Remedy>, besides: readonly string[] = [], more: Partial<Rule> = {}): readonly string[] {
  const rule = rules.find(({ id }) => id === 'MM048');
  if (rule === undefined) throw new Error('there is no such rule');
  return faultsOf({ ...rule, ...more } as Rule, examples, { ways: [{ says: fix, done: removed, ...way }], besides });
}

describe('a way that a fix offers', () => {
  it('leads away from the finding', () => {
    expect(faults({})).toEqual([]);
  });

  it.each<[string, Partial<Remedy>, readonly unknown[]]>([
    [
      'that changes nothing',
      { done: (given) => given },
      [expect.stringContaining('is still there: MM048 Sidecar shop/it'), expect.stringContaining('no way leads away')],
    ],
    [
      'to something else that is critical',
      { done: make(config('Sidecar', { outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } })) },
      [expect.stringContaining('is replaced by MM044 Sidecar shop/it'), expect.stringContaining('no way leads away')],
    ],
    [
      'to something that does not come',
      { then: { MM082: 'it never does' } },
      [expect.stringContaining('MM082 does not come')],
    ],
    [
      'that no fix offers',
      { says: 'Do nothing' },
      [
        expect.stringContaining('no way leads away'),
        expect.stringContaining('Do nothing: no fix says so'),
        expect.stringContaining('nobody has tried'),
      ],
    ],
    [
      'that is half of what it says',
      { says: 'remove spec.ingress' },
      [expect.stringContaining('nobody has tried: Let the application itself listen')],
    ],
    [
      'that only leaves the namespace out',
      { done: 'LeftOut' },
      ['there is no way but to leave it out, or to answer for it'],
    ],
    [
      'that only answers for what cannot be answered for',
      { done: 'Acknowledged' },
      [
        expect.stringContaining('is still there'),
        expect.stringContaining('no way leads away'),
        'there is no way but to leave it out, or to answer for it',
      ],
    ],
  ])('is a fault: %s', (_what, way, expected) => {
    expect(faults(way)).toEqual(expected);
  });

  it('need not be there for whom the rule says that there is none, and who is left out then', () => {
    expect(faults({ done: 'LeftOut' }, [], { stays: 'nobody can.' })).toEqual([]);
    expect(faults({}, [], { stays: 'nobody can.' })).toEqual(['nobody has left out who has no way']);
  });
});

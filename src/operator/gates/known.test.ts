import { describe, expect, it } from '@jest/globals';
import { gateWant } from '../../../test/support/gate-wants.ts';
import { Known } from './known.ts';

describe('what was read', () => {
  it('is forgotten of whom nobody looks at any more, and of another time', () => {
    const known = new Known();
    for (const observer of ['Callers', 'Own']) {
      for (const place of ['shop 1', 'web 1', 'shop 2']) known.before.set(`${place} ${observer}`, new Map());
      known.since.set(`shop 9 ${observer}`, { until: 9, pieces: new Map() });
      known.since.set(`shop 8 ${observer}`, { until: 9, pieces: new Map() });
    }
    for (const place of ['shop 1', 'web 2', 'shop 2']) known.alerts.set(place, { question: '', found: new Set() });
    for (const place of ['shop 1', 'web 2', 'shop 2']) known.nothing.add(place);
    known.keep([gateWant('shop', { before: 2, since: 9 })]);
    expect([...known.before.keys()]).toEqual(['shop 2 Callers', 'shop 2 Own']);
    expect([...known.alerts.keys()]).toEqual(['shop 2']);
    expect([...known.nothing]).toEqual(['shop 2']);
    expect([...known.since.keys()]).toEqual(['shop 9 Callers', 'shop 9 Own']);
  });
});

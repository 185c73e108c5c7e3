import { describe, expect, it } from '@jest/globals';
import { gateTelemetry } from '../../mesh/istio/telemetry/gate-queries.ts';
import { Known } from './known.ts';
import type { Want } from './want.ts';

function want(namespace: string, before: number, since: number): Want {
  return {
    key: `n/${namespace}/shop`,
    namespace,
    telemetry: gateTelemetry,
    to: 'IstioAmbient',
    itinerary: 'L4',
    gates: [],
    before,
    since,
  };
}

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
    known.keep([want('shop', 2, 9)]);
    expect([...known.before.keys()]).toEqual(['shop 2 Callers', 'shop 2 Own']);
    expect([...known.alerts.keys()]).toEqual(['shop 2']);
    expect([...known.nothing]).toEqual(['shop 2']);
    expect([...known.since.keys()]).toEqual(['shop 9 Callers', 'shop 9 Own']);
  });
});

import { describe, expect, it } from '@jest/globals';
import { namespace } from '../../test/support/mesh-fixtures.ts';
import { journalAnnotation } from '../api/resources.ts';
import { isOf, journalOn, journalText, maxJournalBytes, type Journal } from './journal.ts';

const journal: Journal = {
  migration: 'mm',
  uid: 'uid-1',
  route: { from: 'IstioSidecar', to: 'IstioAmbient' },
  attempt: 3,
  direction: 'Backward',
  itinerary: 'L7',
  capturedAt: '2030-01-01T00:00:00Z',
  labels: { 'istio-injection': 'enabled', 'istio.io/rev': null },
  set: { 'istio-injection': 'disabled', 'istio.io/rev': null },
  by: { name: 'ann', at: '2030-01-01T00:00:01Z' },
  failure: { reason: 'PodNotEnrolled', message: 'late', at: '2030-01-01T00:00:02Z' },
};

function read(text: string): Journal | undefined {
  return journalOn(namespace({ annotations: { [journalAnnotation]: text } }));
}

describe('the journal on a namespace', () => {
  it('is read back as it was written, and is written alike again', () => {
    const text = journalText(journal);

    expect(read(text)).toEqual(journal);
    expect(journalText({ ...journal, labels: { 'istio.io/rev': null, 'istio-injection': 'enabled' } })).toBe(text);
    expect(read(journalText({ ...journal, direction: 'Forward', arrived: true }))).toMatchObject({
      direction: 'Forward',
      arrived: true,
    });
    expect(read(journalText({ ...journal, first: 2 }))?.first).toBe(2);
    expect(read(journalText({ ...journal, changed: true }))?.changed).toBe(true);
  });

  it('names the waypoint of the user that is used, as versions before that did not', () => {
    expect(read(journalText({ ...journal, waypoint: 'mine' }))?.waypoint).toBe('mine');
    expect(read(journalText(journal))).not.toHaveProperty('waypoint');
    expect(journalText(journal)).not.toContain('waypoint');
  });

  it.each([['UPPER'], [''], ['x'.repeat(64)], ['a/b'], [7], [null], [{}]])(
    'is not read with %p for a waypoint, which would be taken for one that the operator has made',
    (waypoint) => {
      expect(read(JSON.stringify({ ...(JSON.parse(journalText(journal)) as object), waypoint }))).toBeUndefined();
    },
  );

  it('names the Services that a waypoint was asked for', () => {
    const requested = ['api', 'web'];

    expect(read(journalText({ ...journal, requested }))?.requested).toEqual(requested);
    expect(journalText(journal)).not.toContain('requested');
    expect(read(JSON.stringify({ ...(JSON.parse(journalText(journal)) as object), requested: 7 }))).toEqual(journal);
  });

  it('keeps who was not seen before the start, and nothing of that in any other shape', () => {
    const unseen = { namespaces: ['blog', 'cart'], policies: ['shop/no-addresses abc'], called: ['abcdef'] };

    expect(read(journalText({ ...journal, unseen }))?.unseen).toEqual(unseen);
    expect(journalText(journal)).not.toContain('unseen');
    for (const other of [7, [], { namespaces: 'blog', policies: ['x'] }, { namespaces: ['blog'] }]) {
      expect(read(JSON.stringify({ ...(JSON.parse(journalText(journal)) as object), unseen: other }))).toEqual(journal);
    }
  });

  it('keeps who called before the start, and nothing of that in any other shape', () => {
    const callers = { of: ['abcdef'], named: ['blog', 'cart/web'], seen: [] };

    expect(read(journalText({ ...journal, callers }))?.callers).toEqual(callers);
    expect(journalText(journal)).not.toContain('callers');
    for (const other of [7, [], { of: ['abcdef'] }, { ...callers, seen: 'blog' }]) {
      expect(read(JSON.stringify({ ...(JSON.parse(journalText(journal)) as object), callers: other }))).toEqual(
        journal,
      );
    }
  });

  it('is bounded, whatever a failure says', () => {
    const text = journalText({
      ...journal,
      by: { name: '☃'.repeat(500), at: journal.capturedAt },
      failure: { reason: 'x', message: '☃'.repeat(5000), at: journal.capturedAt },
    });

    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maxJournalBytes);
    expect(read(text)?.failure?.message).toMatch(/^☃+$/);
  });

  const services = {
    api: { 'istio.io/use-waypoint': 'waypoint' },
    web: { 'istio.io/use-waypoint': null },
    shop: { 'istio.io/use-waypoint': 'waypoint' },
  };

  it('keeps the labels of Services, those with the same together', () => {
    const text = journalText({ ...journal, services });

    expect(read(text)?.services).toEqual(services);
    expect(text).toContain('[{"istio.io/use-waypoint":"waypoint"},"api","shop"]');
    expect(journalText({ ...journal, services: Object.fromEntries(Object.entries(services).toReversed()) })).toBe(text);
  });

  it('has room for hundreds of Services, and stays readable with more', () => {
    const many = (count: number): NonNullable<Journal['services']> =>
      Object.fromEntries(
        Array.from({ length: count }, (_, index) => [
          `service-of-some-team-${1000 + index}`,
          { 'istio.io/use-waypoint': index % 2 === 0 ? 'a' : null },
        ]),
      );

    expect(Object.keys(read(journalText({ ...journal, services: many(900) }))?.services ?? {})).toHaveLength(900);
    const text = journalText({ ...journal, services: many(5000) });
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maxJournalBytes);
    expect(Object.keys(read(text)?.services ?? {}).length).toBeGreaterThan(900);
    const last = { zoo: { 'istio.io/use-waypoint': 'theirs' }, ...many(5000) };
    expect(read(journalText({ ...journal, services: last }))?.services).toHaveProperty('zoo');
  });

  it('stays readable at all bounds at once, and keeps what Services were rather than who called', () => {
    const texts = (count: number, length: number): readonly string[] =>
      Array.from({ length: count }, (_, index) => `${index}`.padEnd(length, 'x'));
    const services = Object.fromEntries(texts(1000, 50).map((name) => [name, { 'istio.io/use-waypoint': null }]));
    const full: Journal = {
      ...journal,
      services,
      requested: texts(200, 63),
      heldBefore: texts(500, 12),
      unseen: { namespaces: texts(60, 63), policies: texts(30, 63), called: texts(30, 63) },
      callers: { of: texts(200, 12), named: texts(60, 63), seen: [] },
    };
    const kept = read(journalText(full));
    expect(kept).toMatchObject({ labels: journal.labels, heldBefore: full.heldBefore, requested: full.requested });
    const without = read(journalText({ ...full, services: {} }));
    expect(without?.callers ?? full.callers).toEqual(full.callers);
    const roomy = read(journalText({ ...journal, services, callers: { of: texts(200, 12), named: [], seen: [] } }));
    expect(Object.keys(roomy?.services ?? {}).length).toBeGreaterThanOrEqual(250);
  });

  const json = JSON.parse(journalText(journal)) as Record<string, unknown>;
  it.each<[string, string]>([
    ['nothing', ''],
    ['no JSON', 'x'],
    ['an empty object', '{}'],
    ['a list', '[]'],
    ['null', 'null'],
    ['another direction', JSON.stringify({ ...json, direction: 'Sideways' })],
    ['no attempt', JSON.stringify({ ...json, attempt: undefined })],
    ['an attempt that is none', JSON.stringify({ ...json, attempt: 1e300 })],
    ['an unknown itinerary', JSON.stringify({ ...json, itinerary: 'L9' })],
    ['no data plane', JSON.stringify({ ...json, to: 'Mesh' })],
    ['more than it may hold', JSON.stringify({ ...json, more: 'x'.repeat(maxJournalBytes) })],
  ])('is none in %s', (_case, text) => {
    expect(read(text)).toBeUndefined();
  });

  it('is of a migration by name and way', () => {
    expect(isOf(journal, 'mm', { from: 'IstioSidecar', to: 'IstioAmbient' })).toBe(true);
    expect(isOf(journal, 'other', journal.route)).toBe(false);
    expect(isOf(journal, 'mm', { from: 'IstioAmbient', to: 'IstioSidecar' })).toBe(false);
    expect(isOf(undefined, 'mm', journal.route)).toBe(false);
  });
});

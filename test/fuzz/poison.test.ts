import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../src/api/object.ts';
import { istio } from '../../src/mesh/istio/adapter.ts';
import { describe as inWords } from '../../src/requests/describe.ts';
import { harm, poison } from '../support/foreign-text.ts';
import { oneIn } from '../support/sample.ts';
import { corpus } from './corpus.ts';
import { pictureOf } from './picture.ts';

/** A sentence without a blank that a program would know, and without any. */
const unseen = ['x.', 'KNOWN', 'bug:', 'run:', 'kubectl', 'delete', 'namespace', 'shop'];
const inOneWord = [unseen.join('\u2800'), unseen.join('\u3164'), 'x{kubectl,delete,namespace,shop}\u{E0041}'];

const ways = [
  { from: 'IstioSidecar', to: 'IstioAmbient' },
  { from: 'IstioAmbient', to: 'IstioSidecar' },
] as const;

type Path = readonly (string | number)[];

/** Every text that a tenant writes and the API server takes as it is, by where it stands. */
function textsIn(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value === 'string') return [path];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => textsIn(each, [...path, key]));
}

/** Names and labels are words to the API server, and only controllers write what becomes of an object. */
function isFree([first, second]: Path): boolean {
  if (first === 'metadata') return second === 'annotations';
  return first !== 'apiVersion' && first !== 'kind' && first !== 'status';
}

function put(value: unknown, [first, ...rest]: Path, text: (before: string) => string): unknown {
  if (first === undefined) return text(String(value));
  if (Array.isArray(value))
    return value.map((each: unknown, index): unknown => (String(index) === first ? put(each, rest, text) : each));
  const before = value as Readonly<Record<string, unknown>>;
  return { ...before, [first]: put(before[first], rest, text) };
}

/** Every text in an answer. */
function saidIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(saidIn);
}

/** What people read of a namespace with these objects, there and back. */
function said(objects: readonly KubeObject[]): readonly string[] {
  return ways.flatMap((route) =>
    [undefined, 'L7' as const].flatMap((itinerary) => {
      const given = pictureOf(objects, route, itinerary);
      const { forward, backward } = istio.itinerary(route, {}, 'L7');
      return saidIn([
        istio.findings(given, itinerary === undefined ? 'Start' : 'UnderWay'),
        istio.explain(given),
        istio.unready(given),
        istio.noWayBack(given),
        [...forward, ...backward].map(({ awaits, gate }) => [awaits?.(given), gate?.(given)]),
      ]);
    }),
  );
}

const places = corpus.flatMap((object, index) =>
  textsIn(object)
    .filter(isFree)
    .map((path) => ({ index, path, title: `${object.kind ?? ''} ${object.metadata.name}: ${path.join('.')}` })),
);

describe('a text of a tenant', () => {
  it.each(oneIn(16, places))('is no sentence of ours and acts on no terminal: $title', ({ index, path }) => {
    const instead = [poison, ...inOneWord].map((text) => (): string => text);
    for (const text of [...instead, (before: string): string => `${before}${poison}`]) {
      const objects = corpus.map((object, at) => (at === index ? (put(object, path, text) as KubeObject) : object));
      expect(said(objects).filter((each) => harm.test(each))).toEqual([]);
    }
  });

  it('is none in a request that policies were asked about', () => {
    const request = inWords({
      identity: poison,
      sourceIp: '10.0.0.1',
      remoteIp: '10.0.0.1',
      destinationIp: '10.0.0.2',
      workloadPort: 8080,
      metadata: {},
      http: {
        method: poison,
        host: 'web',
        path: `/${poison}`,
        headers: { [poison]: poison },
        token: { issuer: poison, subject: poison, claims: {} },
      },
    });

    expect(request).not.toMatch(harm);
    expect(request).toContain('web/x.…');
  });
});

import { Readable } from 'node:stream';
import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import type { KubeObject } from '../../src/api/object.ts';
import { printable } from '../../src/base/printable.ts';
import { systemClock } from '../../src/base/clock.ts';
import { run } from '../../src/cli/run.ts';
import { ApiError } from '../../src/kube/errors.ts';
import { watchEvents, WatchFormatError } from '../../src/kube/watch-stream.ts';
import { istio } from '../../src/mesh/istio/adapter.ts';
import { parsePolicy, policyKinds } from '../../src/mesh/istio/policy/parse.ts';
import { projectConfig } from '../../src/mesh/project.ts';
import { readAnswer } from '../../src/prometheus/answer.ts';
import { PrometheusError } from '../../src/prometheus/errors.ts';
import { routes } from '../support/mesh-fixtures.ts';
import { corpus, ofKinds } from './corpus.ts';

import { mutated, runs } from './mutate.ts';
import { meshOf, pictureOf } from './picture.ts';
import { askEverything } from './questions.ts';

// The length is in CPU time of one core, which others may want too.
jest.setTimeout(30 * 60_000);

type Path = readonly (string | number)[];

/** The API server sees to the type of an object and to its metadata; all else it takes as the CRD lets it through. */
function isLoose([first]: Path): boolean {
  return first !== undefined && !['apiVersion', 'kind', 'metadata'].includes(String(first));
}

/** From a file anything may come. */
function isAny(path: Path): boolean {
  return path.length > 0;
}

/** The whole of a small world with one object bent, and some of the others left out. */
function worlds(
  mayChange: (path: Path) => boolean,
): fc.Arbitrary<{ readonly bent: KubeObject; readonly objects: readonly KubeObject[] }> {
  const always = ['shop', 'cart', 'get', 'm'];
  return fc
    .tuple(fc.constantFrom(...corpus), fc.array(fc.boolean(), { minLength: corpus.length, maxLength: corpus.length }))
    .chain(([object, kept]) =>
      mutated(object, mayChange).map((bent) => ({
        bent,
        objects: corpus.flatMap((each, index) => {
          if (each === object) return [bent];
          return kept[index] === true || always.includes(each.metadata.name) ? [each] : [];
        }),
      })),
    );
}

describe('objects of a shape that nobody expects', () => {
  it('are projected without a word', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...corpus).chain((object) => mutated(object, isLoose)),
        (bent) => {
          expect(() => meshOf([bent])).not.toThrow();
        },
      ),
      runs(120),
    );
  });

  it('are read as policies', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ofKinds(corpus, ...policyKinds)).chain((object) => mutated(object, isLoose)),
        (bent) => {
          expect(() => parsePolicy(projectConfig(bent.kind ?? '')(bent))).not.toThrow();
        },
      ),
      runs(120),
    );
  });

  it('make no rule, step or choice of the adapter throw', () => {
    fc.assert(
      fc.property(
        worlds(isLoose),
        fc.constantFrom(...routes),
        fc.constantFrom(undefined, 'L4', 'L7', 'Hbone'),
        ({ objects }, route, itinerary) => {
          const faults: unknown[] = [];
          askEverything(istio, {
            ...pictureOf(objects, route, itinerary),
            onFault: (where, error) => {
              faults.push(where, error);
            },
          });
          expect(faults).toEqual([]);
        },
      ),
      runs(16),
    );
  });
});

describe('manifests of a shape that nobody expects', () => {
  it('get a result and an exit code, and nothing that acts on a terminal', async () => {
    const command = fc.constantFrom(
      ['plan', 'table'],
      ['plan', 'json'],
      ['plan', 'yaml'],
      ['audit', 'table'],
      ['audit', 'sarif'],
      ['audit', 'junit'],
      ['audit', 'yaml'],
    );
    await fc.assert(
      fc.asyncProperty(worlds(isAny), command, async ({ objects }, [name = '', format = '']) => {
        const written: string[] = [];
        const stream = { write: (text: string) => written.push(text) };
        const stdin = Readable.from([Buffer.from(objects.map((object) => JSON.stringify(object)).join('\n---\n'))]);
        const exitCode = await run([name, '-f', '-', '-o', format], { stdin, stdout: stream, stderr: stream });
        const text = written.join('');

        expect(exitCode === 3 ? text : '').toBe('');
        expect(printable(text)).toBe(text);
      }),
      runs(10),
    );
  });
});

describe('answers of a shape that nobody expects', () => {
  it('of Prometheus are read or refused', () => {
    const answer = {
      status: 'success',
      warnings: [],
      data: { resultType: 'vector', result: [{ metric: { a: 'b' }, value: [1, '2'] }] },
    };
    fc.assert(
      fc.property(
        fc.oneof(
          mutated(answer, isAny).map((bent) => JSON.stringify(bent)),
          fc.string(),
          fc.json(),
        ),
        (text) => {
          try {
            readAnswer(text);
          } catch (error) {
            expect(error).toBeInstanceOf(PrometheusError);
          }
        },
      ),
      runs(120),
    );
  });

  it('of a watch are read or refused', async () => {
    const event = {
      type: 'ADDED',
      object: {
        kind: 'Status',
        apiVersion: 'v1',
        code: 410,
        reason: 'Expired',
        message: 'm',
        details: { causes: [{ reason: 'a' }], retryAfterSeconds: 1 },
        metadata: { resourceVersion: '1', name: 'a' },
      },
    };
    const line = fc
      .oneof(mutated(event, isAny), mutated({ ...event, type: 'ERROR' }, isAny), fc.jsonValue())
      .map((value) => JSON.stringify(value));
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 4 }), fc.integer({ min: 1, max: 60 }), async (lines, size) => {
        const text = lines.map((each) => `${each}\n`).join('');
        const body = Readable.from(text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []);
        try {
          for await (const { object } of watchEvents(
            { status: 200, headers: {}, body },
            {
              clock: systemClock,
              idleMs: () => 60_000,
              abort: () => undefined,
              request: { server: 's', method: 'GET', path: '/p' },
            },
          )) {
            expect(typeof object.metadata.resourceVersion).toBe('string');
          }
        } catch (error) {
          expect(error instanceof WatchFormatError || error instanceof ApiError ? undefined : error).toBeUndefined();
        }
      }),
      runs(80),
    );
  });
});

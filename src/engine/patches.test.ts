import { describe, expect, it } from '@jest/globals';
import { fc } from '../../test/support/properties.ts';
import { namespace, present, workload } from '../../test/support/mesh-fixtures.ts';
import { applyJsonPatch } from '../../test/sim/apiserver/json-patch.ts';
import { journalAnnotation, restartAnnotation } from '../api/resources.ts';
import { namespacePatch, scalePatch, templatePatch } from './patches.ts';

type Labels = Readonly<Record<string, string | null>>;

const keys = ['istio-injection', 'istio.io/rev', 'istio.io/dataplane-mode'];
const value = fc.constantFrom(null, 'enabled', 'disabled', 'a/b~c');
const labels = fc.record(Object.fromEntries(keys.map((key) => [key, value]))) as fc.Arbitrary<Labels>;
const annotation = fc.constantFrom(null, '{"migration":"mm"}', 'other');

interface Metadata {
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

function object(own: Labels, note: string | null, annotated: boolean): { readonly metadata: Metadata } {
  return {
    metadata: {
      uid: 'shop-uid',
      labels: { team: 'a', ...present(own) },
      ...(annotated && { annotations: { mine: 'x', ...(note !== null && { [journalAnnotation]: note }) } }),
    },
  };
}

function view({ metadata }: { readonly metadata: Metadata }): ReturnType<typeof namespace> {
  return namespace({
    labels: metadata.labels,
    annotations: metadata.annotations ?? {},
    hasAnnotations: metadata.annotations !== undefined,
  });
}

describe('namespacePatch', () => {
  it('brings the namespace from what was seen to what is wanted, and touches nothing else', () => {
    fc.assert(
      fc.property(
        labels,
        fc.dictionary(fc.constantFrom(...keys), value),
        annotation,
        annotation,
        fc.boolean(),
        (seen, targets, note, wanted, annotated) => {
          const before = object(seen, annotated ? note : null, annotated);
          const { metadata } = applyJsonPatch(
            before,
            namespacePatch(view(before), seen, targets, wanted),
          ) as unknown as typeof before;
          expect(metadata.labels).toEqual({ team: 'a', ...present({ ...seen, ...targets }) });
          expect(metadata.annotations ?? {}).toEqual({
            ...(annotated && { mine: 'x' }),
            ...(wanted !== null && { [journalAnnotation]: wanted }),
          });
        },
      ),
    );
  });

  it('fails when any label of the data plane has changed since, whether the patch sets it or not', () => {
    fc.assert(
      fc.property(labels, labels, fc.dictionary(fc.constantFrom(...keys), value), (seen, real, targets) => {
        fc.pre(keys.some((key) => seen[key] !== real[key]));
        const before = object(real, null, false);
        expect(() => applyJsonPatch(before, namespacePatch(view(before), seen, targets, 'x'))).toThrow();
      }),
    );
  });

  it.each<[string, (metadata: Metadata) => Metadata]>([
    ['the namespace is another one of the same name', (metadata) => ({ ...metadata, uid: 'other' })],
    ['annotations have appeared', (metadata) => ({ ...metadata, annotations: { mine: 'x' } })],
  ])('fails when %s', (_case, change) => {
    const before = object({ 'istio-injection': 'enabled' }, null, false);
    const patch = namespacePatch(
      view(before),
      { 'istio-injection': 'enabled' },
      { 'istio-injection': 'disabled' },
      'x',
    );

    expect(() => applyJsonPatch({ metadata: change(before.metadata) }, patch)).toThrow();
  });

  it('fails when somebody else has written the record of the original', () => {
    const before = object({}, null, true);
    const patch = namespacePatch(view(before), {}, {}, 'ours');

    expect(() => applyJsonPatch(object({}, 'theirs', true), patch)).toThrow();
  });
});

describe('templatePatch', () => {
  const template = (annotations?: Readonly<Record<string, string>>, uid = 'web-uid'): object => ({
    metadata: { uid },
    spec: { template: { metadata: { labels: { app: 'web' }, ...(annotations && { annotations }) } } },
  });
  const seen = (annotations?: Readonly<Record<string, string>>): ReturnType<typeof workload> =>
    workload({ templateAnnotations: annotations ?? {}, hasTemplateAnnotations: annotations !== undefined });

  it.each<[string, Record<string, string> | undefined, string | null, Record<string, string> | undefined]>([
    ['into a template without annotations', undefined, 'v1', { [restartAnnotation]: 'v1' }],
    ['beside others', { mine: 'x' }, 'v1', { mine: 'x', [restartAnnotation]: 'v1' }],
    ['over an old one', { [restartAnnotation]: 'v0' }, 'v1', { [restartAnnotation]: 'v1' }],
    ['away', { mine: 'x', [restartAnnotation]: 'v1' }, null, { mine: 'x' }],
  ])('brings the annotation %s', (_case, before, value_, after) => {
    expect(applyJsonPatch(template(before) as never, templatePatch(seen(before), value_))).toEqual(template(after));
  });

  it.each<[string, Record<string, string> | undefined, object]>([
    ['another workload has the name', undefined, template(undefined, 'other')],
    ['annotations have appeared', undefined, template({ mine: 'x' })],
    ['the annotation was set meanwhile', { mine: 'x' }, template({ mine: 'x', [restartAnnotation]: 'theirs' })],
    [
      'the annotation was changed meanwhile',
      { [restartAnnotation]: 'v0' },
      template({ [restartAnnotation]: 'theirs' }),
    ],
    ['the annotation was taken away meanwhile', { [restartAnnotation]: 'v0' }, template({})],
  ])('fails when %s', (_case, before, real) => {
    expect(() => applyJsonPatch(real as never, templatePatch(seen(before), 'v1'))).toThrow();
  });
});

describe('scalePatch', () => {
  const seen = workload({ replicas: 1 });
  const real = (uid: string, generation: number, replicas: number): object => ({
    metadata: { uid, generation },
    spec: { replicas },
  });

  it('sets the number of pods', () => {
    expect(applyJsonPatch(real('web-uid', 1, 1) as never, scalePatch(seen, 2))).toEqual(real('web-uid', 1, 2));
  });

  it.each([
    ['another Deployment has the name', real('other', 1, 1)],
    ['it was scaled meanwhile', real('web-uid', 2, 5)],
    ['it was scaled there and back', real('web-uid', 3, 1)],
  ])('fails when %s', (_case, now) => {
    expect(() => applyJsonPatch(now as never, scalePatch(seen, 2))).toThrow();
  });
});

import { describe, expect, it } from '@jest/globals';
import { copiedShapes } from '../../../../test/support/copied-shapes.ts';
import { costOf } from '../../../../test/support/cost.ts';
import { config, surroundings } from '../../../../test/support/mesh-fixtures.ts';
import { oneIn } from '../../../../test/support/sample.ts';
import { bounded } from '../../../base/effort.ts';
import type { Surroundings } from '../../adapter.ts';
import { translationSteps } from '../../effort-limits.ts';
import { istio } from '../adapter.ts';
import type { Manifest } from '../policy/translate/manifest.ts';
import { translateToSidecars } from '../policy/translate/to-sidecar/translate.ts';
import { translate, type Translation } from '../policy/translate/translate.ts';
import { sizeOfManifests } from '../policy/translate/written.ts';
import { exitWorldOf } from './exit/served.ts';
import { worldOf } from './world.ts';

const shapes = Object.keys(copiedShapes);

function shaped(name: string, size: number, services?: number): Surroundings {
  return copiedShapes[name]?.(size, services) ?? surroundings();
}

/** What is made of it, and what stands in the way. */
function translated(given: Surroundings): Pick<Translation, 'manifests' | 'problems'> {
  return given.route.to === 'IstioSidecar' ? translateToSidecars(exitWorldOf(given)) : translate(worldOf(given));
}

/** The steps of it within a look, or that it is given up. */
function stepsOf(given: Surroundings): number | 'TooLarge' {
  const taken = bounded(translationSteps, () => translated(given));
  return taken.kind === 'TooLarge' || taken.value.problems.some(({ tooLarge }) => tooLarge === true)
    ? 'TooLarge'
    : taken.steps;
}

function copiesOf(given: Surroundings): readonly Manifest[] {
  return translated(given).manifests.filter(({ originals }) => originals.some((title) => title.endsWith('/large')));
}

describe('copies of one object for many Services', () => {
  it.each(oneIn(3, shapes, 1))('are counted by what stands in them, before they are made: %s', (name) => {
    expect(stepsOf(shaped(name, 16_000))).toBe('TooLarge');
  });

  it.each(oneIn(3, shapes, 2))('are no more than the cluster and its caches have room for: %s', (name) => {
    const sizes = [100, 400, 1600, 6400].map((size) => shaped(name, size));
    const written = sizes
      .filter((given) => stepsOf(given) !== 'TooLarge')
      .map((given) => sizeOfManifests(copiesOf(given)));
    expect(written.length).toBeGreaterThan(0);
    for (const { characters, parts } of written) {
      expect(characters).toBeLessThan(12_000_000);
      expect(parts).toBeLessThan(1_200_000);
    }
  });

  it.each(oneIn(3, shapes))('are a Critical finding where they are too large: %s', (name) => {
    const given = shaped(name, 16_000);
    expect(istio.findings(given, 'Start')).toContainEqual(
      expect.objectContaining({ id: 'MM119', severity: 'Critical', object: expect.stringMatching(/ shop\/large$/) }),
    );
  });

  it.each(shapes.filter((name) => name.startsWith('AUDIT: n rules,') && !name.endsWith('own')))(
    'have their rules in common, so that these are written, read and compared once: %s',
    (name) => {
      const copies = copiesOf(shaped(name, 200));
      expect(copies.length).toBeGreaterThanOrEqual(150);
      expect(new Set(copies.map(({ object }) => object.spec['rules'])).size).toBe(1);
    },
  );

  it('have only what differs apart: Services that lead to other ports than the policy means', () => {
    const given = shaped('AUDIT: n rules of ports, for each second of 300 Services of ports of their own', 4, 40);
    const copies = copiesOf(given);
    const texts = new Set(copies.map(({ object }) => JSON.stringify(object.spec['rules'])));
    expect(copies).toHaveLength(20);
    expect(texts.size).toBe(3);
    expect(new Set(copies.map(({ object }) => object.spec['rules'])).size).toBe(texts.size);
  });

  it('say at the start where one would be more than the cluster takes, because each rule names each port', () => {
    const given = shaped('AUDIT: n rules, out of ambient with 200 Services', 1000, 1);
    const ports = Array.from({ length: 400 }, (_, at) => ({
      name: `http-${at}`,
      port: 1000 + at,
      targetPort: 10_000 + at,
      protocol: 'TCP',
    }));
    const { manifests, problems } = translated({
      ...given,
      services: given.services.map((service) => ({ ...service, ports })),
    });
    expect(manifests).toEqual([]);
    expect(problems).toEqual([
      expect.objectContaining({ severity: 'Critical', object: 'AuthorizationPolicy shop/large', tooLarge: true }),
    ]);
  });

  it.each<[string, string, (parts: <T>(part: T) => readonly T[]) => readonly object[]]>([
    [
      'ports of a Service that lead to one',
      'AUDIT: n rules, for each second of 300 Services',
      (parts) => parts({ to: [{ operation: { ports: ['8080'] } }] }),
    ],
    [
      'ports of pods in operations',
      'AUDIT: n rules, out of ambient with 200 Services',
      (parts) => [{ to: parts({ operation: { notPorts: ['1'] } }) }],
    ],
    [
      'ports of pods in conditions',
      'AUDIT: n rules, out of ambient with 200 Services',
      (parts) => [{ when: parts({ key: 'destination.port', notValues: ['1'] }) }],
    ],
  ])('are counted by what they have to name, before it is written: %s', (_what, name, rules) => {
    const isBack = name.includes('out of');
    const written = (size: number): ReturnType<typeof bounded> => {
      const given = shaped(name, 1, 1);
      const ports = Array.from({ length: size }, (_, at) => ({
        name: `http-${at}`,
        port: 1000 + at,
        targetPort: isBack ? 10_000 + at : 8080,
        protocol: 'TCP',
      }));
      const services = given.services.map((service) => ({ ...service, ports }));
      const configs: Surroundings['mesh']['configs'] = (...asked) =>
        given.mesh.configs(...asked).map((each) => {
          if (each.name !== 'large') return each;
          return { ...each, spec: { ...each.spec, rules: rules((part) => Array.from({ length: size }, () => part)) } };
        });
      const all = { ...given, services, mesh: { ...given.mesh, configs } };
      return bounded(translationSteps, () => translated(all));
    };

    expect(written(100).kind).toBe('Done');
    // Two million ports in a policy of 100 kB.
    expect(written(1500).kind).toBe('TooLarge');
  });

  it('have the selector of their Service in common', () => {
    const world = exitWorldOf(shaped('AUDIT: n rules, out of ambient with 200 Services', 1, 1));
    const twice = { ...world, policies: [...world.policies, ...world.policies] };
    const made = translateToSidecars(twice).manifests.filter(({ role }) => role === 'SidecarCopy');
    expect(made).toHaveLength(2);
    expect(new Set(made.map(({ object }) => object.spec['selector'])).size).toBe(1);
  });

  it('ask once what names are taken, however many are made and by whose waypoint', () => {
    let reads = 0;
    const counting = {
      ...config('Telemetry', {}),
      get name(): string {
        reads += 1;
        return 'it';
      },
    };
    const world = exitWorldOf(shaped('RequestAuthentication: n rules, out of ambient with 200 Services', 1, 100));
    const { manifests } = translateToSidecars({ ...world, extensions: [counting] });

    expect(manifests.length).toBeGreaterThan(100);
    expect(reads).toBeLessThan(10);
  });

  it.each(oneIn(3, shapes))('of usual size are made: %s', (name) => {
    expect(stepsOf(shaped(name, 100))).not.toBe('TooLarge');
  });

  it.each(oneIn(3, shapes))('cost a look about as much as what stands there: %s', (name) => {
    const given = shaped(name, 4000);
    expect(costOf(() => istio.findings(given, 'Start'))).toBeLessThan(100);
  });
});

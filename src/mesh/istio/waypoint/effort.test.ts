import { describe, expect, it } from '@jest/globals';
import { fc } from '../../../../test/support/properties.ts';
import { config, service, surroundings, workload } from '../../../../test/support/mesh-fixtures.ts';
import { oneIn, times } from '../../../../test/support/sample.ts';
import { bytesOf, tenantShapes } from '../../../../test/support/tenant-shapes.ts';
import type { Surroundings } from '../../adapter.ts';
import { istio } from '../adapter.ts';
import { bounded, spend } from '../../../base/effort.ts';
import { proofSteps, translationSteps } from '../../effort-limits.ts';
import { manifest } from '../policy/translate/manifest.ts';
import { translate } from '../policy/translate/translate.ts';
import { peerAuthentications } from './peer-authentications.ts';
import { changes } from './proof.ts';
import { worldOf } from './world.ts';

/** The steps of translating and of proving, or that one of them is given up. */
function stepsOf(given: Surroundings): number | 'TooLarge' {
  const world = worldOf(given);
  const translated = bounded(translationSteps, () => translate(world));
  if (translated.kind === 'TooLarge') return 'TooLarge';
  const proved = bounded(proofSteps, () => changes(world, peerAuthentications(given), translated.value));
  return proved.kind === 'TooLarge' ? 'TooLarge' : translated.steps + proved.steps;
}

/**
 * Patterns may overlap in more ways than there are of them; each header is a fact of its own; Services of the same pods
 * are looked at in pairs, and each of these and of policies with each pod; a
 * route of all Services may say something of each.
 */
const steeper = [
  'DENY: n namespaces with a star inside',
  'DENY: n templates',
  'DENY: n claim patterns',
  'DENY: n headers',
  'n Services',
  'n headless Services under STRICT, and n workloads',
  'a PeerAuthentication of n ports, n headless Services and n workloads',
  'n policies by a label of the injector, n pods and n workloads',
  'n Services, and a VirtualService of all of them that has n destinations',
];
const even = Object.keys(tenantShapes).filter((name) => !steeper.includes(name));

function shaped(name: string, size: number): Surroundings {
  return tenantShapes[name]?.(size) ?? surroundings();
}

const words = fc.constantFrom('a', 'b', 'ab', 'a*', '*b', 'abc', 'c*', '*');
const lists = fc.uniqueArray(
  fc
    .tuple(words, fc.nat(30))
    .map(([word, number]) => (word === '*' ? word : word.replace(/[a-c]+/, (text) => `${text}${number}`))),
  { minLength: 1, maxLength: 12 },
);
const source = fc
  .record(
    {
      principals: lists,
      notNamespaces: lists.map((list) => list.map((each) => each.replaceAll('*', 'x'))),
      requestPrincipals: lists,
    },
    { requiredKeys: [] },
  )
  .filter((each) => Object.keys(each).length > 0);
const operation = fc
  .record(
    {
      paths: lists.map((list) => list.map((each) => (each.startsWith('*') ? each : `/${each}`))),
      methods: lists,
      notHosts: lists,
      ports: fc.uniqueArray(fc.integer({ min: 1, max: 65_535 }).map(String), { minLength: 1, maxLength: 12 }),
    },
    { requiredKeys: [] },
  )
  .filter((each) => Object.keys(each).length > 0);
const rule = fc.record(
  {
    from: fc.array(
      source.map((each) => ({ source: each })),
      { minLength: 1, maxLength: 8 },
    ),
    to: fc.array(
      operation.map((each) => ({ operation: each })),
      { minLength: 1, maxLength: 8 },
    ),
  },
  { requiredKeys: [] },
);
const spec = fc.record({
  action: fc.constantFrom('ALLOW', 'DENY'),
  rules: fc.array(rule, { minLength: 1, maxLength: 8 }),
});

const silentRules = Array.from({ length: 20_000 }, () => ({}));

describe('the steps of a look', () => {
  it('are about in proportion to what stands in the policies, until it is given up', () => {
    fc.assert(
      fc.property(fc.array(spec, { minLength: 1, maxLength: 4 }), (specs) => {
        const given = surroundings(
          {},
          specs.map((each, index) => config('AuthorizationPolicy', each, { name: `p${index}` })),
        );
        const steps = stepsOf(given);
        expect(steps === 'TooLarge' ? 0 : steps).toBeLessThan(50_000 + 250 * bytesOf(given));
      }),
      { numRuns: times(3, 15) },
    );
  });

  it.each(oneIn(9, even, 1))('no more than double with it: %s', (name) => {
    const [once, twice] = [stepsOf(shaped(name, 100)), stepsOf(shaped(name, 200))];
    if (once === 'TooLarge' || twice === 'TooLarge') expect(twice).toBe('TooLarge');
    else expect(twice).toBeLessThanOrEqual(once * 2.3);
  });

  it.each(oneIn(9, Object.keys(tenantShapes)))('are bounded: %s', (name) => {
    const steps = stepsOf(shaped(name, name.startsWith('n ') ? 500 : 20_000));
    expect(steps === 'TooLarge' ? 0 : steps).toBeLessThanOrEqual(translationSteps + proofSteps);
  });

  it.each(['n policies', 'ALLOW: n rules', 'DENY: n claims'])('are the same each time: %s', (name) => {
    expect(stepsOf(shaped(name, 140))).toBe(stepsOf(shaped(name, 140)));
  });

  it('are enough for 75 callers of 75 paths, and for a hundred Services with policies of their own', () => {
    expect(stepsOf(shaped('ALLOW: n sources, n operations', 75))).toBeLessThan(proofSteps / 2);
    expect(stepsOf(shaped('n Services of n workloads', 100))).toBeLessThan(proofSteps / 2);
  });

  it.each([
    ['RequestAuthentication', { jwtRules: [{ issuer: 'i', jwksUri: 'https://example.com' }] }],
    ['WasmPlugin', { url: 'oci://example.com/plugin:v1' }],
  ])('count what each says of each: n of %s, and n Services', (kind, spec) => {
    const given = surroundings(
      {
        services: Array.from({ length: 600 }, (_, at) =>
          service({ name: `s${at}`, uid: `s${at}`, selector: { app: `w${at}` } }),
        ),
        workloads: Array.from({ length: 600 }, (_, at) =>
          workload({ name: `w${at}`, uid: `w${at}`, templateLabels: { app: `w${at}` } }),
        ),
        pods: [],
      },
      [
        config('AuthorizationPolicy', { rules: [{ to: [{ operation: { methods: ['GET'] } }] }] }),
        ...Array.from({ length: 600 }, (_, at) => config(kind, spec, { name: `x${at}`, uid: `x${at}` })),
      ],
    );
    expect(bounded(translationSteps, () => translate(worldOf(given))).kind).toBe('TooLarge');
  });

  it('count each policy at each pod out of ambient, however little it says', () => {
    const { itinerary: _begun, ...given } = shaped('n guards, n Services and n pods in ambient', 1000);
    const found = istio.findings({ ...given, route: { from: 'IstioAmbient', to: 'IstioSidecar' } }, 'Start');
    expect(found.map(({ id }) => id)).toContain('MM119');
  });

  it('count for a copy what it takes to name and to seal it, so that none are made by the ten thousands', () => {
    const world = worldOf(surroundings({}, [config('AuthorizationPolicy', { rules: [{}] })]));
    const made = bounded(translationSteps, () =>
      manifest(world, {
        role: 'Copy',
        apiVersion: 'security.istio.io/v1',
        kind: 'AuthorizationPolicy',
        originals: [],
        target: { kind: 'Service', namespace: 'shop', name: 'web' },
        spec: { rules: [{}] },
      }),
    );
    expect(translationSteps / (made.kind === 'Done' ? made.steps : 1)).toBeLessThan(20_000);
  });

  it.each(['ALLOW', 'DENY'])('count rules that say nothing: %s', (action) => {
    const given = surroundings({}, [config('AuthorizationPolicy', { action, rules: silentRules })]);
    const world = worldOf(given);
    const translated = bounded(translationSteps, () => translate(world));
    expect(translated.kind === 'Done' ? translated.steps : 0).toBeGreaterThan(20_000 * 16);
  });

  it('are given up, and nothing is thrown, where rules are more than a call has room for arguments', () => {
    const faults: unknown[] = [];
    const rules = Array.from({ length: 150_000 }, () => ({}));
    const given = surroundings({ onFault: (...fault) => void faults.push(fault) }, [
      config('AuthorizationPolicy', { action: 'DENY', rules }),
    ]);
    expect(() => translate(worldOf(given))).not.toThrow();
    expect(istio.findings(given, 'Start').map(({ id }) => id)).toContain('MM119');
    expect(faults).toEqual([]);
  });

  it('are not those of another namespace: what is given up there is a finding there', () => {
    const large = shaped('ALLOW: n rules', 5000);
    const elsewhere = { ...large, namespace: { ...large.namespace, name: 'blog' } };

    expect(istio.findings(large, 'Start')).toContainEqual(
      expect.objectContaining({ id: 'MM119', object: 'AuthorizationPolicy shop/it' }),
    );
    expect(istio.findings(elsewhere, 'Start').map(({ id }) => id)).not.toContain('MM119');
  });

  it.each(
    oneIn<readonly [string, string]>(2, [
      ['DENY: n templates', 'the largest is AuthorizationPolicy shop/it, of '],
      ['PeerAuthentication: n strict ports', 'the largest is PeerAuthentication shop/it, of '],
      ['n Services', 'most of it are 5000 Services and 1 workload'],
      ['n Services of n workloads', 'most of it are 5000 Services and 5000 workloads'],
    ]),
  )('that are not enough are said to be because of what is large: %s', (name, message) => {
    const given = { ...shaped(name, 5000), itinerary: 'L7' as const };
    expect(istio.findings(given, 'UnderWay')).toContainEqual(
      expect.objectContaining({ id: 'MM119', message: expect.stringContaining(message) }),
    );
  });

  it.each(oneIn(2, ['ALLOW: n rules', 'DENY: n paths', 'DENY: n templates', 'n policies']))(
    'are no fault of ours when there are not enough, whoever asks: %s',
    (name) => {
      const faults: unknown[] = [];
      const given = {
        ...shaped(name, 20_000 / (name.startsWith('n ') ? 40 : 1)),
        onFault: (...fault: readonly unknown[]) => void faults.push(fault),
      };
      const { forward, backward } = istio.itinerary(given.route, {}, 'L7');
      const found = (['Start', 'UnderWay', 'AtRest'] as const).flatMap((when) =>
        istio.findings(when === 'Start' ? given : { ...given, itinerary: 'L7' }, when),
      );
      const asked = (
        [
          'choose',
          'order',
          'explain',
          'refusing',
          'refuses',
          'refusedCallers',
          'unenforcedThere',
          'longer',
          'unready',
        ] as const
      ).map((name) => istio[name]({ ...given, itinerary: 'L4' }));
      const steps = [...forward, ...backward].map(({ gate, awaits, work }) => [
        gate?.(given),
        awaits?.(given),
        work.kind === 'Apply' && [work.objects(given), work.possible?.(given)],
        work.kind === 'BindServices' && work.services(given),
      ]);

      expect(faults).toEqual([]);
      expect(found.map(({ id }) => id)).not.toContain('MM009');
      expect(JSON.stringify([asked, steps])).not.toMatch(/internal error/);
    },
  );

  it('are not enough either where somebody on the way has taken that for an answer', () => {
    const swallowing = (): string => {
      try {
        spend(11);
        return 'all';
      } catch {
        return 'nothing';
      }
    };
    expect(bounded(10, swallowing)).toEqual({ kind: 'TooLarge' });
    expect(bounded(11, swallowing)).toEqual({ kind: 'Done', value: 'all', steps: 11 });
  });
});

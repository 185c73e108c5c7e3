import { describe, expect, it } from '@jest/globals';
import {
  config,
  installed,
  mesh,
  pod,
  service,
  surroundings,
  workload,
} from '../../../../test/support/mesh-fixtures.ts';
import { oneIn } from '../../../../test/support/sample.ts';
import type { Surroundings } from '../../adapter.ts';
import type { ConfigView } from '../../views.ts';
import { istio } from '../adapter.ts';
import { costOf } from '../../../../test/support/cost.ts';

function times<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

function wide(index: number): Readonly<Record<string, string>> {
  return Object.fromEntries(times(4096, (at) => [`l${index}-${at}`, 'x']));
}

function peers(count: number, namespace: string): readonly ConfigView[] {
  return times(count, (index) =>
    config(
      'PeerAuthentication',
      { selector: { matchLabels: wide(index) }, mtls: { mode: 'PERMISSIVE' } },
      { name: `p${index}`, uid: `p${index}`, namespace },
    ),
  );
}

const naming = config(
  'AuthorizationPolicy',
  { action: 'ALLOW', rules: [{ from: [{ source: { namespaces: ['shop'] } }] }] },
  { name: 'a', uid: 'a', namespace: 'mallory' },
);

/** A neighbour says that `shop` calls him. */
function called(): Surroundings {
  const base = mesh([...installed, naming, ...peers(10, 'mallory')]);
  const [theirs, api] = [
    times(300, (index) => pod({ namespace: 'mallory', name: `p${index}`, uid: `p${index}` })),
    service({ namespace: 'mallory', name: 'api', uid: 'api' }),
  ];
  return surroundings({
    mesh: {
      ...base,
      pods: (name) => (name === 'mallory' ? theirs : []),
      services: (name) => (name === undefined || name === 'mallory' ? [api] : []),
      inhabitedNamespaces: () => ['shop', 'mallory'],
    },
  });
}

const shapes: Readonly<Record<string, () => Surroundings>> = {
  'its own policies and templates': () =>
    surroundings({
      workloads: times(50, (index) =>
        workload({ name: `w${index}`, uid: `w${index}`, replicas: 0, templateLabels: { app: `w${index}` } }),
      ),
      mesh: mesh([...installed, ...peers(2, 'shop')]),
    }),
  'its own Services and templates': () =>
    surroundings({
      services: times(2, (index) => service({ name: `s${index}`, uid: `s${index}`, selector: wide(index) })),
      workloads: times(50, (index) =>
        workload({ name: `w${index}`, uid: `w${index}`, replicas: 0, templateLabels: { app: `w${index}` } }),
      ),
      mesh: mesh([
        ...installed,
        config('AuthorizationPolicy', { action: 'DENY', rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }] }),
      ]),
    }),
  'a few Services of very many labels, and many templates': () => {
    const selector = Object.fromEntries(times(20_000, (at) => [`k${at}`, 'x']));
    return surroundings({
      services: times(6, (index) => service({ name: `s${index}`, uid: `s${index}`, selector: { ...selector } })),
      workloads: times(200, (index) =>
        workload({ name: `w${index}`, uid: `w${index}`, replicas: 0, templateLabels: { app: `w${index}`, k0: 'x' } }),
      ),
      mesh: mesh([
        ...installed,
        config('AuthorizationPolicy', { action: 'ALLOW', rules: [{ from: [{ source: { namespaces: ['shop'] } }] }] }),
      ]),
    });
  },
  'policies and pods of whom it calls': called,
};

describe('selectors of thousands of labels', () => {
  it.each(Object.entries(shapes))('are not gone through for each pod: %s', (_, make) => {
    istio.findings(surroundings(), 'Start');
    const given = make();
    const cost = costOf(() => istio.findings(given, 'Start'));

    // A list made anew for each pod takes seconds.
    expect(cost).toBeLessThan(55);
  });
});

describe('templates that have thousands of labels as well', () => {
  const shared = wide(0);

  /** Each differs from what is selected in the last label only. */
  function alike(policies: number, templates: number): Surroundings {
    return surroundings({
      workloads: times(templates, (index) =>
        workload({
          name: `w${index}`,
          uid: `w${index}`,
          replicas: 0,
          templateLabels: { ...shared, last: `w${index}` },
        }),
      ),
      mesh: mesh([
        ...installed,
        ...times(policies, (index) =>
          config(
            'PeerAuthentication',
            { selector: { matchLabels: { ...shared, last: `p${index}` } }, mtls: { mode: 'PERMISSIVE' } },
            { name: `p${index}`, uid: `p${index}` },
          ),
        ),
      ]),
    });
  }

  const about = expect.objectContaining({
    id: 'MM119',
    object: 'Namespace shop',
    message: expect.stringContaining('selectors of kind PeerAuthentication'),
  });

  it('are compared as long as that takes no longer than a look may', () => {
    expect(istio.findings(alike(2, 20), 'Start')).not.toContainEqual(about);
  });

  it.each(oneIn(2, ['Start', 'UnderWay'] as const))(
    'are not compared one by one beyond that: what is selected is unknown then (%s)',
    (when) => {
      const given = { ...alike(8, 200), ...(when !== 'Start' && { itinerary: 'L4' as const }) };

      expect(istio.findings(given, when)).toContainEqual(about);
      expect(istio.isUnknown({ id: 'MM119' } as never)).toBe(true);
    },
  );
});

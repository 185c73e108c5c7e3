import { describe, expect, it } from '@jest/globals';
import { config, installed, mesh, scopeView, service, surroundings } from '../../../../test/support/mesh-fixtures.ts';
import type { Surroundings } from '../../adapter.ts';
import type { ConfigView, ServiceView } from '../../views.ts';
import { istio } from '../adapter.ts';
import { checksOf } from '../checks.ts';
import { rules } from '../rules.ts';
import type { Rule } from './rule.ts';
import { spend } from '../../../base/effort.ts';
import { mostSteps } from '../../effort-limits.ts';

function broken(): never {
  throw new TypeError('secret of an object');
}

/** Objects of a kind cannot be read: whatever asks for them meets a fault of ours. */
function without(kind: string): Surroundings {
  const whole = mesh(installed);
  return surroundings({
    mesh: { ...whole, configs: (asked, namespace) => (asked === kind ? broken() : whole.configs(asked, namespace)) },
  });
}

const own: Rule = { id: 'MM999', severity: 'Warning', when: 'Always', title: 'Broken', fix: 'none', find: broken };

describe('a rule that throws', () => {
  const checks = checksOf([own, ...rules]);

  it('is a critical finding that names it and says nothing of the object, and the others are made', () => {
    const policy = config('EnvoyFilter', {});
    const findings = checks.findings(surroundings({}, [policy]), 'Start');

    expect(findings[0]).toMatchObject({
      id: 'MM009',
      severity: 'Critical',
      object: 'Namespace shop',
      message: 'internal error in rule MM999',
    });
    expect(JSON.stringify(findings)).not.toContain('secret');
    expect(findings.slice(1)).toEqual(istio.findings(surroundings({}, [policy]), 'Start'));
  });

  it('is told with the error, for the log', () => {
    const told: unknown[] = [];
    checks.findings({ ...surroundings(), onFault: (where, error) => told.push([where, error]) }, 'UnderWay');

    expect(told).toEqual([['rule MM999', new TypeError('secret of an object')]]);
  });

  it('is something unknown on the way: nothing may be begun by it, and nothing undone', () => {
    const [found] = checks.findings({ ...surroundings(), itinerary: 'L7' }, 'UnderWay');

    expect(found).toMatchObject({ id: 'MM009', severity: 'Critical' });
    expect(found && checks.isUnknown(found)).toBe(true);
  });

  it.each(['WhileMoving', 'BeforeFlip', 'BeforeRestart'] as const)('holds up what is asked %s', (when) => {
    expect(checksOf([{ ...own, severity: 'Critical', back: 'Asked', when }]).unready(surroundings())).toMatchObject({
      finding: { id: 'MM009', severity: 'Critical' },
      others: true,
    });
  });
});

describe('a rule that takes more steps than a look may', () => {
  const endless = (): never => {
    spend(mostSteps + 1);
    return broken();
  };

  it('holds nobody where it can only warn', () => {
    expect(checksOf([{ ...own, find: endless }]).findings(surroundings(), 'Start')).toEqual([
      expect.objectContaining({
        id: 'MM999',
        severity: 'Warning',
        message: 'not judged: rule MM999 takes more steps than one look may take',
      }),
    ]);
  });

  it('blocks where it could', () => {
    const rule: Rule = { ...own, severity: 'Critical', when: 'BeforeFlip', back: 'Asked', find: endless };

    expect(checksOf([rule]).findings(surroundings(), 'Start')).toEqual([
      expect.objectContaining({ id: 'MM009', severity: 'Critical' }),
    ]);
  });
});

describe('a rule that takes more steps than a look may, and what there is', () => {
  const rule: Rule = {
    ...own,
    severity: 'Critical',
    when: 'BeforeFlip',
    back: 'Asked',
    find: () => {
      spend(mostSteps + 1);
      return [];
    },
  };
  const policies = (count: number, size: number): readonly ConfigView[] =>
    Array.from({ length: count }, (_, index) =>
      config(
        'AuthorizationPolicy',
        { rules: [{ to: [{ operation: { paths: Array.from({ length: size }, (__, at) => `/p${index}-${at}`) } }] }] },
        { name: `p${index}`, uid: `p${index}` },
      ),
    );

  it.each([
    ['one object', policies(1, 500), 'AuthorizationPolicy shop/p0', 'the largest is AuthorizationPolicy shop/p0, of '],
    ['many of a kind', policies(400, 1), 'Namespace shop', 'most of it are 400 AuthorizationPolicies'],
    ['next to nothing', [], 'Namespace shop', 'most of it are 1 Service and 1 workload'],
  ])('names it: %s', (_, configs, object, sentence) => {
    expect(checksOf([rule]).findings(surroundings({}, configs), 'Start')).toEqual([
      expect.objectContaining({
        id: 'MM009',
        object,
        message: expect.stringContaining(`rule MM999 takes more steps than one look may take; ${sentence}`),
        fix: expect.not.stringContaining('fault of the operator'),
      }),
    ]);
  });
});

describe('an adapter that fails', () => {
  it.each([
    'AuthorizationPolicy',
    'VirtualService',
    'DestinationRule',
    'ConfigMap',
    'GatewayClass',
    'Gateway',
    'PeerAuthentication',
    'WasmPlugin',
  ])('answers all the same when no %s can be read, and blocks', (kind) => {
    const picture = without(kind);
    const { forward, backward } = istio.itinerary(picture.route, {}, 'L7');

    expect(istio.findings(picture, 'Start').filter(({ id }) => id === 'MM009')).not.toEqual([]);
    expect(() => [
      istio.choose(picture),
      istio.order(picture),
      istio.explain(picture),
      istio.refusing(picture),
      istio.refuses(picture),
      istio.refusedCallers(picture),
      istio.unenforcedThere(picture),
      istio.longer({ ...picture, itinerary: 'L4' }),
      istio.callersOf('shop', picture),
    ]).not.toThrow();
    expect(() =>
      [...forward, ...backward].map(({ gate, awaits, scales, work }) => [
        gate?.(picture),
        awaits?.(picture),
        scales?.(picture),
        work.kind === 'Apply' && work.objects(picture),
        work.kind === 'BindServices' && work.services(picture),
      ]),
    ).not.toThrow();
  });

  it('makes and binds nothing that it cannot compute', () => {
    const picture = { ...without('AuthorizationPolicy'), itinerary: 'L7' } as const;
    const { forward } = istio.itinerary(picture.route, {}, 'L7');
    const said = forward.map(({ work }): unknown => {
      if (work.kind === 'Apply') return work.objects(picture);
      return work.kind === 'BindServices' ? work.services(picture) : undefined;
    });

    expect(said.filter((each) => typeof each === 'string')).toEqual(
      expect.arrayContaining(['internal error in step CopyPolicies', 'internal error in step BindWaypoint']),
    );
  });
});

describe('a look at a neighbour that fails', () => {
  const route = config(
    'VirtualService',
    { hosts: ['api'], http: [{ timeout: '1s', route: [{ destination: { host: 'api' } }] }] },
    { name: 'slow', uid: 'vs', namespace: 'mallory' },
  );
  const theirs = service({
    namespace: 'mallory',
    name: 'api',
    uid: 'm1',
    conditions: {
      'istio.io/WaypointBound': {
        status: 'True',
        reason: 'WaypointAccepted',
        message: 'Successfully attached to waypoint mallory/w',
      },
    },
  });

  /** Whatever is in `mallory` by itself cannot be read. */
  function beside(
    more: readonly ConfigView[],
    called: ServiceView,
    overrides: Partial<Surroundings> = {},
  ): { readonly picture: Surroundings; readonly told: () => readonly string[] } {
    const whole = mesh([...installed, ...more]);
    const told: string[] = [];
    const isTheirs = (home: string | undefined): boolean => home === 'mallory';
    const picture = surroundings({
      mesh: {
        ...whole,
        configs: (kind, home) => (isTheirs(home) ? broken() : whole.configs(kind, home)),
        services: (home) => (home === undefined || isTheirs(home) ? [called] : []),
        inhabitedNamespaces: () => ['shop', 'mallory'],
      },
      onFault: (where) => told.push(where),
      ...overrides,
    });
    return { picture, told: () => told };
  }

  it('leaves unknown what was asked about it, and nothing else', () => {
    const { picture, told } = beside([route], { ...theirs, conditions: {} });
    const found = istio.findings(picture, 'Start');
    expect(found.filter(({ id }) => id === 'MM009')).toEqual([]);
    expect(found.find(({ id }) => id === 'MM033')).toMatchObject({
      severity: 'Warning',
      object: 'VirtualService mallory/slow',
      message: expect.stringContaining('nobody knows whether there are any'),
    });
    expect(istio.unready({ ...picture, itinerary: 'L4' })).toBeUndefined();
    expect(told()).toContain('looking at namespace mallory');
  });

  it('keeps nobody from going back', () => {
    const scope = scopeView({ moves: () => true, wayBack: () => 'ComesAlong' });
    const { picture, told } = beside([], theirs, { scope, itinerary: 'L7' });
    expect(istio.refusing(picture)).toEqual({ along: [], stay: [] });
    const { backward } = istio.itinerary(picture.route, {}, 'L7');
    expect(backward.flatMap(({ awaits }) => awaits?.(picture) ?? [])).toEqual([]);
    expect(told()).toContain('looking at namespace mallory');
    expect(told().filter((where) => where.startsWith('who would') || where.startsWith('step'))).toEqual([]);
  });

  it('says only of what it is about that it is not known', () => {
    const deny = config(
      'AuthorizationPolicy',
      { targetRefs: [{ group: '', kind: 'Service', name: 'api' }], action: 'DENY', rules: [{}] },
      { name: 'no', uid: 'no', namespace: 'mallory' },
    );
    const other = { ...theirs, name: 'odd', uid: 'm2' };
    const whole = mesh([...installed, deny]);
    const services = (home?: string): readonly ServiceView[] => {
      if (home === 'mallory') broken();
      return home === undefined ? [theirs, other] : [];
    };
    const picture = surroundings({ route: { from: 'IstioAmbient', to: 'IstioSidecar' }, mesh: { ...whole, services } });
    const found = istio.findings(picture, 'Start');
    expect(found.filter(({ id }) => id === 'MM009')).toEqual([]);
    expect(found.filter(({ id }) => id === 'MM092').map(({ object, severity }) => [object, severity])).toEqual([
      ['Service mallory/api', 'Critical'],
    ]);
  });
});

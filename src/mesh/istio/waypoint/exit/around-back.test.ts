import { describe, expect, it } from '@jest/globals';
import {
  config,
  installed,
  mesh,
  migrationSpec,
  namespace,
  pod,
  scopeView,
  service,
  surroundings,
} from '../../../../../test/support/mesh-fixtures.ts';
import { mostHeldBefore } from '../../../others.ts';
import type { Surroundings } from '../../../adapter.ts';
import type { PodView } from '../../../views.ts';
import { istio } from '../../adapter.ts';
import { awaitsOthersBack } from '../awaits-back.ts';
import { aroundBack, goAroundNow } from './around-back.ts';

const waypoint = { 'istio.io/use-waypoint': 'waypoint' };

function many<T>(count: number, of: (at: number) => T): readonly T[] {
  return Array.from({ length: count }, (_each, at) => of(at));
}

function principal(home: string, account: string): string {
  return `cluster.local/ns/${home}/sa/${account}`;
}

/** A pod with a sidecar. */
function holder(home: string, account: string, at = 0): PodView {
  const name = `${account}-${at}`;
  return pod({ namespace: home, name, uid: `${home}-${name}`, ready: false, serviceAccount: account });
}

interface Given {
  readonly services: number;
  /** Of the ALLOW of each Service. */
  readonly principals: (at: number) => readonly string[];
  /** Named instead of these. */
  readonly namespaces?: readonly string[];
  readonly strangers: readonly PodView[];
  readonly declared?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Namespace `shop` behind its waypoint, and others that no migration has moved. */
function given({ services, principals, namespaces, strangers, declared = false, labels = {} }: Given): Surroundings {
  const names = many(services, (at) => `s${at}`);
  const policies = names.map((name, at) =>
    config(
      'AuthorizationPolicy',
      {
        targetRefs: [{ group: '', kind: 'Service', name }],
        action: 'ALLOW',
        rules: [{ from: [{ source: namespaces ? { namespaces } : { principals: principals(at) } }] }],
      },
      { name, uid: name, namespace: 'shop' },
    ),
  );
  const homes = Map.groupBy(strangers, (each) => each.namespace);
  return surroundings({
    route: { from: 'IstioAmbient', to: 'IstioSidecar' },
    spec: migrationSpec({
      from: 'IstioAmbient',
      to: 'IstioSidecar',
      callers: declared ? [{ namespace: 'shop', from: [{ namespace: 'web', serviceAccount: 'web' }] }] : [],
    }),
    namespace: namespace({ name: 'shop', labels: { 'istio-injection': 'enabled', ...waypoint } }),
    services: names.map((name) => service({ name, uid: name, selector: { app: 'web' }, labels: waypoint })),
    pods: [],
    workloads: [],
    scope: scopeView(),
    mesh: {
      ...mesh([...installed, ...policies]),
      inhabitedNamespaces: () => ['shop', ...homes.keys()],
      pods: (home) => homes.get(home) ?? [],
      workloads: () => [],
      labelsOf: (home) => (homes.has(home) ? labels : undefined),
    },
  });
}

function namesAround(picture: Surroundings): readonly string[] {
  return [...new Set(aroundBack(picture).map((each) => each.namespace))];
}

const web = [principal('web', 'web')];

describe('how much others have', () => {
  const ambient = { 'istio.io/dataplane-mode': 'ambient' };
  const flood = many(4100, (at) => holder('mallory', `m${at}`));

  it.each([
    ['policies name somebody else', false],
    ['the user says that somebody else calls', true],
  ])('holds nobody where %s', (_what, declared) => {
    const picture = given({ services: 200, principals: () => web, strangers: flood, declared, labels: ambient });

    expect(namesAround(picture)).toEqual([]);
    expect(awaitsOthersBack(picture)).toBeUndefined();
  });

  it('lets nobody past who is named', () => {
    const named = [...web, principal('mallory', 'm4099')];
    const picture = given({ services: 200, principals: () => named, strangers: flood, labels: ambient });

    expect(namesAround(picture)).toEqual(['mallory']);
  });
});

describe('policies that are too many to tell who calls which Service', () => {
  const principals = (at: number): readonly string[] => many(1000, (each) => principal(`n${each}`, `a${at}`));
  const strangers = [holder('n1', 'a1'), holder('n2', 'a1'), holder('mallory', 'm')];
  const tooMany = { services: 300, principals, strangers };

  it('hold for who is named, and has come since, alone', () => {
    const before = new Set(istio.heldBefore(given({ ...tooMany, strangers: [holder('n2', 'a1')] })));

    expect(namesAround({ ...given(tooMany), heldBefore: before })).toEqual(['n1']);
  });

  it('hold for nobody else where the user says who calls', () => {
    expect(namesAround(given({ ...tooMany, declared: true }))).toEqual([]);
  });
});

describe('who had sidecars at the start', () => {
  it('is remembered by account', () => {
    const principals = (): readonly string[] => [principal('other', 'old'), principal('other', 'new')];
    const start = given({ services: 1, principals, strangers: [holder('other', 'old')] });
    const heldBefore = new Set(istio.heldBefore(start));
    const now = (account: string): Surroundings => ({
      ...given({ services: 1, principals, strangers: [holder('other', account)] }),
      heldBefore,
    });

    expect(namesAround(now('old'))).toEqual([]);
    expect(namesAround(now('new'))).toEqual(['other']);
  });

  it('is somebody else in a namespace that was made since', () => {
    const [principals, strangers] = [() => web, [holder('web', 'web')]];
    const start = given({ services: 1, principals, strangers });
    const rest = { ...start, heldBefore: new Set(istio.heldBefore(start)), since: 100_000 };
    const at = (made: number): Surroundings => ({ ...rest, mesh: { ...rest.mesh, madeAt: () => made } });

    expect(namesAround(at(50_000))).toEqual([]);
    expect(namesAround(at(150_000))).toEqual(['web']);
  });

  it('is remembered whatever others have, if somebody names him; if nobody does, as far as there is room', () => {
    const strangers = [...many(600, (at) => holder('aaa', `m${at}`)), holder('web', 'web')];
    const start = given({ services: 1, principals: () => web, strangers });
    const marks = istio.heldBefore(start);

    expect(marks.length).toBeLessThan(mostHeldBefore);
    expect(JSON.stringify(marks).length).toBeLessThan(8192);
    expect(namesAround({ ...start, heldBefore: new Set(marks) })).toEqual([]);
  });

  it('is remembered beside somebody who has more accounts than there is room for, whom nobody names', () => {
    const strangers = [...many(200, (at) => holder('aaa', `m${at}`)), holder('web', 'web')];
    const start = given({ services: 1, principals: () => [principal('other', 'other')], strangers });
    const heldBefore = new Set(istio.heldBefore(start));

    expect(namesAround({ ...given({ services: 1, principals: () => web, strangers }), heldBefore })).toEqual([]);
  });

  it('is told once, and no further than there is room, however many Services and accounts there are', () => {
    const strangers = many(2000, (at) => holder('mallory', `m${at}`));
    const picture = given({ services: 20, principals: () => [], namespaces: ['mallory'], strangers });

    expect(goAroundNow(picture)).toEqual({ marks: expect.any(Array), complete: true });
    expect(goAroundNow(picture).marks).toHaveLength(mostHeldBefore + 1);
    expect(goAroundNow(picture)).toBe(goAroundNow(picture));
  });

  it('is waited for, and said to be too many, beyond what is remembered', () => {
    const accounts = many(mostHeldBefore + 1, (at) => `a${at}`);
    const principals = (): readonly string[] => accounts.map((account) => principal('other', account));
    const start = given({
      services: 1,
      principals,
      strangers: accounts.map((account) => holder('other', account)),
    });
    const heldBefore = new Set(istio.heldBefore(start));

    expect(heldBefore.size).toBe(mostHeldBefore);
    expect(namesAround({ ...start, heldBefore })).toEqual(['other']);
    expect(istio.findings(start, 'Start').map(({ id }) => id)).toContain('MM146');
  });
});

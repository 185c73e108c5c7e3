import { describe, expect, it } from '@jest/globals';
import { config, installed, mesh, migrationSpec, root, surroundings } from '../../../../test/support/mesh-fixtures.ts';
import type { FindingsWhen, Surroundings } from '../../adapter.ts';
import type { ConfigView } from '../../views.ts';
import { istio } from '../adapter.ts';
import { found, type Rule } from './rule.ts';

const host = 'partner.example.com';
const behind = { labels: { 'istio.io/use-waypoint': 'egress' } };

function entry(home: string, more: Partial<ConfigView> = {}): ConfigView {
  return config('ServiceEntry', { hosts: [host], resolution: 'DNS' }, { namespace: home, name: 'evil', ...more });
}

/** What sidecars of the namespace do when they call the host. */
function routes(home: string): readonly ConfigView[] {
  return [
    config('VirtualService', { hosts: [host], http: [{ timeout: '1s' }] }, { namespace: home }),
    config('DestinationRule', { host, trafficPolicy: { outlierDetection: {} } }, { namespace: home }),
  ];
}

const ids = ['MM030', 'MM032'];

function said(given: Surroundings, when: FindingsWhen = 'Start'): readonly string[] {
  return istio
    .findings(given, when)
    .filter(({ id }) => ids.includes(id))
    .map(({ id, severity, object }) => `${severity} ${id} ${object}`);
}

describe('a host that a stranger names too', () => {
  it.each([
    ['the namespace itself has, behind a waypoint', [entry('shop', behind), ...routes('shop')]],
    ['nobody else has', []],
  ])('changes nothing that %s', (_title, own) => {
    const before = said(surroundings({ itinerary: 'L4' }, own));
    for (const mallory of ['aaa', 'zzz']) {
      const given = surroundings({ itinerary: 'L4' }, [entry(mallory), ...own]);
      expect([said(given), said(given, 'UnderWay')]).toEqual([before, before]);
      expect(istio.unready(given)).toBeUndefined();
    }
    expect(before).toEqual([]);
  });

  it('is none that a fix names beside others', () => {
    const fixes = (...homes: readonly string[]): readonly string[] =>
      istio
        .findings(surroundings({}, [...homes.map((home) => entry(home)), ...routes('shop')]), 'Start')
        .flatMap(({ id, fix }) =>
          id === 'MM030' ? [/waypoint of (ServiceEntry \S+)/.exec(fix)?.[1] ?? 'of none'] : [],
        );
    expect([fixes('aaa'), fixes('aaa', 'zzz'), fixes('aaa', 'shop', 'zzz')]).toEqual([
      ['ServiceEntry aaa/evil'],
      ['of none'],
      ['ServiceEntry shop/evil'],
    ]);
  });
});

const providers = (more: string): string =>
  `extensionProviders: [{name: opa, envoyExtAuthzHttp: {service: ${host}, port: 80${more}}}]`;
const near = { hosts: [host], resolution: 'STATIC', endpoints: [{ address: '127.0.0.1' }] };
const asking = config('AuthorizationPolicy', {
  action: 'CUSTOM',
  provider: { name: 'opa' },
  rules: [{ to: [{ operation: { paths: ['/admin'] } }] }],
});

function besideAuthorizer(
  theirs: readonly ConfigView[],
  more = '',
  overrides: Partial<Surroundings> = {},
): Surroundings {
  return surroundings({
    itinerary: 'L7',
    mesh: mesh([
      ...installed.filter(({ kind }) => kind !== 'ConfigMap'),
      config('ConfigMap', { mesh: providers(more) }, { name: 'istio', namespace: root }),
      asking,
      ...theirs,
    ]),
    ...overrides,
  });
}

describe('a host of an authorizer that a stranger names', () => {
  const theirs = config('ServiceEntry', near, { namespace: 'aaa', name: 'evil' });
  const of = (given: Surroundings, when: FindingsWhen = 'Start'): readonly string[] =>
    istio
      .findings(given, when)
      .filter(({ id }) => id === 'MM080')
      .map(({ severity, object }) => `${severity} ${object}`);
  const copies = istio
    .itinerary({ from: 'IstioSidecar', to: 'IstioAmbient' }, {}, 'L7')
    .forward.find(({ name }) => name === 'CopyPolicies');
  const made = (given: Surroundings): unknown => copies?.work.kind === 'Apply' && copies.work.objects(given);
  const digestIn = (given: Surroundings): string =>
    /digest: (\w+)/.exec(istio.findings(given, 'Start').find(({ id }) => id === 'MM080')?.fix ?? '')?.[1] ?? '';

  it('holds whoever asks it, names him and makes nothing meanwhile', () => {
    const given = besideAuthorizer([theirs]);
    for (const when of ['Start', 'UnderWay', 'AtRest'] as const)
      expect(of(given, when)).toEqual(['Critical ServiceEntry aaa/evil']);
    const [finding] = istio.findings(given, 'UnderWay').filter(({ id }) => id === 'MM080');
    expect(finding && istio.isOfOthers(finding, given)).toBe(true);
    expect(finding?.message).toContain('AuthorizationPolicy shop/it');
    expect(istio.unready(given)).toMatchObject({ others: true });
    expect(made(given)).toEqual(expect.stringContaining('AuthorizationPolicy shop/it'));
  });

  it('is accepted as it is, and then the policy is copied', () => {
    const given = besideAuthorizer([theirs]);
    const accept = [{ finding: 'MM080', object: 'ServiceEntry aaa/evil', digest: digestIn(given) }];
    const spec = migrationSpec({ accept });
    const accepted = besideAuthorizer([theirs], '', { spec });
    expect(of(accepted)).toEqual(['Warning ServiceEntry aaa/evil']);
    expect(istio.unready(accepted)).toBeUndefined();
    expect(made(accepted)).toHaveLength(1);
    const changed = { ...theirs, spec: { ...near, endpoints: [{ address: '::1' }] } };
    expect(of(besideAuthorizer([changed], '', { spec }))).toEqual(['Critical ServiceEntry aaa/evil']);
  });

  it('is not accepted where it would let requests through', () => {
    const given = besideAuthorizer([theirs], ', failOpen: true');
    const digest = digestIn(besideAuthorizer([theirs]));
    const accept = [{ finding: 'MM080', object: 'ServiceEntry aaa/evil', digest }];
    expect(digestIn(given)).toBe('');
    expect(of({ ...given, spec: migrationSpec({ accept }) })).toEqual(['Critical ServiceEntry aaa/evil']);
  });

  it('is what the namespace itself says where it says so, and then its own', () => {
    const own = config('ServiceEntry', near, { name: 'own' });
    expect(of(besideAuthorizer([theirs, own]))).toEqual(['Critical AuthorizationPolicy shop/it']);
  });
});

describe('what is found of an object in a namespace of others', () => {
  const rule = (object: string): Rule => ({
    id: 'MM999',
    severity: 'Critical',
    when: 'Always',
    back: 'Asked',
    title: 'It',
    fix: 'Do it.',
    find: () => [{ object, message: 'it is there' }],
  });

  it.each([
    ['ServiceEntry mallory/evil', 'Stays'],
    ['ServiceEntry shop/own', undefined],
    ['ServiceEntry istio-system/mesh', undefined],
    ['DaemonSet kube-system/ztunnel', undefined],
    ['Namespace shop', undefined],
  ])('holds without a word of the rule: %s', (object, others) => {
    expect(found(rule(object), surroundings()).map((each) => each.others)).toEqual([others]);
    expect(istio.isOfOthers({ ...found(rule(object), surroundings())[0]!.finding }, surroundings())).toBe(
      others !== undefined,
    );
  });
});

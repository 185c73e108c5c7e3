import { describe, expect, it } from '@jest/globals';
import { asking, endedExamples } from '../../../../test/support/ended-with-sidecars-examples.ts';
import { config, mesh, service, surroundings, workload } from '../../../../test/support/mesh-fixtures.ts';
import type { Surroundings } from '../../adapter.ts';
import { istio } from '../adapter.ts';
import { choose } from '../waypoint/choose.ts';
import { requestedIn } from '../waypoint/requested.ts';
import { translationOf } from '../waypoint/translation.ts';

function told(id: string, given: Surroundings, when: 'Start' | 'UnderWay' | 'AtRest' = 'Start'): readonly string[] {
  return istio
    .findings(given, when)
    .filter((finding) => finding.id === id)
    .map(({ severity, object, message }) => `${severity} ${object} ${message}`);
}

function example(id: keyof typeof endedExamples, name: string): Surroundings {
  return endedExamples[id].seen[name] ?? surroundings();
}

const grpc = { name: 'grpc', port: 8041, targetPort: 8041, protocol: 'TCP' };

describe('requests of a connection', () => {
  const given = surroundings({ services: [service({ ports: [grpc, { ...grpc, name: 'metrics', port: 9 }] })] });

  it('are told with their port, and with how many pods there are', () => {
    expect(told('MM147', given)).toEqual([
      expect.stringMatching(
        /^Warning Service shop\/web port 8041 \(grpc\) is HTTP\/2, and 2 pods or more are behind it/,
      ),
    ]);
  });

  it('are told on the way and at rest too, with what can be done then', () => {
    for (const when of ['UnderWay', 'AtRest'] as const) {
      const [finding] = istio.findings({ ...given, itinerary: 'L4' }, when).filter(({ id }) => id === 'MM147');
      expect(finding?.severity).toBe('Warning');
      expect(finding?.fix).toContain('roll the namespace back and start it again');
    }
  });

  it('are balanced by the waypoint that is asked for', () => {
    const asked = { ...given, ...asking('shop/web') };

    expect([choose(given), choose(asked)]).toEqual(['L4', 'L7']);
    expect(told('MM147', asked)).toEqual([]);
    expect(translationOf(asked).manifests).toEqual([]);
  });
});

describe('names', () => {
  const updater = example('MM148', 'external-dns by its provider');

  it('are no more updated: that keeps a workload from its restart, until it opts out', () => {
    const [web] = updater.workloads;
    const mended = endedExamples.MM148.ignored['what opts out'] ?? updater;

    expect(told('MM148', updater)).toEqual([
      expect.stringMatching(/^Critical Deployment shop\/web container app .*NOTIMP/),
    ]);
    expect(web && istio.unfit({ ...updater, itinerary: 'L4' }, web)?.finding.id).toBe('MM148');
    expect(told('MM148', mended)).toEqual([]);
  });

  it.each([
    ['Warning', 'a ServiceEntry with an address of its own', 'ServiceEntry shop/it'],
    ['Info', 'one of another namespace', 'ServiceEntry bank/it'],
  ])('of ServiceEntries are a %s, once for the namespace: %s', (severity, name, entry) => {
    const [found, ...others] = told('MM148', example('MM148', name));

    expect(found).toMatch(new RegExp(`^${severity} Namespace shop .*${entry}, which`));
    expect(others).toEqual([]);
  });

  it('are three at most, with how many more there are', () => {
    const entries = Array.from({ length: 9 }, (_, index) =>
      config(
        'ServiceEntry',
        { hosts: ['a.example.com'], resolution: 'DNS' },
        { name: `e${index}`, uid: `e${index}`, namespace: index < 5 ? 'shop' : 'bank' },
      ),
    );

    expect(told('MM148', surroundings({}, entries))[0]).toContain(
      'ServiceEntry shop/e0, ServiceEntry shop/e1, ServiceEntry shop/e2 and 6 more',
    );
  });
});

describe('what sidecars do by themselves', () => {
  it('is told once, with the Services', () => {
    const services = ['a', 'b'].map((name) => service({ name, uid: name }));

    expect(told('MM149', surroundings({ services }))).toEqual([
      expect.stringMatching(/^Info Namespace shop sidecars of callers try .* before Service a, Service b nobody does/),
    ]);
  });

  it.each([
    ['1.31', /: a waypoint does that too$/],
    ['1.30', /Istio before 1\.30\.3 does that only where a route/],
    ['1.29', /of this version does that only where a route/],
    ['', /Istio before 1\.30\.3/],
  ])('goes on behind a waypoint as far as that does it, in %s', (version, says) => {
    const given = surroundings(asking('shop/web'));

    expect(told('MM149', { ...given, mesh: { ...mesh(), version } })).toEqual([expect.stringMatching(says)]);
  });
});

describe('settings of one sidecar', () => {
  it.each([
    ['Warning', { 'sidecar.istio.io/extraStatTags': 'a', 'sidecar.istio.io/proxyCPU': '1' }],
    ['Info', { 'sidecar.istio.io/proxyCPU': '1', 'sidecar.istio.io/logLevel': 'debug' }],
    ['Info', { 'proxy.istio.io/config': '{holdApplicationUntilProxyStarts: true}' }],
    ['Warning', { 'proxy.istio.io/config': '{concurrency: 2, tracing: {sampling: 1}}' }],
  ])('are a %s, by what they are about: %p', (severity, templateAnnotations) => {
    const [found, ...others] = told('MM150', surroundings({ workloads: [workload({ templateAnnotations })] }));

    expect(found).toMatch(new RegExp(`^${severity} Deployment shop/web `));
    expect(others).toEqual([]);
  });

  it('are named as far as they can be printed', () => {
    const templateAnnotations = { 'proxy.istio.io/config': '{"a\\u202eb": 1, tracing: 2}' };
    const [found] = told('MM150', surroundings({ workloads: [workload({ templateAnnotations })] }));

    expect(found).toContain('proxy.istio.io/config: tracing');
    expect(found).not.toContain('\u202e');
  });
});

describe('Services that a waypoint is asked for', () => {
  const asked = surroundings(asking('shop/web'));

  it('are those of the start: an entry that has come since makes nothing, and one that has gone takes nothing', () => {
    expect(requestedIn(asked)).toEqual(['web']);
    expect(requestedIn({ ...asked, itinerary: 'L4' })).toEqual([]);
    expect(requestedIn({ ...surroundings(), itinerary: 'L7', requested: ['web'] })).toEqual(['web']);
    expect(translationOf({ ...asked, itinerary: 'L7' }).bound).toEqual([]);
    expect(translationOf({ ...surroundings(), itinerary: 'L7', requested: ['web'] }).bound).toHaveLength(1);
    expect(istio.longer({ ...asked, itinerary: 'L4' })).toBeUndefined();
  });

  it('are as many as the journal has room for, by name', () => {
    const services = Array.from({ length: 300 }, (_, index) => service({ name: `s${1000 + index}`, uid: `s${index}` }));
    const given = surroundings({ ...asking('shop/*'), services });

    expect(istio.requests(given)).toHaveLength(200);
    expect(istio.requests(given).at(-1)).toBe('s1199');
  });

  it('get no guard', () => {
    const identity = config('AuthorizationPolicy', {
      rules: [{ from: [{ source: { principals: ['cluster.local/ns/shop/sa/web'] } }] }],
    });
    const { manifests, problems } = translationOf(surroundings(asking('shop/web'), [identity]));

    expect(manifests.map(({ role }) => role)).toEqual(['AllowWaypoint', 'Copy']);
    expect(problems).toEqual([]);
  });
});

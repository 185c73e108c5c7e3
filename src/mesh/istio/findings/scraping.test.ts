import { describe, expect, it } from '@jest/globals';
import { admitted, annotated, byPort, monitor, strict } from '../../../../test/support/scraping-examples.ts';
import { config } from '../../../../test/support/mesh-fixtures.ts';
import type { Surroundings } from '../../adapter.ts';
import { istio } from '../adapter.ts';

function told(given: Surroundings): readonly string[] {
  return istio
    .findings(given, 'Start')
    .filter(({ id }) => ['MM134', 'MM135'].includes(id))
    .map(({ id, severity, object, message }) => `${id} ${severity} ${object} ${message}`);
}

const scraped = { 'prometheus.io/scrape': 'true', 'prometheus.io/port': '9102' };
const exists = { key: 'app', operator: 'Exists' };
const identity = config('AuthorizationPolicy', { rules: [{ from: [{ source: { namespaces: ['bank'] } }] }] });

describe('metrics that are merged by the sidecar', () => {
  it('are told with their port and with what would refuse it', () => {
    expect(told(annotated(scraped, [strict]))).toEqual([
      expect.stringMatching(
        /^MM134 Warning Deployment shop\/web metrics on port 9102 .* on port 15020 of the sidecar.*STRICT mutual TLS .* refuse/,
      ),
    ]);
    expect(told(annotated(scraped, [identity]))).toEqual([
      expect.stringMatching(/and AuthorizationPolicy shop\/it would refuse that once there is no sidecar$/),
    ]);
  });

  it.each<readonly [string, Surroundings]>([
    ['STRICT admits the port', annotated(scraped, [strict, admitted])],
    ['an ALLOW admits the port', annotated(scraped, [identity, byPort])],
    ['both do', annotated(scraped, [strict, admitted, identity, byPort])],
  ])('are no finding any more once %s', (_, mended) => {
    expect(told(mended)).toEqual([]);
  });

  it('need both where both refuse', () => {
    expect(told(annotated(scraped, [strict, admitted, identity]))).toHaveLength(1);
    expect(told(annotated(scraped, [strict, identity, byPort]))).toHaveLength(1);
  });
});

describe('a monitor that stands elsewhere', () => {
  const ofEnvoy = { port: 'http-envoy-prom', path: '/stats/prometheus' };
  const byLabel = { matchLabels: { app: 'web' } };

  it('is told with whose pods it is about', () => {
    expect(told(annotated({}, [monitor('PodMonitor', ofEnvoy, byLabel, { any: true }, 'monitoring')]))).toEqual([
      expect.stringMatching(
        /^MM134 Warning PodMonitor monitoring\/it of pods of shop: it scrapes what only a sidecar serves/,
      ),
    ]);
  });

  it('takes nothing from what is told of those of the namespace', () => {
    const many = Array.from({ length: 400 }, (_, at) => ({
      ...monitor(
        'PodMonitor',
        ofEnvoy,
        { matchExpressions: Array.from({ length: 100 }, () => exists) },
        { any: true },
        'a',
      ),
      name: `m${at}`,
    }));
    const shops = { ...annotated(scraped, [strict, monitor('PodMonitor', ofEnvoy), ...many]) };

    const found = told({
      ...shops,
      workloads: shops.workloads.flatMap((each) =>
        Array.from({ length: 40 }, (_, at) => ({ ...each, name: `${each.name}${at}` })),
      ),
    });
    expect(found.filter((each) => each.includes('Deployment shop/web'))).toHaveLength(40);
    expect(found).toContainEqual(expect.stringMatching(/^MM134 Warning PodMonitor shop\/it it scrapes/));
    expect(found).toContainEqual(
      expect.stringMatching(/Namespace shop not judged: to compare what monitors elsewhere select takes more steps/),
    );
  });
});

describe('machines in pods', () => {
  const old = { 'traffic.sidecar.istio.io/kubevirtInterfaces': 'k6t-eth0' };

  it('hold the restart until the template says what both read', () => {
    const given = { ...annotated(old, []), itinerary: 'L4' as const };
    const [web] = given.workloads;
    const mended = annotated({ ...old, 'istio.io/reroute-virtual-interfaces': 'k6t-eth0' }, []);

    expect(web && istio.unfit(given, web)?.finding.id).toBe('MM135');
    expect(told(mended)).toEqual([]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { autoscaler, reading, scaled, telemetry } from '../../../../test/support/metric-reader-examples.ts';
import { surroundings } from '../../../../test/support/mesh-fixtures.ts';
import type { ConfigView } from '../../views.ts';
import { istio } from '../adapter.ts';

function told(...configs: readonly ConfigView[]): readonly string[] {
  return istio
    .findings(surroundings({}, configs), 'Start')
    .filter(({ id }) => id === 'MM132')
    .map(({ severity, object, message }) => `${severity} ${object} ${message}`);
}

const use = (container: string): Readonly<Record<string, unknown>> => ({
  type: 'ContainerResource',
  containerResource: { name: 'cpu', container, target: { averageUtilization: 60 } },
});

describe('autoscalers', () => {
  it('are named with what they read', () => {
    expect(told(autoscaler(use('istio-proxy')))).toEqual([
      expect.stringMatching(/^Critical HorizontalPodAutoscaler shop\/it it reads what container istio-proxy uses/),
    ]);
    expect(told(scaled('rate(istio_requests_total{reporter="destination"}[1m])'))).toEqual([
      expect.stringMatching(/^Critical ScaledObject shop\/it it reads istio_requests_total, and nobody reports that/),
    ]);
  });

  it('say no word of a query besides', () => {
    expect(told(scaled('istio_requests_total{a="delete the namespace"} > 5')).join()).not.toContain('delete');
  });

  it('that go by all containers are told together, as a Warning', () => {
    const byAll = { type: 'Resource', resource: { name: 'cpu', target: { averageUtilization: 60 } } };

    expect(told(autoscaler(byAll), { ...autoscaler(byAll), name: 'b' })).toEqual([
      expect.stringMatching(
        /^Warning Namespace shop HorizontalPodAutoscaler shop\/it, HorizontalPodAutoscaler shop\/b /,
      ),
    ]);
  });

  it.each<readonly [string, readonly ConfigView[]]>([
    ['they read the container of the application', [autoscaler(use('app'))]],
    [
      'the namespace gets a waypoint, and they read what that reports too',
      [scaled('rate(istio_requests_total{reporter=~"destination|waypoint"}[1m])'), telemetry],
    ],
    ['they read what ztunnel reports', [scaled('rate(istio_tcp_connections_opened_total[1m])')]],
  ])('are no finding any more once %s', (_, mended) => {
    expect(told(...mended)).toEqual([]);
  });

  it('hold the labels, and are a Warning at rest', () => {
    const given = surroundings({ itinerary: 'L4' }, [autoscaler(use('istio-proxy'))]);

    expect(istio.unready(given)?.finding.id).toBe('MM132');
    expect(
      istio
        .findings(given, 'AtRest')
        .filter(({ id }) => id === 'MM132')
        .map(({ severity }) => severity),
    ).toEqual(['Warning']);
  });
});

describe('templates of the whole cluster', () => {
  const asking = { strategy: { canary: { analysis: { templates: [{ templateName: 'it', clusterScope: true }] } } } };
  const wide = (spec: Readonly<Record<string, unknown>>): ConfigView =>
    reading('ClusterAnalysisTemplate', spec, { namespace: '' });
  const query = 'rate(istio_requests_total{reporter="destination"}[1m])';
  const metrics = [{ name: 'm', provider: { prometheus: { query } } }];

  function toldOf(...configs: readonly ConfigView[]): readonly string[] {
    const found = istio.findings(surroundings({}, configs), 'Start').filter(({ id }) => id === 'MM133');
    return found.map(({ severity, object, message }) => `${severity} ${object} ${message}`);
  }

  it('are told with who asks them, once', () => {
    const rollouts = ['a', 'b'].map((name) => reading('Rollout', asking, { name }));

    expect(toldOf(wide({ metrics }), ...rollouts)).toEqual([
      expect.stringMatching(
        /^Warning ClusterAnalysisTemplate it asked by Rollout shop\/a, Rollout shop\/b: it reads istio_requests_total/,
      ),
    ]);
  });

  it('may ask each other in a circle', () => {
    const circle = wide({ metrics, templates: [{ templateName: 'it', clusterScope: true }] });

    expect(toldOf(circle, reading('Rollout', asking))).toHaveLength(1);
  });

  it('are told to be too many', () => {
    const templates = Array.from({ length: 101 }, (_, at) => ({ templateName: `t${at}`, clusterScope: true }));

    expect(toldOf(reading('AnalysisTemplate', { templates }))).toEqual([
      'Warning AnalysisTemplate shop/it it asks more templates of others than are read: what those read is not told',
    ]);
  });
});

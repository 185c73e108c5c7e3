import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import {
  config,
  installed,
  mesh,
  migrationSpec,
  namespace,
  surroundings,
} from '../../../../test/support/mesh-fixtures.ts';
import type { Surroundings } from '../../adapter.ts';
import type { ConfigView } from '../../views.ts';
import { remembered } from './memo.ts';

const elsewhere = { namespace: 'mallory' };
const virtual = (hosts: readonly string[], more: Readonly<Record<string, unknown>> = {}): ConfigView =>
  config('VirtualService', { hosts, http: [{ timeout: '1s' }], ...more }, elsewhere);

/** What is worked out for these pictures, in the order in which it is asked for. */
function worked(...pictures: readonly Surroundings[]): readonly string[] {
  const told: string[] = [];
  const ask = remembered(({ namespace: { name } }) => {
    told.push(name);
    return undefined;
  });
  pictures.forEach(ask);
  return told;
}

function shop(...more: readonly ConfigView[]): Surroundings {
  return surroundings({ mesh: mesh([...installed, ...more]) });
}

const policy = (name: string): ConfigView => config('AuthorizationPolicy', {}, { name });

describe('what is remembered of a namespace', () => {
  it.each([
    ['a route of hosts that are none of its', virtual(['api.mallory.svc.cluster.local', 'x.example.com'])],
    ['a route of its Services, which only their callers follow', virtual(['web.shop.svc.cluster.local', '*'])],
    [
      'a traffic policy',
      config('DestinationRule', { host: 'web.shop.svc.cluster.local', trafficPolicy: {} }, elsewhere),
    ],
    [
      'a route of a gateway to itself',
      virtual(['x.example.com'], { gateways: ['ingress'], http: [{ route: [{ destination: { host: 'api' } }] }] }),
    ],
    [
      'a route of a gateway into it',
      virtual(['x.example.com'], {
        gateways: ['ingress'],
        http: [{ route: [{ destination: { host: 'web.shop.svc.cluster.local' } }] }],
      }),
    ],
  ])('stays as it is whatever a stranger writes that says nothing about it: %s', (_, written) => {
    expect(worked(shop(), shop(written), shop({ ...written, spec: { ...written.spec, more: 'x' } }))).toHaveLength(1);
  });

  it.each([
    ['its own', virtual(['web']), { namespace: 'shop' }],
    ["the mesh's", virtual(['web.shop.svc.cluster.local']), { namespace: 'istio-system' }],
  ])('is worked out anew for a route that says something: %s', (_, written, home) => {
    expect(worked(shop(), shop({ ...written, ...home }))).toHaveLength(2);
  });

  it('is worked out anew for Services that a waypoint is asked for, by what was asked at the start once that is over', () => {
    const [mesh, asking] = [shop().mesh, (...services: readonly string[]) => migrationSpec({ waypoint: { services } })];
    const before = (...services: readonly string[]): Surroundings => surroundings({ mesh, spec: asking(...services) });
    const started = { ...before(), itinerary: 'L7' as const };

    expect(worked(before(), before('shop/web'), before('shop/*'), before('blog/web'))).toHaveLength(2);
    expect(worked(started, { ...started, requested: ['web'] })).toHaveLength(2);
    expect(worked(started, { ...started, spec: asking('shop/web') })).toHaveLength(1);
  });

  it('is a few pictures of each, however often somebody edits', () => {
    const edits = Array.from({ length: 10 }, (_, edit) => shop(policy(`p${edit}`)));
    const blog = surroundings({ namespace: namespace({ name: 'blog' }) });

    expect(worked(blog, ...edits, ...edits.slice(-4), blog)).toHaveLength(11);
    expect(worked(...edits, shop(policy('p0')))).toHaveLength(11);
  });

  it('is no more than fits into memory of what was written, where answers hold it: who has most loses his first', () => {
    const told: string[] = [];
    const ask = remembered((given) => {
      told.push(given.namespace.name);
      return given.mesh.configs('WasmPlugin', given.namespace.name).map(({ spec }) => spec);
    });
    const plugins = (home: string, edit: number): Surroundings =>
      surroundings({
        namespace: namespace({ name: home }),
        mesh: mesh([
          ...installed,
          config('WasmPlugin', { pluginConfig: `${edit}`.repeat(9_000_000) }, { namespace: home }),
        ]),
      });
    const blog = surroundings({ namespace: namespace({ name: 'blog' }) });
    ask(blog);
    const edits = Array.from({ length: 4 }, (_, edit) => plugins('shop', edit));
    edits.forEach(ask);
    expect(told).toEqual(['blog', 'shop', 'shop', 'shop', 'shop']);
    ask({ ...blog });
    // Within one look it is there whatever else is asked.
    for (const given of edits) ask(given);
    expect(told).toHaveLength(5);
    ask(plugins('shop', 3));
    expect(told).toHaveLength(5);
    ask(plugins('shop', 0));
    expect(told).toHaveLength(6);
  });

  it('is nothing of what is written, only digests', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const ask = remembered(() => 1);
    function fill(): void {
      for (let home = 0; home < 60; home += 1) {
        const large = config('AuthorizationPolicy', { text: String(home).repeat(500_000) }, { namespace: `n${home}` });
        ask(surroundings({ namespace: namespace({ name: `n${home}` }), mesh: mesh([...installed, large]) }));
      }
    }
    collect();
    const before = process.memoryUsage().heapUsed;
    fill();
    collect();

    expect(process.memoryUsage().heapUsed - before).toBeLessThan(10_000_000);
  });
});

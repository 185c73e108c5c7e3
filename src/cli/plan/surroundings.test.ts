import { describe, expect, it } from '@jest/globals';
import { meshes } from '../../mesh/meshes.ts';
import { readPolicies } from '../audit/audit.ts';
import { parseManifests } from '../manifests/parse-manifests.ts';
import { subjectsOf } from './surroundings.ts';
import { wishesOf } from './wishes.ts';

const options = {
  istioVersion: { major: 1, minor: 31 },
  namespace: 'default',
  rootNamespace: 'istio-system',
  meshes,
} as const;

const manifests = parseManifests(
  '-',
  ['shop', 'bank']
    .flatMap((home) => [
      `{apiVersion: v1, kind: Namespace, metadata: {name: ${home}, labels: {istio-injection: enabled}}}`,
      `{apiVersion: v1, kind: Service, metadata: {name: web, namespace: ${home}}, spec: {selector: {app: web}, ports: [{port: 80}]}}`,
      `{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: ${home}}, spec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: a}]}}}}`,
      `{apiVersion: batch/v1, kind: CronJob, metadata: {name: nightly, namespace: ${home}}, spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: a}]}}}}}}`,
    ])
    .join('\n---\n'),
).manifests;

describe('what a plan finds in other namespaces', () => {
  const moved = new Map<string, { readonly waypoint: string; readonly services: readonly string[] }>();
  const { planned } = subjectsOf(readPolicies(manifests, options), wishesOf(manifests), moved, 0, false);
  const lists = (home: string): readonly (readonly unknown[])[] =>
    planned.flatMap(({ mesh }) => [
      mesh.pods(home),
      mesh.workloads(home),
      mesh.otherTemplates(home),
      mesh.services(home),
      mesh.services(),
      mesh.configs('AuthorizationPolicy', home),
      mesh.inhabitedNamespaces(),
    ]);

  it('is the same list for whoever asks, by which answers are remembered', () => {
    const [first, again] = [lists('shop'), lists('shop')];
    const half = first.length / 2;

    expect(planned).toHaveLength(2);
    expect(first.filter((list) => list.length > 0)).toHaveLength(12);
    expect(again.every((list, at) => list === first[at % half])).toBe(true);
  });

  it('is another one once the namespace has moved, and of nobody else', () => {
    const [services, others] = [planned[0]?.mesh.services('shop'), planned[0]?.mesh.services('bank')];
    moved.set('shop', { waypoint: 'gate', services: ['web'] });

    expect(planned[1]?.mesh.pods('shop')).toEqual([]);
    expect(planned[1]?.mesh.services('bank')).toBe(others);
    expect(planned[1]?.mesh.services('shop')).not.toBe(services);
    expect(planned[1]?.mesh.services('shop')[0]?.conditions).toMatchObject({
      'istio.io/WaypointBound': { message: 'Successfully attached to waypoint shop/gate' },
    });
    expect(planned[0]?.mesh.services('shop')).toBe(planned[1]?.mesh.services('shop'));
  });
});

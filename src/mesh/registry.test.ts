import { describe, expect, it } from '@jest/globals';
import { routes } from '../../test/support/mesh-fixtures.ts';
import type { MeshAdapter } from './adapter.ts';
import { istio } from './istio/adapter.ts';
import { meshes } from './meshes.ts';
import { meshesOf } from './registry.ts';

/** A mesh that shares nothing with Istio; the types know the product's data planes only. */
const other: MeshAdapter = { ...istio, name: 'Other', dataPlanes: [], findingIds: ['XX001'] };

describe('the registry of meshes', () => {
  it('knows a mesh for every way that the API admits, in the product', () => {
    expect(routes.map((route) => meshes.along(route).name)).toEqual(routes.map(() => 'Istio'));
  });

  it('knows whose a data plane is, and that being in none is nobody’s', () => {
    const { having } = meshesOf(istio, other);

    expect(having('IstioAmbient')).toBe(istio);
    expect(having('None')).toBeUndefined();
  });

  it('gives a way to the one mesh that knows all of it', () => {
    const [sidecars, ambient]: readonly MeshAdapter[] = [
      { ...other, name: 'Sidecars', dataPlanes: ['IstioSidecar'] },
      { ...istio, name: 'Ambient', dataPlanes: ['IstioAmbient'] },
    ];
    if (sidecars === undefined || ambient === undefined) throw new TypeError('there are two');
    const { along } = meshesOf(sidecars, ambient);

    expect(along({ from: 'None', to: 'IstioAmbient' })).toBe(ambient);
    expect(along({ from: 'IstioSidecar', to: 'None' })).toBe(sidecars);
    expect(() => along({ from: 'IstioSidecar', to: 'IstioAmbient' })).toThrow('no mesh knows the way from');
    expect(() => along({ from: 'None', to: 'None' })).toThrow('no mesh knows the way from None to None');
  });

  it.each<readonly [string, MeshAdapter]>([
    ['name Istio', { ...other, name: 'Istio' }],
    ['data plane IstioAmbient', { ...other, dataPlanes: ['IstioAmbient'] }],
    ['finding MM020', { ...other, findingIds: ['MM020'] }],
  ])('has no two of one %s', (what, mesh) => {
    expect(() => meshesOf(istio, mesh)).toThrow(`two meshes have the ${what}`);
  });

  it('has one id for what fails in any of them', () => {
    expect(meshesOf(istio, { ...other, findingIds: ['MM009'] }).all).toHaveLength(2);
  });
});

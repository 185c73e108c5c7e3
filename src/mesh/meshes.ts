import { istio } from './istio/adapter.ts';
import { meshesOf } from './registry.ts';

/** The meshes of the product. */
export const meshes = meshesOf(istio);

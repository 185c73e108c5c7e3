import { arrived } from '../../mesh/istio/itinerary.ts';
import { namespaceIn, type Inventory } from './inventory.ts';

/** The way that is looked at. */
export const route = { from: 'IstioSidecar', to: 'IstioAmbient' } as const;

/** Whether a namespace is where the way leads, by its labels: nothing of it is lost by a migration. */
export function isInAmbient(name: string, inventory: Pick<Inventory, 'namespaces'>): boolean {
  return arrived(route, namespaceIn(name, inventory).labels);
}

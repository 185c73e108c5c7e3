import { fileOf, type OverlayFile } from './overlay.ts';
import { titleOf } from './world.ts';
import type { RouteOffer } from './route-offer.ts';

/** Folder of the overlay with what its kustomization leaves out. */
export const offersFolder = 'offers';

const readme = `# Routes to use after the migration

These routes of the Gateway API do exactly what the VirtualServices that they name do. They are not part of the migration:
kustomization.yaml does not include them, and which of the two a proxy follows while both are there is not defined.
Once a namespace is finalized, apply a route and delete its VirtualService in one change.
`;

/** What may replace VirtualServices afterwards, as files beside the overlay; none if nothing may. */
export function offersOverlay(offers: readonly RouteOffer[]): readonly OverlayFile[] {
  if (offers.length === 0) return [];
  const files = offers.map(({ replaces, object }) =>
    fileOf({
      object,
      sentence: `${titleOf({ kind: object.kind, ...object.metadata })}: does exactly what ${replaces} does; for after the migration, and then instead of it.`,
    }),
  );
  return [
    { path: `${offersFolder}/README.md`, text: readme },
    ...files.map(({ path, text }) => ({ path: `${offersFolder}/${path}`, text })),
  ];
}

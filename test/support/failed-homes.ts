import { journalAnnotation, type NamespaceMigration } from '../../src/api/resources.ts';
import type { NamespaceView } from '../../src/mesh/views.ts';
import { journalText } from '../../src/plan/journal.ts';
import { namespace } from './mesh-fixtures.ts';

/** The namespaces of those records that tell of a failure, with the journals that say so. */
export function failedHomes(children: readonly NamespaceMigration[]): readonly NamespaceView[] {
  return children.flatMap(({ metadata: { namespace: name = '' }, spec: { migration, from, to }, status }) => {
    const failure = status?.failure;
    if (failure === undefined) return [];
    const text = journalText({
      migration,
      uid: 'u',
      route: { from, to },
      attempt: 1,
      direction: 'Forward',
      itinerary: status?.itinerary ?? 'L4',
      capturedAt: failure.at,
      labels: {},
      set: {},
      failure,
    });
    return [namespace({ name, annotations: { [journalAnnotation]: text } })];
  });
}

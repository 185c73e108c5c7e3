import type { KubeObject } from '../api/object.ts';
import { readableDepth } from './depth.ts';
import { projectConfig } from './project.ts';
import type { ConfigView } from './views.ts';
import type { WatchedKind } from './watched-kind.ts';

/** A configuration object as decisions see it: whole, or as much of it as they look at. */
export function projectWatched({ kind, keep }: Pick<WatchedKind, 'kind' | 'keep'>): (object: KubeObject) => ConfigView {
  if (keep === undefined) return projectConfig(kind);
  const project = projectConfig(kind);
  return ({ metadata: { annotations: _annotations, managedFields: _managedFields, ...metadata }, ...object }) =>
    project({ metadata, spec: readableDepth(keep({ metadata, ...object })) });
}

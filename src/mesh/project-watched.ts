import type { KubeObject } from '../api/object.ts';
import { readableDepth } from './depth.ts';
import { record } from './json.ts';
import { projectConfig } from './project.ts';
import type { ConfigView } from './views.ts';
import type { WatchedKind } from './watched-kind.ts';

/** Each field by itself: a kind may state what it says beside `spec` (`specs` of Cilium), and a tenant writes that too. */
function readableFields(object: KubeObject): KubeObject {
  const fields = Object.entries(object).map(([name, value]): [string, unknown] => [
    name,
    typeof value === 'object' && value !== null ? readableDepth(value) : value,
  ]);
  const read = Object.fromEntries(fields);
  return { ...object, ...read, spec: record(read['spec']) };
}

/** A configuration object as decisions see it: whole, or as much of it as they look at. */
export function projectWatched({ kind, keep }: Pick<WatchedKind, 'kind' | 'keep'>): (object: KubeObject) => ConfigView {
  const project = projectConfig(kind);
  if (keep === undefined) return project;
  return (object) => {
    const { annotations: _annotations, managedFields: _managedFields, ...metadata } = object.metadata;
    return project({ metadata, spec: keep(readableFields(object)) });
  };
}

import { appliedAnnotation } from '../api/resources.ts';
import type { Resource } from '../api/object.ts';
import type { JsonPatchOperation } from '../kube/client.ts';
import { partsOf } from './execute.ts';
import { namespaces, services, workloadResources } from './resources.ts';
import type { Write } from './situation.ts';

/** What a write is to make of one object: seen again, it did not last. */
export interface Effort {
  /** Object and verb, as in `describeWrite`. */
  readonly part: string;
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly name: string;
  /**
   * Labels, annotations and other fields that are to be so afterwards, null where they are to be gone; undefined if the
   * object is to be gone.
   */
  readonly wanted: Readonly<Record<string, unknown>> | undefined;
}

const time = /\d{4}-\d\d-\d\dT[\d:.]+Z/g;

/**
 * The same for all that wants the same. Times aside: a journal that begins something has another one each second for as
 * long as it does not last.
 */
export function essenceOf({ wanted }: Effort): string {
  return JSON.stringify(wanted ?? null).replaceAll(time, '');
}

function key(path: string): string {
  return (path.split('/').at(-1) ?? '').replaceAll('~1', '/').replaceAll('~0', '~');
}

function wantedBy(operations: readonly JsonPatchOperation[]): Readonly<Record<string, unknown>> {
  // That a map is made, because the object had none, is not wanted for itself.
  return Object.fromEntries(
    operations.flatMap((operation) => {
      const value = 'value' in operation ? operation.value : null;
      return operation.op === 'test' || (typeof value === 'object' && value !== null)
        ? []
        : [[key(operation.path), value]];
    }),
  );
}

/**
 * What each object is to become. A template too: its record counts only how often it was seen to be as it should and
 * changed back then, and a webhook, or who is fast, lets nobody see that. Evictions are left out, because each pod is
 * another object.
 */
export function effortsOf(write: Write, namespace: string): readonly Effort[] {
  const parts = partsOf(write, namespace);
  const [part = ''] = parts;
  switch (write.kind) {
    case 'PatchNamespace':
      return [
        { part, resource: namespaces, namespace: undefined, name: namespace, wanted: wantedBy(write.operations) },
      ];
    case 'PatchService':
      return [{ part, resource: services, namespace, name: write.name, wanted: wantedBy(write.operations) }];
    case 'Scale':
    case 'PatchTemplate': {
      const resource = workloadResources.find(({ kind }) => kind === write.workload.kind);
      return resource === undefined
        ? []
        : [{ part, resource, namespace, name: write.workload.name, wanted: wantedBy(write.operations) }];
    }
    case 'Apply':
      return write.manifests.flatMap(
        (
          {
            resource,
            object: {
              metadata: { name, annotations },
            },
            unwatched,
          },
          index,
        ) =>
          unwatched === true
            ? []
            : [
                {
                  part: parts[index] ?? '',
                  resource,
                  namespace,
                  name,
                  wanted: { [appliedAnnotation]: annotations?.[appliedAnnotation] },
                },
              ],
      );
    case 'Remove':
      return write.objects.flatMap(({ resource, name, uid }, index) =>
        uid === undefined ? [] : [{ part: parts[index] ?? '', resource, namespace, name, wanted: undefined }],
      );
    case 'Evict':
      return [];
  }
}

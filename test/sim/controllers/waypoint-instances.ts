import { watchKind, type ControllerContext } from './controller.ts';
import { slicesOf } from './endpoint-slice.ts';
import { endpointSlices, services } from './kinds.ts';
import type { Service } from './service-types.ts';
import { keyOf } from './typed-api.ts';

/** Whether pods were behind a Service when istiod last rebuilt its view of all Services. */
export interface Instances {
  /** By the key of the Service. */
  has(serviceKey: string): boolean;
}

/**
 * istiod reports a Gateway from a snapshot that it rebuilds when a Service changes anywhere in the mesh, or when a
 * Service gets its very first endpoints; that endpoints go, or come back, is no reason (the full pushes of
 * model/endpointshards.go). So a Gateway stays Programmed after its last pod is gone, until something unrelated
 * happens, and the same the other way round. Endpoints that are not ready count.
 */
export function watchInstances(context: ControllerContext, onChange: () => void): Instances {
  const { api } = context;
  const seen = new Map<string, Service>();
  const known = new Set<string>();
  let present = new Set<string>();
  const hasEndpoints = (key: string): boolean =>
    slicesOf(api, key).some(({ endpoints }) => endpoints !== null && endpoints.length > 0);
  watchKind(context, services, (service, deleted) => {
    const key = keyOf(service);
    const before = seen.get(key);
    if (deleted) seen.delete(key);
    else seen.set(key, service);
    if (deleted) known.delete(key);
    if (!deleted && before !== undefined && !differs(before, service)) return;
    present = new Set([...seen.keys()].filter(hasEndpoints));
    onChange();
  });
  watchKind(context, endpointSlices, ({ metadata }) => {
    const key = `${metadata.namespace ?? ''}/${metadata.labels?.['kubernetes.io/service-name'] ?? ''}`;
    if (known.has(key) || !hasEndpoints(key)) return;
    known.add(key);
    present = new Set([...present, key]);
    onChange();
  });
  return { has: (key) => present.has(key) };
}

/** The status is none of istiod's business. */
function differs(before: Service, after: Service): boolean {
  return (
    before.spec !== after.spec ||
    before.metadata.labels !== after.metadata.labels ||
    before.metadata.annotations !== after.metadata.annotations
  );
}

import type { MeshState } from '../../adapter.ts';
import { selects } from '../../views.ts';
import { configuredSo } from './mesh-settings.ts';
import { selectorOf } from '../vocabulary/next-mode.ts';
import { critical, type Problem } from '../policy/translate/problem.ts';

/*
 * istiod reads and sends nothing of a namespace that none of its `discoverySelectors` selects, be it the root namespace
 * (pkg/kube/namespace/filter.go): ztunnel knows no workload there, and no proxy a policy.
 */

/** The mesh configurations by which istiod does not see a namespace with these labels. */
export function hidingIt(mesh: MeshState, labels: Readonly<Record<string, string>>): readonly string[] {
  return configuredSo(
    mesh,
    ({ discoverySelectors }) =>
      discoverySelectors.length > 0 && !discoverySelectors.some((selector) => selects(selectorOf(selector), labels)),
  );
}

/** Kinds whose objects in the root namespace apply to the whole mesh, and change who gets through or what is copied. */
const meshWide = [
  'AuthorizationPolicy',
  'PeerAuthentication',
  'RequestAuthentication',
  'Sidecar',
  'Telemetry',
  'WasmPlugin',
  'TrafficExtension',
  'EnvoyFilter',
];

/**
 * Why what stands in the root namespace is in force for nobody, or not for all: copies of it would be. Undefined where
 * istiod sees it, or nothing stands there.
 */
export function hiddenRoot(mesh: MeshState): Problem | undefined {
  const { rootNamespace } = mesh;
  const labels = mesh.labelsOf?.(rootNamespace);
  const [hiding] = labels === undefined ? [] : hidingIt(mesh, labels);
  if (hiding === undefined) return undefined;
  const [first, ...others] = meshWide.flatMap((kind) => mesh.configs(kind, rootNamespace));
  if (first === undefined) return undefined;
  const more = others.length > 0 ? ` and ${others.length} more for the whole mesh` : '';
  return critical(
    `Namespace ${rootNamespace}`,
    'metadata.labels',
    `no discoverySelectors of ${hiding} select it: istiod reads nothing in it, so that ${first.kind} ${first.namespace}/${first.name}${more} may be in force for nobody, and a copy of it would be in force`,
    `Delete from namespace ${rootNamespace} what is not meant to be in force; or give it a label that discoverySelectors select, after a look at whom its policies refuse and let in then: they come into force for the whole mesh at once.`,
  );
}

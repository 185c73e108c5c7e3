import { workloadResources } from '../../engine/resources.ts';
import {
  defaultIstioVersion,
  isNewer,
  istioVersionText,
  newestIstioVersion,
  parseIstioVersion,
  type IstioVersion,
} from '../../mesh/istio/policy/istio-version.ts';
import { WorkloadKind } from '../../api/namespace-migration.ts';
import type { MeshAdapter } from '../../mesh/adapter.ts';
import { projectWorkload } from '../../mesh/project-workload.ts';
import type { AuditOptions } from '../audit/audit.ts';
import { route } from '../audit/staying.ts';
import { withCluster } from '../cluster/options.ts';
import type { Host } from '../host.ts';
import type { ManifestArguments } from '../manifest-options.ts';
import type { Manifests, Unreadable } from '../manifests/manifest.ts';
import { readManifests } from '../manifests/read-manifests.ts';
import { objectsIn, readCluster } from './read-cluster.ts';

/** What is looked at, and what it does not say itself. */
export interface Looked {
  readonly manifests: Manifests;
  readonly options: AuditOptions;
}

/** The version of what runs in the namespace of the control plane, and what is to be known of it. */
function versionOf(
  manifests: Manifests,
  rootNamespace: string,
  mesh: Pick<MeshAdapter, 'versionOf'>,
): { readonly version: IstioVersion; readonly doubt?: Unreadable } {
  const workloads = workloadResources.flatMap((resource) =>
    objectsIn(manifests, resource, rootNamespace).map(projectWorkload(WorkloadKind.parse(resource.kind))),
  );
  const found = parseIstioVersion(mesh.versionOf(workloads) ?? '');
  const doubt = (reason: string): Unreadable => ({ file: '--istio-version', reason, isMinor: true });
  if (found === undefined) {
    const taken = istioVersionText(defaultIstioVersion);
    const reason = `no control plane in ${rootNamespace} tells its version: everything is judged as for ${taken}`;
    return { version: defaultIstioVersion, doubt: doubt(`${reason} (--istio-version, --istio-namespace)`) };
  }
  if (!isNewer(found, newestIstioVersion)) return { version: found };
  const newest = istioVersionText(newestIstioVersion);
  return {
    version: newestIstioVersion,
    doubt: doubt(`${istioVersionText(found)} is newer than what is known here: everything is judged as for ${newest}`),
  };
}

async function clusterOf(
  asking: ManifestArguments<unknown>,
  { connection, asked }: Extract<ManifestArguments<unknown>['subject'], { kind: 'Cluster' }>,
  host: Host,
): Promise<Looked> {
  const { rootNamespace, istioVersion } = asking;
  const { meshes, signal } = host;
  const mesh = meshes.along(route);
  return await withCluster(host, connection, async (client) => {
    const manifests = await readCluster({ client, mesh, rootNamespace, asked, signal });
    const { version, doubt } =
      istioVersion === undefined ? versionOf(manifests, rootNamespace, mesh) : { version: istioVersion };
    const live = { server: client.server, asked };
    return {
      manifests: { ...manifests, unreadable: [...manifests.unreadable, ...(doubt === undefined ? [] : [doubt])] },
      options: { istioVersion: version, namespace: 'default', rootNamespace, meshes, live },
    };
  });
}

/** Reads what is to be looked at: manifests, or a cluster. */
export async function lookedAt(asking: ManifestArguments<unknown>, host: Host): Promise<Looked> {
  const { subject, rootNamespace, istioVersion = defaultIstioVersion } = asking;
  if (subject.kind === 'Cluster') return await clusterOf(asking, subject, host);
  const { paths, exclude, namespace } = subject;
  return {
    manifests: await readManifests(paths, host.stdin, exclude),
    options: { istioVersion, namespace, rootNamespace, meshes: host.meshes },
  };
}

import { relative } from 'node:path';
import { audit } from '../../src/cli/audit/audit.ts';
import type { AuditReport } from '../../src/cli/audit/report.ts';
import { readManifests } from '../../src/cli/manifests/read-manifests.ts';
import { defaultIstioVersion } from '../../src/mesh/istio/policy/istio-version.ts';
import { meshes } from '../../src/mesh/meshes.ts';

/** The folder with the manifests, as the person who runs the demo would name it. */
export const manifestsFolder = relative(process.cwd(), import.meta.dirname) || '.';

/** What `mesh-migration audit` says about the manifests of the demo, before any of them is in a cluster. */
export async function auditManifests(): Promise<AuditReport> {
  return audit(await readManifests([manifestsFolder], process.stdin), {
    istioVersion: defaultIstioVersion,
    namespace: 'default',
    rootNamespace: 'istio-system',
    meshes,
  });
}

import { printable } from '../../base/printable.ts';
import type { CliCommand } from '../command.ts';
import { formats } from '../formats/format.ts';
import { exitCodeOf, manifestArguments, manifestOptions, type ManifestValues } from '../manifest-options.ts';
import { readManifests } from '../manifests/read-manifests.ts';
import { audit } from './audit.ts';

/** `mesh-migration audit`. */
export const auditCommand: CliCommand = {
  name: 'audit',
  summary: 'Say what sidecars, ztunnel and waypoints make of each policy of manifests, and what stands in the way',
  details:
    'No cluster is asked, and nothing is written. Include the ConfigMap istio of the root namespace to have its trust domains read, and a MeshMigration to have its callers and settings taken.',
  options: manifestOptions(formats),
  examples: [
    'audit -f PATH',
    'audit -f policies/ -f services.yaml --fail-on warning',
    'audit -f - -o sarif < rendered.yaml > audit.sarif',
  ],
  async run(call, { stdin, stdout, meshes }) {
    const { paths, exclude, format, failOn, ...options } = manifestArguments(call.options as ManifestValues, formats);
    const report = audit(await readManifests(paths, stdin, exclude), { ...options, meshes });
    stdout.write(printable(format(report)));
    return exitCodeOf(report.findings, report.unreadable, failOn);
  },
};

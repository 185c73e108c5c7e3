import { printable } from '../../base/printable.ts';
import type { CliCommand } from '../command.ts';
import { formats } from '../formats/format.ts';
import { exitCodeOf, manifestArguments, manifestOptions, type ManifestValues } from '../manifest-options.ts';
import { lookedAt } from '../live/subject.ts';
import { audit } from './audit.ts';

/** `mesh-migration audit`. */
export const auditCommand: CliCommand = {
  name: 'audit',
  summary:
    'Say what sidecars, ztunnel and waypoints make of each policy of a cluster or of manifests, and what stands in the way',
  details:
    'Without -f the cluster is read, with your own rights: one list of each kind, and nothing is written. What you may not read is named. With -f no cluster is asked: include the ConfigMap istio of the root namespace to have its trust domains read, and a MeshMigration to have its callers and settings taken.',
  options: manifestOptions(formats),
  examples: [
    'audit',
    'audit -n shop -n pay',
    'audit -f PATH',
    'audit -f policies/ -f services.yaml --fail-on warning',
    'audit -f - -o sarif < rendered.yaml > audit.sarif',
  ],
  async run(call, host) {
    const asking = manifestArguments(call.options as ManifestValues, formats);
    const { format, failOn } = asking;
    const { manifests, options } = await lookedAt(asking, host);
    const report = audit(manifests, options);
    host.stdout.write(printable(format(report)));
    return exitCodeOf(report.findings, report.unreadable, failOn);
  },
};

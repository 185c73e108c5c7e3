import { parseArgs } from 'node:util';
import { commonArguments, commonOptions, exitCodeOf, type Outcome } from './arguments.ts';
import { audit } from './audit/audit.ts';
import { formats } from './formats/format.ts';
import type { Meshes } from '../mesh/registry.ts';
import { readManifests } from './manifests/read-manifests.ts';

/** `mesh-migration audit`. */
export async function auditCommand(
  args: readonly string[],
  stdin: NodeJS.ReadableStream,
  meshes: Meshes,
): Promise<Outcome> {
  const { values } = parseArgs({ args: [...args], options: commonOptions });
  const { paths, exclude, format, failOn, ...options } = commonArguments(values, formats);
  const report = audit(await readManifests(paths, stdin, exclude), { ...options, meshes });
  return { output: format(report), exitCode: exitCodeOf(report.findings, report.unreadable, failOn) };
}

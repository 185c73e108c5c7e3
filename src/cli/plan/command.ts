import { Option } from 'commander';
import { printable } from '../../base/printable.ts';
import type { CliCommand } from '../command.ts';
import type { ExitCode } from '../exit-code.ts';
import type { Host } from '../host.ts';
import { exitCodeOf, manifestArguments, manifestOptions, type ManifestValues } from '../manifest-options.ts';
import { readManifests } from '../manifests/read-manifests.ts';
import { planFormats } from './formats.ts';
import { plan } from './plan.ts';
import type { PlanReport } from './report.ts';
import { writeOverlay } from './write-overlay.ts';

/** Why the objects of a plan must not be written: part of them would be worse than none. */
function refusal({ namespaces, unreadable }: PlanReport, doubt: string | undefined): string | undefined {
  if (unreadable.length > 0) return 'something could not be read, and a policy in it would be missing';
  if (doubt !== undefined) return doubt;
  const blocked = namespaces
    .filter(({ findings }) => findings.some(({ severity }) => severity === 'Critical'))
    .map(({ name }) => name);
  if (blocked.length > 0) return `critical findings block ${blocked.join(', ')}`;
  const bound = namespaces
    .filter(({ services }) => services.some(({ already }) => already === true))
    .map(({ name }) => name);
  return bound.length === 0
    ? undefined
    : `Services of ${bound.join(', ')} go through their waypoint already, which must not be let in before it has received its copies: the operator sees to that`;
}

interface Values extends ManifestValues {
  readonly write?: string;
}

/** What is printed, and how it ends. */
interface Planned {
  readonly output: string;
  readonly exitCode: ExitCode;
}

async function planned(values: Values, { stdin, clock }: Host): Promise<Planned> {
  const { paths, exclude, format, failOn, ...options } = manifestArguments(values, planFormats);
  const { report, overlay, doubt } = plan(await readManifests(paths, stdin, exclude), {
    ...options,
    now: clock.now(),
  });
  const exitCode = exitCodeOf(
    report.namespaces.flatMap(({ findings }) => findings),
    report.unreadable,
    failOn,
  );
  if (values.write === undefined) return { output: format(report), exitCode };
  const directory = values.write;
  const refused = refusal(report, doubt);
  if (refused !== undefined)
    return { output: format({ ...report, written: { directory, refused } }), exitCode: exitCode === 2 ? 2 : 1 };
  return {
    output: format({ ...report, written: { directory, files: await writeOverlay(directory, overlay) } }),
    exitCode,
  };
}

/** `mesh-migration plan`. */
export const planCommand: CliCommand = {
  name: 'plan',
  summary: 'Say which Services of manifests need a waypoint, what is made for them, and who moves in which order',
  details:
    'No cluster is asked, and nothing is written but with --write. Include the ConfigMap istio of the root namespace to have its trust domains read, and a MeshMigration to have its callers and settings taken.',
  options: [
    ...manifestOptions(planFormats),
    new Option(
      '--write <dir>',
      'write what is made as a kustomize overlay into this directory, unless a critical finding blocks',
    ),
  ],
  examples: ['plan -f PATH', 'plan -f - --write overlay < rendered.yaml'],
  async run(call, host) {
    const { output, exitCode } = await planned(call.options as Values, host);
    host.stdout.write(printable(output));
    return exitCode;
  },
};

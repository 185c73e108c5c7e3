import { Option } from 'commander';
import { listed } from '../../base/counted.ts';
import { printable } from '../../base/printable.ts';
import type { CliCommand } from '../command.ts';
import type { ExitCode } from '../exit-code.ts';
import type { Host } from '../host.ts';
import { exitCodeOf, manifestArguments, manifestOptions, type ManifestValues } from '../manifest-options.ts';
import { lookedAt } from '../live/subject.ts';
import { planFormats } from './formats.ts';
import { plan, type Plan } from './plan.ts';
import { writeOverlay } from './write-overlay.ts';

/** Why the objects of a plan must not be written: part of them would be worse than none. */
function refusal({ report: { namespaces, unreadable }, withheld }: Plan): string | undefined {
  if (unreadable.some(({ isMinor }) => isMinor !== true))
    return 'something could not be read, and a policy in it would be missing';
  if (withheld.length > 0 && withheld.length === namespaces.length) return withheld[0]?.why;
  const blocked = namespaces
    .filter(({ findings }) => findings.some(({ severity }) => severity === 'Critical'))
    .map(({ name }) => name);
  if (blocked.length > 0) return `critical findings block ${listed(blocked)}`;
  const bound = namespaces
    .filter(({ services }) => services.some(({ already }) => already === true))
    .map(({ name }) => name);
  return bound.length === 0
    ? undefined
    : `Services of ${listed(bound)} go through their waypoint already, which must not be let in before it has received its copies: the operator sees to that`;
}

interface Values extends ManifestValues {
  readonly write?: string;
}

/** What is printed, and how it ends. */
interface Planned {
  readonly output: string;
  readonly exitCode: ExitCode;
}

async function planned(values: Values, host: Host): Promise<Planned> {
  const asking = manifestArguments(values, planFormats);
  const { format, failOn } = asking;
  const { manifests, options } = await lookedAt(asking, host);
  const made = plan(manifests, { ...options, now: host.clock.now() });
  const { report, overlay, withheld } = made;
  const exitCode = exitCodeOf(
    report.namespaces.flatMap(({ findings }) => findings),
    report.unreadable,
    failOn,
  );
  if (values.write === undefined) return { output: format(report), exitCode };
  const directory = values.write;
  const refused = refusal(made);
  const isWhole = refused === undefined && withheld.length === 0;
  const written =
    refused === undefined
      ? { directory, files: await writeOverlay(directory, overlay), ...(!isWhole && { withheld }) }
      : { directory, refused };
  return { output: format({ ...report, written }), exitCode: isWhole || exitCode === 2 ? exitCode : 1 };
}

/** `mesh-migration plan`. */
export const planCommand: CliCommand = {
  name: 'plan',
  summary:
    'Say which Services of a cluster or of manifests need a waypoint, what is made for them, and who moves in which order',
  details:
    'Without -f the cluster is read, with your own rights: one list of each kind, and nothing is written to it. What you may not read is named. With -f no cluster is asked, and nothing is written but with --write: include the ConfigMap istio of the root namespace to have its trust domains read, and a MeshMigration to have its callers and settings taken.',
  options: [
    ...manifestOptions(planFormats),
    new Option(
      '--write <dir>',
      'write what is made as a kustomize overlay into this directory, unless a critical finding blocks',
    ),
  ],
  examples: ['plan', 'plan -n shop', 'plan -f PATH', 'plan -f - --write overlay < rendered.yaml'],
  async run(call, host) {
    const { output, exitCode } = await planned(call.options as Values, host);
    host.stdout.write(printable(output));
    return exitCode;
  },
};

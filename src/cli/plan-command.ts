import { parseArgs } from 'node:util';
import { commonArguments, commonOptions, exitCodeOf, type Outcome } from './arguments.ts';
import type { Meshes } from '../mesh/registry.ts';
import { systemClock } from '../base/clock.ts';
import { planFormats } from './plan/formats.ts';
import { plan } from './plan/plan.ts';
import type { PlanReport } from './plan/report.ts';
import { writeOverlay } from './plan/write-overlay.ts';
import { readManifests } from './manifests/read-manifests.ts';

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

/** `mesh-migration plan`. */
export async function planCommand(
  args: readonly string[],
  stdin: NodeJS.ReadableStream,
  meshes: Meshes,
): Promise<Outcome> {
  const { values } = parseArgs({ args: [...args], options: { ...commonOptions, write: { type: 'string' } } });
  const { paths, exclude, format, failOn, ...options } = commonArguments(values, planFormats);
  const { report, overlay, doubt } = plan(await readManifests(paths, stdin, exclude), {
    ...options,
    meshes,
    now: systemClock.now(),
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

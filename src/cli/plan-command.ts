import { parseArgs } from 'node:util';
import { commonArguments, commonOptions, exitCodeOf, type Outcome } from './arguments.ts';
import type { Meshes } from '../mesh/registry.ts';
import { systemClock } from '../base/clock.ts';
import { listed } from '../base/counted.ts';
import { planFormats } from './plan/formats.ts';
import { plan, type Plan } from './plan/plan.ts';
import { writeOverlay } from './plan/write-overlay.ts';
import { readManifests } from './manifests/read-manifests.ts';

/** Why the objects of a plan must not be written: part of them would be worse than none. */
function refusal({ report: { namespaces, unreadable }, withheld }: Plan): string | undefined {
  if (unreadable.length > 0) return 'something could not be read, and a policy in it would be missing';
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

/** `mesh-migration plan`. */
export async function planCommand(
  args: readonly string[],
  stdin: NodeJS.ReadableStream,
  meshes: Meshes,
): Promise<Outcome> {
  const { values } = parseArgs({ args: [...args], options: { ...commonOptions, write: { type: 'string' } } });
  const { paths, exclude, format, failOn, ...options } = commonArguments(values, planFormats);
  const planned = plan(await readManifests(paths, stdin, exclude), {
    ...options,
    meshes,
    now: systemClock.now(),
  });
  const { report, overlay, withheld } = planned;
  const exitCode = exitCodeOf(
    report.namespaces.flatMap(({ findings }) => findings),
    report.unreadable,
    failOn,
  );
  if (values.write === undefined) return { output: format(report), exitCode };
  const directory = values.write;
  const refused = refusal(planned);
  const isWhole = refused === undefined && withheld.length === 0;
  const written =
    refused === undefined
      ? { directory, files: await writeOverlay(directory, overlay), ...(!isWhole && { withheld }) }
      : { directory, refused };
  return { output: format({ ...report, written }), exitCode: isWhole || exitCode === 2 ? exitCode : 1 };
}

import { Option } from 'commander';
import type { Severity } from '../api/common.ts';
import {
  isNewer,
  istioVersionText,
  newestIstioVersion,
  parseIstioVersion,
} from '../mesh/istio/policy/istio-version.ts';
import type { AuditOptions } from './audit/audit.ts';
import type { AuditFinding } from './audit/report.ts';
import type { Unreadable } from './manifests/manifest.ts';
import { choosing, namespaceName, oneOf } from './options.ts';
import { UsageError } from './usage-error.ts';

function collected(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** Of the commands that look at manifests; `formats` are the values of `--output`. */
export function manifestOptions(formats: Readonly<Record<string, unknown>>): readonly Option[] {
  return [
    new Option(
      '-f, --filename <path>',
      'file, directory (all *.yaml, *.yml and *.json below it), or - for standard input',
    ).argParser(collected),
    new Option(
      '--exclude <pattern>',
      'file or directory below a path to leave out, by name or path; * and ** as in globs',
    ).argParser(collected),
    choosing(new Option('-o, --output <format>', 'how it is printed').default('table'), Object.keys(formats)),
    new Option('-n, --namespace <name>', 'namespace of objects that name none').default('default'),
    new Option('--istio-version <version>', 'Istio that is to read the policies').default('1.31'),
    new Option('--istio-namespace <name>', 'root namespace, where mesh-wide policies are').default('istio-system'),
    choosing(
      new Option('--fail-on <severity>', 'from which findings on the exit code is 1').default('critical'),
      Object.keys(failing),
    ),
  ];
}

/** Values of these options as they were given. */
export interface ManifestValues {
  readonly filename?: readonly string[];
  readonly exclude?: readonly string[];
  readonly output: string;
  readonly namespace: string;
  readonly istioVersion: string;
  readonly istioNamespace: string;
  readonly failOn: string;
}

/** The same, checked. */
export interface ManifestArguments<Format> extends Omit<AuditOptions, 'meshes'> {
  readonly paths: readonly string[];
  readonly exclude: readonly string[];
  readonly format: Format;
  readonly failOn: readonly Severity[];
}

/** Findings of these severities make the exit code 1. */
const failing: Readonly<Record<string, readonly Severity[]>> = {
  critical: ['Critical'],
  warning: ['Critical', 'Warning'],
  never: [],
};

/** The options, or a UsageError that names the one that is wrong. */
export function manifestArguments<Format>(
  values: ManifestValues,
  formats: Readonly<Record<string, Format>>,
): ManifestArguments<Format> {
  const istioVersion = parseIstioVersion(values.istioVersion);
  if (istioVersion === undefined)
    throw new UsageError(`--istio-version must be a version such as 1.31, not "${values.istioVersion}"`);
  if (isNewer(istioVersion, newestIstioVersion))
    throw new UsageError(
      `--istio-version must be at most ${istioVersionText(newestIstioVersion)}, the newest that is known here, not "${values.istioVersion}"`,
    );
  const { filename: paths = [], exclude = [] } = values;
  if (paths.length === 0) throw new UsageError('-f is missing: name a file, a directory, or - for standard input');
  return {
    paths,
    exclude,
    format: oneOf('--output', values.output, formats),
    failOn: oneOf('--fail-on', values.failOn, failing),
    istioVersion,
    namespace: namespaceName('--namespace', values.namespace),
    rootNamespace: namespaceName('--istio-namespace', values.istioNamespace),
  };
}

/** As grep does: what could not be read counts more than what was found, because the result is not the whole one. */
export function exitCodeOf(
  findings: readonly AuditFinding[],
  unreadable: readonly Unreadable[],
  failOn: readonly Severity[],
): 0 | 1 | 2 {
  if (unreadable.length > 0) return 2;
  return findings.some(({ severity }) => failOn.includes(severity)) ? 1 : 0;
}

import { Option } from 'commander';
import type { Severity } from '../api/common.ts';
import type { ConnectionOptions } from '../kube/config.ts';
import {
  isNewer,
  istioVersionText,
  newestIstioVersion,
  parseIstioVersion,
  type IstioVersion,
} from '../mesh/istio/policy/istio-version.ts';
import type { AuditOptions } from './audit/audit.ts';
import type { AuditFinding } from './audit/report.ts';
import { clusterOptions } from './cluster/options.ts';
import type { Unreadable } from './manifests/manifest.ts';
import { choosing, namespaceName, oneOf } from './options.ts';
import { UsageError } from './usage-error.ts';

function collected(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** Of the commands that look at manifests or a cluster; `formats` are the values of `--output`. */
export function manifestOptions(formats: Readonly<Record<string, unknown>>): readonly Option[] {
  return [
    new Option(
      '-f, --filename <path>',
      'file, directory (all *.yaml, *.yml and *.json below it), or - for standard input; without, the cluster is asked',
    ).argParser(collected),
    new Option(
      '--exclude <pattern>',
      'file or directory below a path to leave out, by name or path; * and ** as in globs',
    ).argParser(collected),
    choosing(new Option('-o, --output <format>', 'how it is printed').default('table'), Object.keys(formats)),
    new Option(
      '-n, --namespace <name>',
      'of a cluster: judge only this one, may be repeated (default: all); with -f: that of objects that name none (default: "default")',
    ).argParser(collected),
    new Option(
      '--istio-version <version>',
      'Istio that is to read the policies (default: with -f 1.31, else that of the cluster)',
    ),
    new Option('--istio-namespace <name>', 'root namespace, where mesh-wide policies are').default('istio-system'),
    choosing(
      new Option('--fail-on <severity>', 'from which findings on the exit code is 1').default('critical'),
      Object.keys(failing),
    ),
    ...clusterOptions,
  ];
}

/** Values of these options as they were given. */
export interface ManifestValues extends ConnectionOptions {
  readonly filename?: readonly string[];
  readonly exclude?: readonly string[];
  readonly output: string;
  readonly namespace?: readonly string[];
  readonly istioVersion?: string;
  readonly istioNamespace: string;
  readonly failOn: string;
}

/** What is looked at. */
export type Subject =
  | {
      readonly kind: 'Manifests';
      readonly paths: readonly string[];
      readonly exclude: readonly string[];
      /** Of objects that name none. */
      readonly namespace: string;
    }
  | {
      readonly kind: 'Cluster';
      readonly connection: ConnectionOptions;
      /** Whom of it; undefined: every namespace. */
      readonly asked: ReadonlySet<string> | undefined;
    };

/** The same, checked. */
export interface ManifestArguments<Format> extends Pick<AuditOptions, 'rootNamespace'> {
  readonly subject: Subject;
  readonly format: Format;
  readonly failOn: readonly Severity[];
  /** Undefined where nobody has said it. */
  readonly istioVersion: IstioVersion | undefined;
}

/** Findings of these severities make the exit code 1. */
const failing: Readonly<Record<string, readonly Severity[]>> = {
  critical: ['Critical'],
  warning: ['Critical', 'Warning'],
  never: [],
};

function versionIn(given: string | undefined): IstioVersion | undefined {
  if (given === undefined) return undefined;
  const version = parseIstioVersion(given);
  if (version === undefined) throw new UsageError(`--istio-version must be a version such as 1.31, not "${given}"`);
  if (isNewer(version, newestIstioVersion))
    throw new UsageError(
      `--istio-version must be at most ${istioVersionText(newestIstioVersion)}, the newest that is known here, not "${given}"`,
    );
  return version;
}

/**
 * Without a path the cluster is meant, as for `istioctl analyze`: whoever has manifests says where they are. One of
 * both, so that nobody takes the result of the one for that of the other.
 */
function subjectOf({
  filename: paths = [],
  exclude,
  namespace = [],
  kubeconfig,
  context,
  as,
}: ManifestValues): Subject {
  const names = namespace.map((name) => namespaceName('--namespace', name));
  if (paths.length === 0) {
    if (exclude !== undefined) throw new UsageError('--exclude leaves out files, and there is no -f');
    const asked = names.length === 0 ? undefined : new Set(names);
    return { kind: 'Cluster', connection: { kubeconfig, context, as }, asked };
  }
  const given = Object.entries({ kubeconfig, context, as }).find(([, value]) => value !== undefined);
  if (given !== undefined)
    throw new UsageError(`--${given[0]} is about a cluster, and with -f none is asked: leave one of them out`);
  const [home = 'default', ...others] = names;
  if (others.length > 0)
    throw new UsageError('--namespace: with -f it is the one of objects that name none, so give one');
  return { kind: 'Manifests', paths, exclude: exclude ?? [], namespace: home };
}

/** The options, or a UsageError that names the one that is wrong. */
export function manifestArguments<Format>(
  values: ManifestValues,
  formats: Readonly<Record<string, Format>>,
): ManifestArguments<Format> {
  return {
    subject: subjectOf(values),
    format: oneOf('--output', values.output, formats),
    failOn: oneOf('--fail-on', values.failOn, failing),
    istioVersion: versionIn(values.istioVersion),
    rootNamespace: namespaceName('--istio-namespace', values.istioNamespace),
  };
}

/**
 * As grep does: what could not be read counts more than what was found, because the result is not the whole one. What
 * little rests on counts as a warning.
 */
export function exitCodeOf(
  findings: readonly AuditFinding[],
  unreadable: readonly Unreadable[],
  failOn: readonly Severity[],
): 0 | 1 | 2 {
  if (unreadable.some(({ isMinor }) => isMinor !== true)) return 2;
  const isFailing = findings.some(({ severity }) => failOn.includes(severity));
  return isFailing || (unreadable.length > 0 && failOn.includes('Warning')) ? 1 : 0;
}

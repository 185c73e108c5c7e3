import type { ParseArgsOptionDescriptor } from 'node:util';
import type { Severity } from '../api/common.ts';
import { own } from '../base/own.ts';
import {
  isNewer,
  istioVersionText,
  newestIstioVersion,
  parseIstioVersion,
} from '../mesh/istio/policy/istio-version.ts';
import type { AuditOptions } from './audit/audit.ts';
import type { AuditFinding } from './audit/report.ts';
import type { Unreadable } from './manifests/manifest.ts';
import { UsageError } from './usage.ts';

/** What a command printed and how it ended. */
export interface Outcome {
  readonly output: string;
  readonly exitCode: 0 | 1 | 2;
}

/** Options of every command, for node:util's parseArgs. */
export const commonOptions = {
  filename: { type: 'string', short: 'f', multiple: true, default: [] },
  exclude: { type: 'string', multiple: true, default: [] },
  output: { type: 'string', short: 'o', default: 'table' },
  namespace: { type: 'string', short: 'n', default: 'default' },
  'istio-version': { type: 'string', default: '1.31' },
  'istio-namespace': { type: 'string', default: 'istio-system' },
  'fail-on': { type: 'string', default: 'critical' },
} as const satisfies Readonly<Record<string, ParseArgsOptionDescriptor>>;

/** Values of the common options as they were given. */
export interface CommonValues {
  readonly filename: readonly string[];
  readonly exclude: readonly string[];
  readonly output: string;
  readonly namespace: string;
  readonly 'istio-version': string;
  readonly 'istio-namespace': string;
  readonly 'fail-on': string;
}

/** The common options, checked. */
export interface CommonArguments<Format> extends Omit<AuditOptions, 'meshes'> {
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

function oneOf<Value>(option: string, value: string, choices: Readonly<Record<string, Value>>): Value {
  const choice = own(choices, value);
  if (choice === undefined)
    throw new UsageError(`${option} must be one of ${Object.keys(choices).join(', ')}, not "${value}"`);
  return choice;
}

function namespaceName(option: string, value: string): string {
  if (/^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(value)) return value;
  throw new UsageError(`${option} must be the name of a namespace, not "${value}"`);
}

/** The common options, or a UsageError that names the one that is wrong. */
export function commonArguments<Format>(
  values: CommonValues,
  formats: Readonly<Record<string, Format>>,
): CommonArguments<Format> {
  const istioVersion = parseIstioVersion(values['istio-version']);
  if (istioVersion === undefined)
    throw new UsageError(`--istio-version must be a version such as 1.31, not "${values['istio-version']}"`);
  if (isNewer(istioVersion, newestIstioVersion))
    throw new UsageError(
      `--istio-version must be at most ${istioVersionText(newestIstioVersion)}, the newest that is known here, not "${values['istio-version']}"`,
    );
  if (values.filename.length === 0)
    throw new UsageError('-f is missing: name a file, a directory, or - for standard input');
  return {
    paths: values.filename,
    exclude: values.exclude,
    format: oneOf('--output', values.output, formats),
    failOn: oneOf('--fail-on', values['fail-on'], failing),
    istioVersion,
    namespace: namespaceName('--namespace', values.namespace),
    rootNamespace: namespaceName('--istio-namespace', values['istio-namespace']),
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

import { quoted } from '../../base/shown.ts';
import { trimmedEnd } from '../../base/trimmed.ts';

/** What a name has to look like, in words of Kubernetes. */
interface Form {
  readonly title: string;
  readonly maxLength: number;
  readonly pattern: RegExp;
}

const label: Form = { title: 'a DNS label (RFC 1123)', maxLength: 63, pattern: /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/ };
const subdomain: Form = {
  title: 'a DNS subdomain (RFC 1123)',
  maxLength: 253,
  pattern: /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/,
};
/** What fits into a URL, as every name has to (path.IsValidPathSegmentName): a role may be called `system:node`. */
const segment: Form = {
  title: 'a name, which has neither "/" nor "%"',
  maxLength: 253,
  pattern: /^(?!\.{1,2}$)[^/%\u0000-\u001F\u007F-\u009F]+$/,
};

/** Kinds of the core group that checks read. */
const core: Readonly<Record<string, Form>> = {
  Namespace: label,
  Service: label,
  Pod: subdomain,
  ConfigMap: subdomain,
  ResourceQuota: subdomain,
};

/**
 * Other groups of which checks read something: all their kinds have a DNS subdomain for a name. What else a file holds,
 * may be for kustomize or Helm only.
 */
const strict =
  /^(?:apps|batch|argoproj\.io|meshmigration\.dev|admissionregistration\.k8s\.io|(?:gateway\.)?networking\.k8s\.io|.+\.istio\.io)$/;

function formOf(group: string, kind: string): Form {
  if (group === '') return Object.hasOwn(core, kind) ? (core[kind] ?? segment) : segment;
  return strict.test(group) ? subdomain : segment;
}

function problemOf(field: string, value: unknown, form: Form): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') return `${field} is no text`;
  if (value.length > form.maxLength) return `${field} is longer than ${form.maxLength} characters`;
  return form.pattern.test(value) ? undefined : `${field} ${quoted(value)} is not ${form.title}`;
}

/** A kind is a Go type; a group is a DNS subdomain, with a version behind it. */
const kindForm: Form = { title: 'the name of a kind', maxLength: 63, pattern: /^[A-Za-z][A-Za-z0-9]*$/ };
const versionForm: Form = {
  title: 'a version of an API',
  maxLength: 317,
  pattern: /^(?:[a-zA-Z0-9](?:[-.a-zA-Z0-9]*[a-zA-Z0-9])?\/)?[a-zA-Z0-9]+$/,
};

/** Why nothing in a cluster is of this kind, which stands in findings and paths; undefined if something may be. */
export function kindProblem({ kind, apiVersion }: Readonly<Record<string, unknown>>): string | undefined {
  return problemOf('kind', kind, kindForm) ?? problemOf('apiVersion', apiVersion, versionForm);
}

/** A prefix may end with what a name must not: the API server adds to it. */
function prefix(value: unknown): unknown {
  return typeof value === 'string' ? trimmedEnd(value, '-.') : value;
}

/**
 * Why the API server would take an object under no circumstances by its name; undefined if it might. Names end up in
 * paths of files, in comments and on the terminal, so what is no name is not let in. One that is absent may still be
 * given by an overlay.
 */
export function nameProblem(
  group: string,
  kind: string,
  metadata: Readonly<Record<string, unknown>>,
): string | undefined {
  const form = formOf(group, kind);
  return (
    problemOf('metadata.name', metadata['name'], form) ??
    problemOf('metadata.generateName', prefix(metadata['generateName']), form) ??
    problemOf('metadata.namespace', metadata['namespace'], label)
  );
}

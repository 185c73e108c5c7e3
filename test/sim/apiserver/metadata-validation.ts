import type { KubeObject } from '../../../src/api/object.ts';
import { invalidValue, required, type StatusCause } from './errors.ts';
import type { ServedResource } from './served-resource.ts';

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomain = `${label}(\\.${label})*`;
const qualified = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

interface NameRule {
  readonly pattern: RegExp;
  readonly max: number;
  readonly message: string;
}

const nameRules: Readonly<Record<ServedResource['nameRule'], NameRule>> = {
  Subdomain: {
    pattern: new RegExp(`^${subdomain}$`),
    max: 253,
    message:
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an " +
      `alphanumeric character (e.g. 'example.com', regex used for validation is '${subdomain}')`,
  },
  Label: {
    pattern: new RegExp(`^${label}$`),
    max: 63,
    message:
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an " +
      `alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${label}')`,
  },
  Label1035: {
    pattern: /^[a-z]([-a-z0-9]*[a-z0-9])?$/,
    max: 63,
    message:
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an " +
      "alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
  },
  Path: { pattern: /^(?!\.{1,2}$)[^/%]+$/, max: Infinity, message: "may not contain '/' or '%'" },
};

function checkName(served: ServedResource, name: string): readonly StatusCause[] {
  if (name === '') return [required('metadata.name', 'name or generateName is required')];
  const rule = nameRules[served.nameRule];
  const causes: StatusCause[] = [];
  if (name.length > rule.max)
    causes.push(invalidValue('metadata.name', name, `must be no more than ${String(rule.max)} characters`));
  if (!rule.pattern.test(name)) causes.push(invalidValue('metadata.name', name, rule.message));
  return causes;
}

function checkKey(field: string, key: string): readonly StatusCause[] {
  const parts = key.split('/');
  const name = parts.at(-1) ?? '';
  const prefix = parts.length === 2 ? parts[0] : undefined;
  if (
    parts.length > 2 ||
    !qualified.test(name) ||
    name.length > 63 ||
    (prefix !== undefined && !nameRules.Subdomain.pattern.test(prefix))
  ) {
    return [
      invalidValue(
        field,
        key,
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character " +
          "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
      ),
    ];
  }
  return [];
}

function checkLabels(labels: Readonly<Record<string, string>>): readonly StatusCause[] {
  return Object.entries(labels).flatMap(([key, value]) => {
    const causes = [...checkKey('metadata.labels', key)];
    if (value.length > 63) causes.push(invalidValue('metadata.labels', value, 'must be no more than 63 bytes'));
    if (!labelValue.test(value)) {
      causes.push(
        invalidValue(
          'metadata.labels',
          value,
          "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and " +
            "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
        ),
      );
    }
    return causes;
  });
}

function checkOwners(object: KubeObject): readonly StatusCause[] {
  const owners = object.metadata.ownerReferences ?? [];
  const causes: StatusCause[] = [];
  for (const owner of owners) {
    for (const field of ['apiVersion', 'kind', 'name', 'uid'] as const) {
      if (typeof owner[field] !== 'string' || owner[field] === '')
        causes.push(invalidValue(`metadata.ownerReferences.${field}`, owner[field], `${field} must not be empty`));
    }
  }
  const controllers = owners.filter((owner) => owner.controller === true);
  if (controllers.length > 1) {
    const names = controllers.map((owner) => `${owner.kind}/${owner.name}`).join(', ');
    causes.push(
      invalidValue(
        'metadata.ownerReferences',
        owners,
        `Only one reference can have Controller set to true. Found "true" in references for ${names}`,
      ),
    );
  }
  return causes;
}

const annotationLimit = 256 * 1024;

/**
 * What is wrong with the metadata (apimachinery ValidateObjectMeta). Parts identical to `previous` are not looked at
 * again.
 */
export function validateMetadata(
  served: ServedResource,
  object: KubeObject,
  previous: KubeObject | undefined,
): readonly StatusCause[] {
  const { metadata } = object;
  const before = previous?.metadata;
  const causes: StatusCause[] = [];
  if (before === undefined) causes.push(...checkName(served, metadata.name));
  if (metadata.labels !== undefined && metadata.labels !== before?.labels) causes.push(...checkLabels(metadata.labels));
  if (metadata.annotations !== undefined && metadata.annotations !== before?.annotations) {
    const entries = Object.entries(metadata.annotations);
    causes.push(...entries.flatMap(([key]) => checkKey('metadata.annotations', key.toLowerCase())));
    const bytes = entries.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
    if (bytes > annotationLimit)
      causes.push({
        reason: 'FieldValueTooLong',
        message: `Too long: may not be more than ${String(annotationLimit)} bytes`,
        field: 'metadata.annotations',
      });
  }
  if (metadata.ownerReferences !== before?.ownerReferences) causes.push(...checkOwners(object));
  const added = (metadata.finalizers ?? []).filter((name) => before?.finalizers?.includes(name) !== true);
  causes.push(...added.flatMap((name) => checkKey('metadata.finalizers', name)));
  if (before?.deletionTimestamp !== undefined && added.length > 0) {
    causes.push({
      reason: 'FieldValueForbidden',
      field: 'metadata.finalizers',
      message: `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((name) => `"${name}"`).join(', ')}}`,
    });
  }
  return causes;
}

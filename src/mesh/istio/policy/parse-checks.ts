import { quoted, shown } from '../../../base/shown.ts';
import { isKnownAttribute } from './attribute.ts';
import { operationPredicates, sourcePredicates, whenPredicates, type Predicate } from './fields.ts';
import { defaultIstioVersion } from './istio-version.ts';
import { parseBlock } from '../../../base/address.ts';
import type { Report } from './parse-values.ts';
import { refusedTemplate } from './path-template.ts';
import { portNumber } from './port-number.ts';
import type { AuthorizationPolicy, Rule } from './types.ts';

/*
 * What istiod's webhook refuses in an AuthorizationPolicy: ValidateAuthorizationPolicy in pkg/config/validation/validation.go,
 * and pkg/config/security/security.go. A policy that was stored while the webhook did not answer is still read.
 */

/** Reports everything that the webhook would refuse. */
export function checkAuthorizationPolicy(policy: AuthorizationPolicy, hasProvider: boolean, report: Report): void {
  const { action, rules, provider } = policy;
  if ((action === 'DENY' || action === 'CUSTOM') && rules.length === 0) {
    report({
      field: 'spec.rules',
      message: `must be set for ${action}: without a rule it never matches`,
      rejected: true,
    });
  }
  if (action === 'CUSTOM' && (provider ?? '') === '')
    report({ field: 'spec.provider.name', message: 'must be set for CUSTOM', rejected: true });
  if (action !== 'CUSTOM' && hasProvider)
    report({ field: 'spec.provider', message: `must not be set for ${action}`, rejected: true });
  rules.forEach((rule, index) => checkRule(rule, action === 'CUSTOM', `spec.rules[${index}]`, report));
}

function checkRule(rule: Rule, custom: boolean, field: string, report: Report): void {
  rule.from.forEach((source, index) => {
    const at = `${field}.from[${index}].source`;
    const predicates = sourcePredicates(source);
    checkPart(predicates, custom, at, report);
    if (combines(predicates))
      report({ field: at, message: 'serviceAccounts cannot be set with namespaces or principals', rejected: true });
  });
  rule.to.forEach((operation, index) =>
    checkPart(operationPredicates(operation), custom, `${field}.to[${index}].operation`, report),
  );
  rule.when.forEach(({ key, values, notValues }, index) => {
    const at = `${field}.when[${index}]`;
    if (values.length === 0 && notValues.length === 0)
      report({ field: at, message: 'needs values or notValues', rejected: true });
    else if (!isKnownAttribute(key, defaultIstioVersion))
      report({
        field: `${at}.key`,
        message: `${shown(key)} is no attribute that istiod knows: the rule is dropped`,
        rejected: true,
      });
    else if (/^(?:request\.headers|request\.auth\.claims|experimental\.)/.test(key) && !/^[^[]+\[.+\]$/s.test(key))
      report({ field: `${at}.key`, message: `${shown(key)} must have the form a[b]`, rejected: true });
  });
  for (const predicate of whenPredicates(rule.when)) checkPredicate(predicate, custom, `${field}.when`, report);
}

function combines(predicates: readonly Predicate[]): boolean {
  const attributes = predicates.map(({ attribute }) => attribute);
  return (
    attributes.includes('source.serviceAccount') &&
    (attributes.includes('source.namespace') || attributes.includes('source.principal'))
  );
}

function checkPart(predicates: readonly Predicate[], custom: boolean, field: string, report: Report): void {
  if (predicates.length === 0) report({ field, message: 'must not be empty', rejected: true });
  for (const predicate of predicates) checkPredicate(predicate, custom, field, report);
}

/** An external authorizer is asked before the identity of the caller is compared, and before its token is verified. */
const notForCustom = /^(?:source\.(?:namespace|serviceAccount|trustDomain|principal)|request\.auth\.)/;

function checkPredicate(
  { attribute, field, values, notField, notValues }: Predicate,
  custom: boolean,
  at: string,
  report: Report,
): void {
  if (custom && notForCustom.test(attribute))
    report({ field: `${at}.${field}`, message: 'is not supported with CUSTOM', rejected: true });
  const key = [field, attribute].find((name) => Object.hasOwn(checks, name));
  const check = (key === undefined ? undefined : checks[key]) ?? notEmpty;
  for (const [name, members] of [
    [field, values],
    [notField, notValues],
  ] as const) {
    for (const value of members) {
      const message = check(value);
      if (message !== undefined)
        report({ field: `${at}.${name}`, message: `${quoted(value)} ${message}`, rejected: true });
      else if (attribute === 'request.auth.principal' && !/[/*]/.test(value))
        report({
          field: `${at}.${name}`,
          message: `${quoted(value)} matches no token: a request principal has the form ISSUER/SUBJECT`,
          rejected: false,
        });
    }
  }
}

type Check = (value: string) => string | undefined;

const checks: Readonly<Record<string, Check>> = {
  'source.ip': checkAddress,
  'remote.ip': checkAddress,
  'destination.ip': checkAddress,
  'destination.port': (value) => (portNumber(value) === undefined ? 'is no port' : undefined),
  'source.serviceAccount': (value) =>
    /^[^/*]+(?:\/[^/*]+)?$/.test(value) && value.length <= 320
      ? undefined
      : 'must have the form serviceAccount or namespace/serviceAccount, without wildcards',
  'source.trustDomain': (value) =>
    /^(?:\*?[^*]+|[^*]+\*|\*)$/.test(value) ? undefined : 'must have at most one wildcard, at an end',
  trustDomains: checkTrustDomain,
  notTrustDomains: checkTrustDomain,
  'operation.path': checkPath,
};

function notEmpty(value: string): string | undefined {
  return value === '' ? 'must not be empty' : undefined;
}

/** CheckTrustDomainValues; the condition `source.trustDomain` takes slashes, with which it never matches. */
function checkTrustDomain(value: string): string | undefined {
  return /^(?:\*?[^*/]+|[^*/]+\*|\*)$/.test(value)
    ? undefined
    : 'must be a trust domain with at most one wildcard, at an end';
}

function checkAddress(value: string): string | undefined {
  return parseBlock(value) === undefined ? 'is no IP address or CIDR block' : undefined;
}

/** A path that is no template is any text. */
function checkPath(value: string): string | undefined {
  return notEmpty(value) ?? refusedTemplate(value);
}

import { quoted } from '../../../base/shown.ts';
import { goBoolean } from '../../../base/go-boolean.ts';
import { memoize } from '../../../base/memoize.ts';
import { checkAuthorizationPolicy } from './parse-checks.ts';
import { parseAttachment, parseSelector } from './parse-attachment.ts';
import { record } from '../../json.ts';
import { list, map, none, object, oneOf, string, strings, type Problem, type Report } from './parse-values.ts';
import { operationFieldNames, sourceFieldNames } from './fields.ts';
import { dryRunAnnotation } from '../vocabulary/labels.ts';
import type {
  Action,
  AuthorizationPolicy,
  MtlsMode,
  Operation,
  PeerAuthentication,
  Policy,
  PolicyMeta,
  RequestAuthentication,
  Rule,
  Source,
  When,
} from './types.ts';

/** A policy's object, from the API or from a file. */
export interface PolicyObject {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: Readonly<Record<string, unknown>>;
  /** Milliseconds since the epoch. */
  readonly createdAt?: number;
}

/** What was read of an object. */
export interface ParsedPolicy {
  /** Undefined if the object is no policy, or says something that has no meaning, as an unknown action. */
  readonly policy: Policy | undefined;
  readonly problems: readonly Problem[];
}

/** Kinds that `parsePolicy` reads. */
export const policyKinds: readonly Policy['kind'][] = [
  'AuthorizationPolicy',
  'PeerAuthentication',
  'RequestAuthentication',
];

/** Nobody hears what is wrong. */
const silent: Report = () => undefined;

/**
 * The same without a word about what is wrong with it, for those who ask again and again what it means: what would be
 * said of a large one takes longer than to read it.
 */
export function readPolicy({ kind, namespace, name, annotations, spec, createdAt }: PolicyObject): Policy | undefined {
  const meta: PolicyMeta = { namespace, name, annotations, ...(createdAt === undefined ? {} : { createdAt }) };
  return byKind(kind, meta, spec, silent);
}

/**
 * Reads a policy, as leniently as its meaning allows, and names everything that the API server or istiod's webhook
 * would refuse (pkg/config/validation/validation.go). Never throws, whatever the YAML.
 */
export function parsePolicy({ kind, namespace, name, annotations, spec, createdAt }: PolicyObject): ParsedPolicy {
  const problems: Problem[] = [];
  const report: Report = (problem) => problems.push(problem);
  const meta: PolicyMeta = { namespace, name, annotations, ...(createdAt === undefined ? {} : { createdAt }) };
  const policy = byKind(kind, meta, spec, report);
  if (policy?.kind === 'AuthorizationPolicy')
    checkAuthorizationPolicy(policy, record(spec)['provider'] !== undefined, report);
  if (policy !== undefined && policy.kind !== 'AuthorizationPolicy' && annotations[dryRunAnnotation] !== undefined) {
    problems.push({
      field: `metadata.annotations[${dryRunAnnotation}]`,
      message: `is not supported on a ${kind}`,
      rejected: true,
    });
  }
  return { policy, problems };
}

function byKind(kind: string, meta: PolicyMeta, spec: unknown, report: Report): Policy | undefined {
  switch (kind) {
    case 'AuthorizationPolicy':
      return authorizationPolicy(meta, spec, report);
    case 'PeerAuthentication':
      return peerAuthentication(meta, spec, report);
    case 'RequestAuthentication':
      return requestAuthentication(meta, spec, report);
    default:
      report({ field: 'kind', message: `${kind} is no policy`, rejected: true });
      return undefined;
  }
}

const actions: readonly Action[] = ['ALLOW', 'DENY', 'AUDIT', 'CUSTOM'];

function authorizationPolicy(meta: PolicyMeta, value: unknown, report: Report): AuthorizationPolicy | undefined {
  const spec = object(value, 'spec', ['selector', 'targetRef', 'targetRefs', 'rules', 'action', 'provider'], report);
  const action = oneOf(spec['action'], 'spec.action', actions, 'ALLOW', report);
  const provider = string(
    object(spec['provider'], 'spec.provider', ['name'], report)['name'],
    'spec.provider.name',
    report,
  );
  const attachment = parseAttachment(spec, report);
  const written = list(spec['rules'], 'spec.rules', report) ?? none;
  const rules = report === silent ? rulesOnce(written) : parseRules(written, report);
  if (action === undefined) return undefined;
  const dryRun = parseDryRun(meta.annotations[dryRunAnnotation], action, report);
  return {
    kind: 'AuthorizationPolicy',
    ...meta,
    ...attachment,
    action,
    dryRun,
    rules,
    ...(provider === undefined ? {} : { provider }),
  };
}

/**
 * The webhook refuses what is no boolean to it, and the annotation on other actions, whatever its
 * value (checkDryRunAnnotation); a policy that was stored nevertheless is enforced.
 */
function parseDryRun(value: string | undefined, action: Action, report: Report): boolean {
  if (value === undefined) return false;
  const field = `metadata.annotations[${dryRunAnnotation}]`;
  const dryRun = goBoolean(value);
  if (action === 'AUDIT' || action === 'CUSTOM')
    report({ field, message: `is not supported with ${action}`, rejected: true });
  else if (dryRun === undefined)
    report({
      field,
      message: `${quoted(value)} is neither true nor false: the policy is enforced`,
      rejected: true,
    });
  return dryRun ?? false;
}

/*
 * Whoever writes a policy decides how many parts it has that say little, and each is remembered for as long as the policy is there. So what says
 * nothing is one and the same everywhere, and a list of texts is the one that was written.
 */

type Parts<Name extends string> = Readonly<Record<Name, readonly string[]>>;

/** The fields that a part may have, and one that has none of them. */
interface Fields<Name extends string> {
  readonly names: readonly Name[];
  readonly without: Parts<Name>;
}

function fieldsOf<Name extends string>(names: readonly Name[]): Fields<Name> {
  const each = names.map((name): readonly [Name, readonly string[]] => [name, none]);
  return { names, without: Object.fromEntries(each) as Parts<Name> };
}

const sourceFields = fieldsOf(sourceFieldNames as readonly (keyof Source)[]);
const operationFields = fieldsOf(operationFieldNames as readonly (keyof Operation)[]);
const anyRule: Rule = { from: none, to: none, when: none };

function parseRules(rules: readonly unknown[], report: Report): readonly Rule[] {
  return rules.map((rule, index) => parseRule(rule, `spec.rules[${index}]`, report));
}

/** Copies of one policy for many Services have its rules in common, as one and the same list: it is read once. */
const rulesOnce = memoize((rules: readonly unknown[]) => parseRules(rules, silent));

function parseRule(value: unknown, field: string, report: Report): Rule {
  if (value === null) report({ field, message: 'must not be null', rejected: true });
  const rule = object(value, field, ['from', 'to', 'when'], report);
  const from = elements(rule, 'from', 'source', field, report).map(({ at, part }) =>
    parseFields(part, sourceFields, at, report),
  );
  const to = elements(rule, 'to', 'operation', field, report).map(({ at, part }) =>
    parseFields(part, operationFields, at, report),
  );
  const when = (list(rule['when'], `${field}.when`, report) ?? none).map((each, index) =>
    parseWhen(each, `${field}.when[${index}]`, report),
  );
  return from.length + to.length + when.length === 0 ? anyRule : { from, to, when };
}

/**
 * `from[].source` and `to[].operation`: an element without it is refused, and one that is there anyway restricts
 * nothing. An empty list is taken for an absent one (protobuf has no difference), although the webhook has a message
 * against it.
 */
function elements(
  rule: Readonly<Record<string, unknown>>,
  name: string,
  inner: string,
  field: string,
  report: Report,
): readonly { readonly at: string; readonly part: unknown }[] {
  const members = list(rule[name], `${field}.${name}`, report);
  return (members ?? []).map((member, index) => {
    const at = `${field}.${name}[${index}]`;
    const part = object(member, at, [inner], report)[inner];
    if (part === undefined || part === null)
      report({ field: `${at}.${inner}`, message: 'must be set', rejected: true });
    return { at: `${at}.${inner}`, part };
  });
}

function parseFields<Name extends string>(
  value: unknown,
  { names, without }: Fields<Name>,
  field: string,
  report: Report,
): Parts<Name> {
  const part = object(value, field, names, report);
  let found = without;
  for (const name of names) {
    if (part[name] === undefined) continue;
    const values = strings(part[name], `${field}.${name}`, report);
    if (values.length > 0) found = { ...found, [name]: values };
  }
  return found;
}

function parseWhen(value: unknown, field: string, report: Report): When {
  const when = object(value, field, ['key', 'values', 'notValues'], report);
  return {
    key: string(when['key'], `${field}.key`, report) ?? '',
    values: strings(when['values'], `${field}.values`, report),
    notValues: strings(when['notValues'], `${field}.notValues`, report),
  };
}

const modes: readonly MtlsMode[] = ['UNSET', 'DISABLE', 'PERMISSIVE', 'STRICT'];

function peerAuthentication(meta: PolicyMeta, value: unknown, report: Report): PeerAuthentication {
  const spec = object(value, 'spec', ['selector', 'mtls', 'portLevelMtls'], report);
  const selector = parseSelector(spec['selector'], report);
  const ports = parsePorts(spec['portLevelMtls'], report);
  const wide = Object.keys(selector?.selector ?? {}).length === 0;
  if (wide && Object.keys(ports).length > 0)
    report({ field: 'spec.portLevelMtls', message: 'needs a selector with labels', rejected: true });
  return {
    kind: 'PeerAuthentication',
    ...meta,
    ...selector,
    targetRefs: [],
    mode: parseMode(spec['mtls'], 'spec.mtls', report),
    ports,
  };
}

function parseMode(value: unknown, field: string, report: Report): MtlsMode {
  return oneOf(object(value, field, ['mode'], report)['mode'], `${field}.mode`, modes, 'UNSET', report) ?? 'UNSET';
}

function parsePorts(value: unknown, report: Report): Readonly<Record<number, MtlsMode>> {
  const field = 'spec.portLevelMtls';
  const ports = map(value, field, report);
  if (value !== undefined && value !== null && Object.keys(ports).length === 0)
    report({ field, message: 'must have at least one port', rejected: true });
  return Object.fromEntries(
    Object.entries(ports).flatMap(([key, mtls]) => {
      const port = /^\d{1,5}$/.test(key) ? Number(key) : 0;
      if (port < 1 || port > 65_535)
        report({ field: `${field}.${key}`, message: 'must be a port between 1 and 65535', rejected: true });
      return port === 0 ? [] : [[port, parseMode(mtls, `${field}.${key}`, report)]];
    }),
  );
}

function requestAuthentication(meta: PolicyMeta, value: unknown, report: Report): RequestAuthentication {
  const spec = object(value, 'spec', ['selector', 'targetRef', 'targetRefs', 'jwtRules'], report);
  const issuers = (list(spec['jwtRules'], 'spec.jwtRules', report) ?? []).flatMap((rule, index) => {
    const { issuer, jwksUri } = object(rule, `spec.jwtRules[${index}]`, jwtRuleFields, report);
    const text = string(issuer, `spec.jwtRules[${index}].issuer`, report) ?? '';
    if (text === '' && (jwksUri ?? '') === '')
      report({ field: `spec.jwtRules[${index}]`, message: 'needs an issuer or a jwksUri', rejected: true });
    return [text];
  });
  return { kind: 'RequestAuthentication', ...meta, ...parseAttachment(spec, report), issuers };
}

/** Fields of JWTRule (istio/api security/v1beta1/request_authentication.proto). */
const jwtRuleFields: readonly string[] = [
  'issuer',
  'audiences',
  'jwksUri',
  'jwks_uri',
  'jwks',
  'fromHeaders',
  'fromParams',
  'outputPayloadToHeader',
  'fromCookies',
  // Of Istio 1.32: older ones drop it.
  'presence',
  'forwardOriginalToken',
  'outputClaimToHeaders',
  'timeout',
  'spaceDelimitedClaims',
];

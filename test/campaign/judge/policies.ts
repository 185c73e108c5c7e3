import type { KubeObject } from '../../../src/api/object.ts';
import { at, fields, hasLabels, items, labels, strings, type Json } from './json.ts';

/*
 * What an AuthorizationPolicy says, read from its YAML by the documentation of Istio: as far as the policies of the campaign and of the operator
 * go. A field that this does not know is an error, so that no answer is a guess.
 */

/** A request as a proxy sees it. */
export interface Seen {
  /** `cluster.local/ns/NAMESPACE/sa/ACCOUNT`; absent in plaintext. */
  readonly identity?: string;
  readonly method: string;
  readonly path: string;
  /** Port of the container. */
  readonly port: number;
}

/** Who reads: a proxy that understands HTTP, or ztunnel. */
export type Reader = 'Http' | 'Ztunnel';

const httpFields = new Set(['methods', 'notMethods', 'paths', 'notPaths', 'hosts', 'notHosts']);
/** ztunnel is not sent it; nobody has the address that the operator asks for. */
const dropped = 'remoteIpBlocks';
const nobody = '255.255.255.255/32';

/** Whether these policies let the request through: no DENY that matches, and an ALLOW that does, if there is any. */
export function lets(policies: readonly KubeObject[], seen: Seen, reader: Reader): boolean {
  const of = (action: string): readonly KubeObject[] =>
    policies.filter(({ spec }: KubeObject & { spec?: unknown }) => (at(spec, 'action') ?? 'ALLOW') === action);
  const [denies, allows] = [of('DENY'), of('ALLOW')];
  if (denies.length + allows.length !== policies.length) throw new RangeError('only ALLOW and DENY are known here');
  if (denies.some((policy) => matchesPolicy(policy, seen, reader, 'DENY'))) return false;
  return allows.length === 0 || allows.some((policy) => matchesPolicy(policy, seen, reader, 'ALLOW'));
}

/**
 * Whether a policy selects the pod: by its labels, in its namespace or the root namespace, and not through targetRefs.
 */
export function selects(
  policy: KubeObject,
  pod: { readonly namespace: string; readonly labels: Readonly<Record<string, string>> },
): boolean {
  const {
    metadata: { namespace = '' },
  } = policy;
  const spec = fields(policy['spec']);
  if (namespace !== pod.namespace && namespace !== 'istio-system') return false;
  if (items(spec['targetRefs']).length > 0) return false;
  return hasLabels(pod.labels, labels(at(spec, 'selector', 'matchLabels')));
}

/** Whether a waypoint reads the policy for a Service. */
export function targets(policy: KubeObject, service: KubeObject, gateway: string): boolean {
  if (policy.metadata.namespace !== service.metadata.namespace) return false;
  return items(at(policy['spec'], 'targetRefs')).some(
    ({ kind, name }) =>
      (kind === 'Service' && name === service.metadata.name) || (kind === 'Gateway' && name === gateway),
  );
}

function matchesPolicy(policy: KubeObject, seen: Seen, reader: Reader, action: 'ALLOW' | 'DENY'): boolean {
  return items(at(policy['spec'], 'rules')).some((rule) => matchesRule(rule, seen, reader, action));
}

function matchesRule(rule: Json, seen: Seen, reader: Reader, action: 'ALLOW' | 'DENY'): boolean {
  const unknown = Object.keys(rule).find((key) => key !== 'from' && key !== 'to' && key !== 'when');
  if (unknown !== undefined) throw new RangeError(`${unknown} of a rule is not known here`);
  if (!items(rule['when']).every((condition) => holds(condition, seen))) return false;
  const sources = items(rule['from']).map(({ source }) => fields(source));
  const operations = items(rule['to']).map(({ operation }) => fields(operation));
  const all = [...sources, ...operations].flatMap((part) => Object.keys(part));
  // ztunnel is sent an ALLOW without the rules that it cannot evaluate, which refuses more, and a DENY without the
  // fields; what is empty then never matches (src/rbac.rs of istio/ztunnel).
  const beyond = (key: string): boolean => reader === 'Ztunnel' && (httpFields.has(key) || key === dropped);
  if (action === 'ALLOW' && all.some(beyond)) return false;
  const part = (given: Json): boolean => {
    const known = Object.entries(given).filter(([key]) => !beyond(key));
    return known.length > 0 && known.every(([key, value]) => matchesField(key, strings(value), seen));
  };
  return (sources.length === 0 || sources.some(part)) && (operations.length === 0 || operations.some(part));
}

/** A condition on the identity of the caller, which is the only one that is known here. */
function holds({ key, values, notValues }: Json, { identity }: Seen): boolean {
  if (key !== 'source.principal') throw new RangeError(`${String(key)} of a condition is not known here`);
  const among = (list: unknown): boolean =>
    identity !== undefined && strings(list).some((pattern) => like(pattern, identity));
  return (values === undefined || among(values)) && (notValues === undefined || !among(notValues));
}

function matchesField(key: string, values: readonly string[], { identity, method, path, port }: Seen): boolean {
  const among = (value: string | undefined): boolean =>
    value !== undefined && values.some((pattern) => like(pattern, value));
  const home = identity === undefined ? undefined : /\/ns\/([^/]+)\//.exec(identity)?.[1];
  switch (key) {
    case 'principals':
      return among(identity);
    case 'notPrincipals':
      return !among(identity);
    case 'namespaces':
      return among(home);
    case 'notNamespaces':
      return !among(home);
    case 'ports':
      return values.includes(String(port));
    case 'notPorts':
      return !values.includes(String(port));
    case 'methods':
      return among(method);
    case 'paths':
      return among(path);
    case dropped:
      if (values.length !== 1 || values[0] !== nobody)
        throw new RangeError(`${dropped} ${values.join()} is not known here`);
      return false;
    default:
      throw new RangeError(`${key} of a rule is not known here`);
  }
}

function like(pattern: string, value: string): boolean {
  if (pattern === '*') return value !== '';
  if (pattern.startsWith('*')) return value.endsWith(pattern.slice(1));
  if (pattern.endsWith('*')) return value.startsWith(pattern.slice(0, -1));
  return pattern === value;
}

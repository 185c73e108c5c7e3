import { memoize } from '../../../base/memoize.ts';
import { list, records, record, text, type Json } from '../../json.ts';

/*
 * Which fields of an AuthorizationPolicy ztunnel understands, from convertAuthorizationPolicy in istio/istio
 * pilot/pkg/serviceregistry/ambient/authorization.go. Everything not in this table needs a proxy that reads HTTP, so a
 * field that Istio adds tomorrow counts as L7 until it is known.
 */
const l4Source = new Set([
  'principals', 'notPrincipals', 'namespaces', 'notNamespaces', 'ipBlocks', 'notIpBlocks', 'serviceAccounts', 'notServiceAccounts',
]);
const l4Operation = new Set(['ports', 'notPorts']);
const clauses = new Set(['from', 'to', 'when']);
const l4Conditions = new Set(['source.ip', 'source.namespace', 'source.principal', 'destination.ip', 'destination.port']);

/** An empty list says nothing; anything else that stands there does, even if it is no list. */
function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);
}

function beyond(known: ReadonlySet<string>, part: Json): readonly string[] {
  return Object.keys(part).filter((field) => !known.has(field) && isSet(part[field]));
}

/** The fields of a policy's rules that only a proxy that reads HTTP can evaluate, each named once. */
export function l7Fields(spec: Json): readonly string[] {
  const fields = records(spec['rules']).flatMap((rule) => [
    ...records(rule['from']).flatMap((from) => beyond(l4Source, record(from['source']))),
    ...records(rule['to']).flatMap((to) => beyond(l4Operation, record(to['operation']))),
    ...records(rule['when']).map((condition) => text(condition['key']) ?? 'a condition without a key').filter((key) => !l4Conditions.has(key)),
    ...beyond(clauses, rule),
  ]);
  return [...new Set(fields)];
}

/** Every principal that a policy names, in `principals`, `notPrincipals` or a condition on `source.principal`. */
export function principals(spec: Json): readonly string[] {
  return records(spec['rules']).flatMap((rule) => [
    ...records(rule['from']).flatMap((from) => {
      const source = record(from['source']);
      return [...list(source['principals']), ...list(source['notPrincipals'])];
    }),
    ...records(rule['when'])
      .filter((condition) => condition['key'] === 'source.principal')
      .flatMap((condition) => [...list(condition['values']), ...list(condition['notValues'])]),
  ]).filter((principal) => typeof principal === 'string');
}

/** Whether a policy looks at its callers: without an identity they are others to it. */
export const asksWhoCalls: (spec: Json) => boolean = memoize((spec: Json) => {
  return records(spec['rules']).some((rule) => records(rule['from']).length > 0 || records(rule['when']).some((condition) => text(condition['key'])?.startsWith('source.') === true));
});

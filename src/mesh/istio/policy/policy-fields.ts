import { shown } from '../../../base/shown.ts';
import { memoize } from '../../../base/memoize.ts';
import { list, records, record, text, type Json } from '../../json.ts';
import { proxyHeaderIn } from './proxy-headers.ts';

/*
 * Which fields of an AuthorizationPolicy ztunnel understands, from convertAuthorizationPolicy in istio/istio
 * pilot/pkg/serviceregistry/ambient/authorization.go. Everything not in this table needs a proxy that reads HTTP, so a
 * field that Istio adds tomorrow counts as L7 until it is known.
 */
const l4Source = new Set([
  'principals',
  'notPrincipals',
  'namespaces',
  'notNamespaces',
  'ipBlocks',
  'notIpBlocks',
  'serviceAccounts',
  'notServiceAccounts',
]);
const l4Operation = new Set(['ports', 'notPorts']);
const clauses = new Set(['from', 'to', 'when']);
const l4Conditions = new Set([
  'source.ip',
  'source.namespace',
  'source.principal',
  'destination.ip',
  'destination.port',
]);

/** An empty list says nothing; anything else that stands there does, even if it is no list. */
function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);
}

function beyond(known: ReadonlySet<string>, part: Json): readonly string[] {
  return Object.keys(part)
    .filter((field) => !known.has(field) && isSet(part[field]))
    .map(shown);
}

/** The fields of a policy's rules that only a proxy that reads HTTP can evaluate, each named once, as they are shown. */
export function l7Fields(spec: Json): readonly string[] {
  const fields = records(spec['rules']).flatMap((rule) => [
    ...records(rule['from']).flatMap((from) => beyond(l4Source, record(from['source']))),
    ...records(rule['to']).flatMap((to) => beyond(l4Operation, record(to['operation']))),
    ...records(rule['when'])
      .map((condition) => text(condition['key']))
      .filter((key) => key === undefined || !l4Conditions.has(key))
      .map((key) => (key === undefined ? 'a condition without a key' : shown(key))),
    ...beyond(clauses, rule),
  ]);
  return [...new Set(fields)];
}

/** Every principal that a policy names, in `principals`, `notPrincipals` or a condition on `source.principal`. */
export function principals(spec: Json): readonly string[] {
  return records(spec['rules'])
    .flatMap((rule) => [
      ...records(rule['from']).flatMap((from) => {
        const source = record(from['source']);
        return [...list(source['principals']), ...list(source['notPrincipals'])];
      }),
      ...records(rule['when'])
        .filter((condition) => condition['key'] === 'source.principal')
        .flatMap((condition) => [...list(condition['values']), ...list(condition['notValues'])]),
    ])
    .filter((principal) => typeof principal === 'string');
}

/** Whether a policy looks at its callers: without an identity they are others to it. */
export const asksWhoCalls: (spec: Json) => boolean = memoize((spec: Json) => {
  return records(spec['rules']).some(
    (rule) =>
      records(rule['from']).length > 0 ||
      records(rule['when']).some((condition) => text(condition['key'])?.startsWith('source.') === true),
  );
});

/**
 * Fields about the connection of the caller. ztunnel opens one of its own to a sidecar, which shows neither his address
 * nor a server name.
 */
const ofConnection = ['ipBlocks', 'remoteIpBlocks'] as const;
const keysOfConnection: ReadonlySet<string> = new Set(['source.ip', 'remote.ip', 'connection.sni']);

/** What a policy asks for that cannot be seen: the connection, and what only the sidecar of a caller or its certificate brings. */
export type Asked = 'Connection' | 'ConnectionOrHeaders';

function isUnseenKey(key: string, asked: Asked): boolean {
  if (keysOfConnection.has(key)) return true;
  return asked === 'ConnectionOrHeaders' && proxyHeaderIn(key)?.unseenFromAmbient === true;
}

/** An address that nobody has: what asks for it holds nowhere, whatever a proxy sees. */
const nobody = '255.255.255.255/32';

/**
 * What holds of a connection that shows nothing: never what asks for something, always what asks that something is not
 * so.
 */
type Unseen = 'Never' | 'Always';

function unseenBy(values: unknown, notValues: unknown): readonly Unseen[] {
  return [...(isSet(values) ? ['Never' as const] : []), ...(isSet(notValues) ? ['Always' as const] : [])];
}

function unseenInSource(source: Json): readonly Unseen[] {
  return ofConnection.flatMap((field) =>
    unseenBy(source[field], source[`not${field.charAt(0).toUpperCase()}${field.slice(1)}`]),
  );
}

function asksForNobody(source: Json): boolean {
  return ofConnection.some(
    (field) => list(source[field]).length > 0 && list(source[field]).every((block) => block === nobody),
  );
}

/** Of each way in which a rule can hold: what becomes of it. One part that never holds decides for all. */
function unseenInRule(rule: Json, asked: Asked): readonly Unseen[] {
  const conditions = records(rule['when']).filter(({ key }) => isUnseenKey(text(key) ?? '', asked));
  const always = conditions.flatMap((condition) => unseenBy(condition['values'], condition['notValues']));
  const sources = records(rule['from']).map((from) => record(from['source']));
  return (sources.length === 0 ? [{}] : sources)
    .filter((source) => !asksForNobody(source))
    .flatMap((source) => {
      const parts = [...always, ...unseenInSource(source)];
      return parts.includes('Never') ? ['Never' as const] : parts.slice(0, 1);
    });
}

/**
 * What becomes of what a policy says of a caller whose connection a proxy does not see: `Opens` if something that it
 * refuses may get through, or is not asked an external authorizer about, else `Refuses`; undefined if it does not ask.
 */
export function withoutConnection(spec: Json, asked: Asked): 'Opens' | 'Refuses' | undefined {
  const action = text(spec['action']) ?? 'ALLOW';
  const found = action === 'AUDIT' ? [] : records(spec['rules']).flatMap((rule) => unseenInRule(rule, asked));
  if (found.length === 0) return undefined;
  return found.includes(action === 'ALLOW' ? 'Always' : 'Never') ? 'Opens' : 'Refuses';
}

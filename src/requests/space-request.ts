import { firstClass } from './classes.ts';
import type { Domains } from './boxes.ts';
import type { HttpFacts, Request, Token } from './semantics.ts';
import type { Dimension } from './space-facts.ts';

/** What a request has for the facts that nothing was decided about: invented, so that nobody is to be told of it. */
export const usual = {
  trustDomain: 'cluster.local',
  namespace: 'other',
  serviceAccount: 'other',
  sourceIp: '10.244.1.17',
  destinationIp: '10.244.2.9',
  host: 'other.example.com',
  method: 'GET',
  path: '/other',
  issuer: 'https://issuer.example.com',
  subject: 'other',
};

/** Names a fact: the value that was chosen for it, or the usual one. */
type Named = (name: keyof typeof usual) => string;

/** A concrete request from the classes that are left in each dimension: the most usual one of each. */
export function concreteRequest(dimensions: readonly Dimension[], domains: Domains): Request {
  const choices = dimensions.map((dimension, index) => choice(dimension, domains.get(index)));
  const named: Named = (name) => text(choices, name) ?? usual[name];
  const isSet = (name: string, otherwise: boolean): boolean =>
    choices.flatMap((one) => (one.kind === 'Flag' && one.name === name ? (one.chosen ?? []) : []))[0] ?? otherwise;
  const sni = text(choices, 'sni');
  const port = choices.find((one) => one.kind === 'Port')?.chosen;
  return {
    ...(isSet('identity', true)
      ? { identity: `${named('trustDomain')}/ns/${named('namespace')}/sa/${named('serviceAccount')}` }
      : {}),
    sourceIp: named('sourceIp'),
    remoteIp: text(choices, 'remoteIp') ?? named('sourceIp'),
    destinationIp: named('destinationIp'),
    workloadPort: port?.workload ?? 8080,
    ...(port?.service === undefined ? {} : { servicePort: port.service }),
    ...(sni === undefined ? {} : { sni }),
    ...(isSet('http', false) ? { http: httpFacts(choices, named, isSet('token', false)) } : {}),
    metadata: Object.fromEntries(
      choices.flatMap((one) =>
        one.kind === 'Shape' && one.chosen !== undefined ? [metadata(choices, one.name, one.chosen)] : [],
      ),
    ),
  };
}

/** A dimension with the class that was chosen in it. */
type Choice = {
  [K in Dimension['kind']]: Extract<Dimension, { kind: K }> & {
    readonly chosen: Extract<Dimension, { kind: K }>['classes'][number] | undefined;
  };
}[Dimension['kind']];

function choice(dimension: Dimension, domain: bigint | undefined): Choice {
  const chosen = dimension.classes[domain === undefined ? 0 : firstClass(domain)];
  return { ...dimension, chosen } as Choice;
}

function text(choices: readonly Choice[], name: string): string | undefined {
  for (const one of choices) {
    if (one.kind === 'Address' && one.name === name) return one.chosen;
    if (one.kind === 'Text' && one.name === name && one.chosen !== undefined)
      return one.chosen.open ? one.chosen.text + end(choices, name) : one.chosen.text;
  }
  return undefined;
}

function end(choices: readonly Choice[], name: string): string {
  return choices.flatMap((one) => (one.kind === 'End' && one.name === name ? (one.chosen ?? []) : [])).join('');
}

function httpFacts(choices: readonly Choice[], named: Named, hasToken: boolean): HttpFacts {
  const headers = choices.flatMap((one): readonly (readonly [string, string])[] => {
    const value = one.kind === 'Text' && one.name.startsWith('header ') ? text(choices, one.name) : undefined;
    return one.kind === 'Text' && value !== undefined ? [[after('header ', one.name), value]] : [];
  });
  const http = {
    host: named('host'),
    method: named('method'),
    path: named('path'),
    headers: Object.fromEntries(headers),
  };
  return hasToken ? { ...http, token: token(choices, named) } : http;
}

function token(choices: readonly Choice[], named: Named): Token {
  const names = new Set(
    choices.flatMap((one) => (one.kind === 'Member' && one.name.startsWith('claim ') ? [one.name] : [])),
  );
  const claims = [...names]
    .map((name) => [after('claim ', name), members(choices, name)] as const)
    .filter(([, values]) => values.length > 0);
  return { issuer: named('issuer'), subject: named('subject'), claims: Object.fromEntries(claims) };
}

function metadata(
  choices: readonly Choice[],
  name: string,
  shape: 'Text' | 'List',
): readonly [string, string | readonly string[]] {
  return [after('metadata ', name), shape === 'Text' ? (text(choices, name) ?? '') : members(choices, name)];
}

function members(choices: readonly Choice[], name: string): readonly string[] {
  return choices.flatMap((one) =>
    one.kind === 'Member' && one.name === name && one.chosen === true ? [one.member] : [],
  );
}

function after(prefix: string, name: string): string {
  return name.slice(prefix.length);
}

import { record, records, strings, text, type Json } from '../../json.ts';
import { hasFeature, type IstioVersion } from './istio-version.ts';
import type { Authorizer, Authorizers, PolicyOptions } from './options.ts';
import type { Protocol } from './protocol.ts';
import { proxyHeaderOf } from './proxy-headers.ts';
import type { AuthorizationPolicy } from './types.ts';

/*
 * The external authorizers that CUSTOM policies name: `meshConfig.extensionProviders` (istio/istio
 * pilot/pkg/security/authz/builder/extauthz.go, processExtensionProvider). What a CUSTOM policy matches is asked about only if istiod can
 * use its provider; otherwise it is refused.
 */

const kinds: readonly (readonly [field: string, authorizer: Authorizer])[] = [
  ['envoyExtAuthzHttp', 'Http'],
  ['envoyExtAuthzGrpc', 'Grpc'],
];

/**
 * The authorizers in a mesh configuration. That the Service of a provider exists is not looked at: where istiod does
 * not find it, it refuses as well, at sidecars and at waypoints alike.
 */
export function authorizersOf(meshConfig: Json, version: IstioVersion): Authorizers {
  const declared = records(meshConfig['extensionProviders']).flatMap(
    (provider): readonly (readonly [string, Authorizer])[] => {
      const found = kinds.find(([field]) => typeof provider[field] === 'object');
      if (found === undefined) return [];
      const [name, [field, authorizer]] = [text(provider['name']) ?? '', found];
      return [[name, isUsable(name, record(provider[field]), version) ? authorizer : 'Invalid']];
    },
  );
  // The second of a name spoils both: it takes the place of the first, with an error.
  return Object.fromEntries(
    declared.map(([name, authorizer], index) => [
      name,
      declared.findIndex(([other]) => other === name) === index ? authorizer : 'Invalid',
    ]),
  );
}

/**
 * Of each authorizer that asks for one by its full name, a header that only comes with the certificate or the sidecar
 * of a caller: it decides by that. What one for gRPC makes of all the headers that it gets nobody can tell.
 */
export function sentToAuthorizers(meshConfig: Json): Readonly<Record<string, string>> {
  return Object.fromEntries(
    records(meshConfig['extensionProviders']).flatMap(({ name, envoyExtAuthzHttp }) => {
      const { includeRequestHeadersInCheck, includeHeadersInCheck } = record(envoyExtAuthzHttp);
      const header = [includeRequestHeadersInCheck, includeHeadersInCheck]
        .flatMap(strings)
        .find((each) => proxyHeaderOf(each)?.unseenFromAmbient === true);
      return header === undefined ? [] : [[text(name) ?? '', header] as const];
    }),
  );
}

/** validateProviderName: names stand in the metadata by which the filter knows whom to ask. */
const usableName = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

function isUsable(name: string, { service = '', port, pathPrefix = '' }: Json, version: IstioVersion): boolean {
  const isNamed = name !== '' && (!hasFeature(version, 'authorizerNames') || usableName.test(name));
  const isPort = Number.isInteger(Number(port)) && Number(port) >= 1 && Number(port) <= 65_535;
  return isNamed && isPort && service !== '' && (pathPrefix === '' || text(pathPrefix)?.startsWith('/') === true);
}

/** What becomes of the requests that a CUSTOM policy matches. */
export type CustomUse =
  /** The authorizer decides. */
  | 'Asked'
  /** istiod cannot use the provider, and refuses them (getBadCustomDenyRules in builder.go). */
  | 'Refused'
  /** An authorizer for HTTP has no part in TCP (buildTCP in builder.go). */
  | 'Ignored';

/**
 * What becomes of the requests that a CUSTOM policy matches, as the only one. Where the mesh configuration is not known
 * every provider is taken to work.
 */
export function customUse(
  { provider = '' }: Pick<AuthorizationPolicy, 'provider'>,
  protocol: Protocol,
  { authorizers }: PolicyOptions,
): CustomUse {
  if (authorizers === undefined) return 'Asked';
  const authorizer = Object.hasOwn(authorizers, provider) ? authorizers[provider] : undefined;
  switch (authorizer) {
    case undefined:
    case 'Invalid':
      return 'Refused';
    case 'Grpc':
      return 'Asked';
    case 'Http':
      return protocol === 'http' ? 'Asked' : 'Ignored';
  }
}

/** The providers of the CUSTOM policies among these, each once; a dry run counts. */
export function providersOf(policies: readonly AuthorizationPolicy[]): readonly string[] {
  return [...new Set(policies.filter(({ action }) => action === 'CUSTOM').map(({ provider = '' }) => provider))].sort();
}

/**
 * The options by which a proxy reads these policies together: with CUSTOM policies of more than one provider istiod
 * refuses what any of them matches (buildHTTP; before 1.30 getExtAuthz). Since 1.30 istiod has a setting against it,
 * PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS, which cannot be seen from outside and is taken to be off, as it is by
 * default.
 */
export function optionsFor(policies: readonly AuthorizationPolicy[], options: PolicyOptions): PolicyOptions {
  return providersOf(policies).length > 1 ? { ...options, authorizers: {} } : options;
}

import { shown } from '../base/shown.ts';
import type { HttpFacts, Request } from './semantics.ts';
import { usual } from './space-request.ts';

/** Who calls: an identity that no policy names is none that anybody has. */
function callerOf({ identity, sourceIp }: Request): string {
  if (identity === undefined) return sourceIp === usual.sourceIp ? 'plaintext' : `plaintext from ${shown(sourceIp)}`;
  return identity.endsWith(`/ns/${usual.namespace}/sa/${usual.serviceAccount}`)
    ? 'a caller that no policy names'
    : shown(identity);
}

/** What is asked for, by what policies name of it. */
function requestOf({ method, host, path }: HttpFacts): string {
  const known = `${host === usual.host ? '' : host}${path === usual.path ? '' : path}`;
  const what = known === '' ? shown(method) : `${shown(method)} ${shown(known)}`;
  return path === usual.path ? `${what} on a path that no policy names` : what;
}

/**
 * The request in one line. It is made of the values of policies, which are whatever their authors wrote; what was only
 * invented for it is left out, because it would be looked for. Values of headers are left out: shared keys stand there,
 * and whoever reads a status need not be who may read policies.
 */
export function describe(request: Request): string {
  const { http, servicePort, workloadPort } = request;
  const parts = [
    callerOf(request),
    ...(http ? [requestOf(http), ...Object.keys(http.headers).map((name) => `${shown(name)}: …`)] : []),
    ...(http?.token ? [`token of ${shown(http.token.subject)} from ${shown(http.token.issuer)}`] : []),
    servicePort === undefined ? `port ${workloadPort}` : `Service port ${servicePort}, container port ${workloadPort}`,
  ];
  return parts.join(', ');
}

import { shown } from '../base/shown.ts';
import type { Request } from './semantics.ts';

/**
 * The request in one line. It is made of the values of policies, which are whatever their authors wrote. Those of
 * headers are left out: shared keys stand there, and whoever reads a status need not be who may read policies.
 */
export function describe(request: Request): string {
  const { identity, http, servicePort, workloadPort, sourceIp } = request;
  const parts = [
    identity === undefined ? `plaintext from ${shown(sourceIp)}` : shown(identity),
    ...(http
      ? [
          `${shown(http.method)} ${shown(`${http.host}${http.path}`)}`,
          ...Object.keys(http.headers).map((name) => `${shown(name)}: …`),
        ]
      : []),
    ...(http?.token ? [`token of ${shown(http.token.subject)} from ${shown(http.token.issuer)}`] : []),
    servicePort === undefined ? `port ${workloadPort}` : `Service port ${servicePort}, container port ${workloadPort}`,
  ];
  return parts.join(', ');
}

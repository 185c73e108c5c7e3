import type { Request } from './semantics.ts';

/** The request in one line. */
export function describe(request: Request): string {
  const { identity, http, servicePort, workloadPort, sourceIp } = request;
  const parts = [
    identity ?? `plaintext from ${sourceIp}`,
    ...(http
      ? [
          `${http.method} ${http.host}${http.path}`,
          ...Object.entries(http.headers).map(([name, value]) => `${name}: ${value}`),
        ]
      : []),
    ...(http?.token ? [`token of ${http.token.subject} from ${http.token.issuer}`] : []),
    servicePort === undefined ? `port ${workloadPort}` : `Service port ${servicePort}, container port ${workloadPort}`,
  ];
  return parts.join(', ');
}

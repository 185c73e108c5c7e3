import type { HttpRequest, HttpResponse } from '../../../src/kube/transport.ts';
import { parseJson } from './decode.ts';
import { aggregatedDiscovery, coreVersions, groupOf, groupList, resourceList } from './discovery.ts';
import { pathNotFound } from './errors.ts';
import { replyJson, replyText } from './http-reply.ts';
import { openapiDocument, openapiIndex } from './openapi.ts';
import type { RequestInfo } from './request-info.ts';
import type { ServerState } from './server-state.ts';

/** The version that the model follows. */
const version = {
  major: '1',
  minor: '36',
  gitVersion: 'v1.36.3',
  gitCommit: 'simulated',
  gitTreeState: 'clean',
  buildDate: '2026-08-12T00:00:00Z',
  goVersion: 'go1.26',
  compiler: 'gc',
  platform: 'linux/amd64',
};

const healthPaths: readonly string[] = ['/healthz', '/livez', '/readyz'];

/** Access reviews: everybody may do everything in the model. */
const reviews: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  selfsubjectaccessreviews: { allowed: true },
  subjectaccessreviews: { allowed: true },
  selfsubjectrulesreviews: {
    resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
    nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
    incomplete: false,
  },
};

function review(request: HttpRequest, plural: string): HttpResponse | undefined {
  const status = reviews[plural];
  if (status === undefined || request.method !== 'POST') return undefined;
  return replyJson(201, { ...parseJson(request.body ?? ''), status });
}

function found(value: unknown): HttpResponse {
  if (value === undefined) throw pathNotFound();
  return replyJson(200, value);
}

function discovery(state: ServerState, request: HttpRequest, path: string): HttpResponse | undefined {
  const accept = request.headers['accept'] ?? '';
  const parts = path.split('/').slice(1);
  if (parts[0] === 'api' || parts[0] === 'apis') {
    const core = parts[0] === 'api';
    const aggregated = accept.includes('as=APIGroupDiscoveryList') && accept.includes('v=v2');
    if (parts.length === 1) {
      if (!aggregated) return replyJson(200, core ? coreVersions() : groupList(state.registry));
      return replyJson(200, aggregatedDiscovery(state.registry, core), {
        'content-type': 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
      });
    }
    if (core && parts.length === 2) return found(resourceList(state.registry, '', parts[1] ?? ''));
    if (!core && parts.length === 2) return found(groupOf(state.registry, parts[1] ?? ''));
    if (!core && parts.length === 3) return found(resourceList(state.registry, parts[1] ?? '', parts[2] ?? ''));
  }
  if (path === '/openapi/v3') return replyJson(200, openapiIndex(state.registry));
  if (path.startsWith('/openapi/v3/')) return found(openapiDocument(state.registry, path.slice('/openapi/v3/'.length)));
  return undefined;
}

/** Answers what is not about a stored resource; undefined for everything else. */
export function handleNonResource(
  state: ServerState,
  request: HttpRequest,
  info: RequestInfo,
): HttpResponse | undefined {
  const { path, target } = info;
  if (target !== undefined && ['authorization.k8s.io'].includes(target.group)) return review(request, target.plural);
  if (request.method !== 'GET') return undefined;
  if (healthPaths.some((health) => path === health || path.startsWith(`${health}/`))) return replyText(200, 'ok');
  if (path === '/version') return replyJson(200, version);
  return discovery(state, request, path);
}

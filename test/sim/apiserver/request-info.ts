/** What a URL says, before anybody has looked whether it exists (apiserver RequestInfo). */
export interface RequestInfo {
  readonly path: string;
  readonly query: URLSearchParams;
  /** Undefined for paths that are not about a resource, such as `/version`. */
  readonly target: ResourcePath | undefined;
}

/** The parts of a resource path. */
export interface ResourcePath {
  readonly group: string;
  readonly version: string;
  readonly namespace: string | undefined;
  readonly plural: string;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

/** Subresources of a namespace itself; any other third part is a resource inside it. */
const namespaceSubresources: readonly string[] = ['status', 'finalize'];

function resourcePath(parts: readonly string[]): ResourcePath | undefined {
  const core = parts[0] === 'api';
  if (!core && parts[0] !== 'apis') return undefined;
  const group = core ? '' : (parts[1] ?? '');
  const version = (core ? parts[1] : parts[2]) ?? '';
  const rest = parts.slice(core ? 2 : 3);
  const [first, second, third, fourth, fifth] = rest;
  if (first === undefined) return undefined;
  const inNamespace = first === 'namespaces' && third !== undefined && !namespaceSubresources.includes(third);
  return inNamespace
    ? { group, version, namespace: second, plural: third, name: fourth, subresource: fifth }
    : { group, version, namespace: undefined, plural: first, name: second, subresource: third };
}

/** Splits the path and query of a request. */
export function parseRequest(pathAndQuery: string): RequestInfo {
  const mark = pathAndQuery.indexOf('?');
  const path = mark === -1 ? pathAndQuery : pathAndQuery.slice(0, mark);
  const parts = path
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  return {
    path: `/${parts.join('/')}`,
    query: new URLSearchParams(mark === -1 ? '' : pathAndQuery.slice(mark + 1)),
    target: resourcePath(parts),
  };
}

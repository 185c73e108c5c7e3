import { apiVersionOf, pathOf, type KubeObject, type Resource } from '../../../src/api/object.ts';
import { readText, type HttpRequest, type Transport } from '../../../src/kube/transport.ts';

/** What the API server answered. */
export interface Reply {
  readonly code: number;
  readonly message: string;
  readonly object: KubeObject;
}

/** An object whose status somebody edits. */
export interface Target {
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly name: string;
}

/** One way to change a status: everything that an HTTP client can send. */
export interface Verb {
  readonly name: string;
  readonly edit: (
    transport: Transport,
    target: Target,
    key: string,
    value: unknown,
    signal: AbortSignal,
  ) => Promise<Reply>;
}

const types = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
  put: 'application/json',
} as const;

/** Sends one request; an answer that says no is an answer. */
export async function send(
  transport: Transport,
  method: HttpRequest['method'],
  path: string,
  type: keyof typeof types,
  body: unknown,
  signal: AbortSignal,
): Promise<Reply> {
  const headers = { 'content-type': types[type], accept: 'application/json' };
  const response = await transport.send({
    method,
    path,
    headers,
    signal,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const object = JSON.parse(await readText(response)) as KubeObject;
  const { message } = object as { readonly message?: string };
  return { code: response.status, message: message ?? '', object };
}

/** Where the status of the target is written. */
export function statusPath({ resource, namespace, name }: Target): string {
  return `${pathOf(resource, namespace, name)}/status`;
}

async function put(
  transport: Transport,
  target: Target,
  signal: AbortSignal,
  change: (status: Record<string, unknown>) => void,
): Promise<Reply> {
  const path = statusPath(target);
  for (;;) {
    const { object } = await send(transport, 'GET', path, 'put', undefined, signal);
    const status = { ...(object['status'] as Record<string, unknown> | undefined) };
    change(status);
    const reply = await send(transport, 'PUT', path, 'put', { ...object, status }, signal);
    if (reply.code !== 409) return reply; // the operator may have written in between
  }
}

/** Verbs that set a key. */
export const setters: readonly Verb[] = [
  {
    name: 'merge patch',
    edit: async (transport, target, key, value, signal) =>
      await send(transport, 'PATCH', statusPath(target), 'merge', { status: { [key]: value } }, signal),
  },
  {
    name: 'JSON patch',
    edit: async (transport, target, key, value, signal) =>
      await send(
        transport,
        'PATCH',
        statusPath(target),
        'json',
        [{ op: 'add', path: `/status/${key}`, value }],
        signal,
      ),
  },
  {
    name: 'PUT',
    edit: async (transport, target, key, value, signal) =>
      await put(transport, target, signal, (status) => {
        status[key] = value;
      }),
  },
  {
    name: 'server-side apply',
    async edit(transport, target, key, value, signal) {
      const { resource, name, namespace } = target;
      const body = {
        apiVersion: apiVersionOf(resource),
        kind: resource.kind,
        metadata: { name, namespace },
        status: { [key]: value },
      };
      return await send(
        transport,
        'PATCH',
        `${statusPath(target)}?fieldManager=somebody&force=true`,
        'apply',
        body,
        signal,
      );
    },
  },
];

/** Verbs that take a key away; the value is not looked at. */
export const removers: readonly Verb[] = [
  {
    name: 'null',
    edit: async (transport, target, key, _value, signal) =>
      await send(transport, 'PATCH', statusPath(target), 'merge', { status: { [key]: null } }, signal),
  },
  {
    name: 'JSON patch remove',
    edit: async (transport, target, key, _value, signal) =>
      await send(transport, 'PATCH', statusPath(target), 'json', [{ op: 'remove', path: `/status/${key}` }], signal),
  },
  {
    name: 'PUT without',
    edit: async (transport, target, key, _value, signal) =>
      await put(transport, target, signal, (status) => {
        Reflect.deleteProperty(status, key);
      }),
  },
];

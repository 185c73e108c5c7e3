import type { HttpRequest, Transport } from '../../../src/kube/transport.ts';
import { readText } from '../../../src/kube/transport.ts';
import { VirtualClock } from '../virtual-clock.ts';
import { asObject, isObject, type JsonObject } from './json.ts';
import { SimApiServer } from './sim-api-server.ts';

/** An answer, its JSON parsed. */
export interface Answer {
  readonly status: number;
  readonly body: JsonObject;
  readonly headers: Readonly<Record<string, string>>;
}

/** One line of a watch. */
export interface WatchLine {
  readonly type: string;
  readonly object: JsonObject;
}

/** An open watch: what has arrived so far. */
export interface OpenWatch {
  readonly lines: readonly WatchLine[];
  readonly status: number;
  /** `ended`, the error that broke it, or undefined while it is open. */
  outcome(): 'ended' | Error | undefined;
  stop(): void;
}

const patchTypes = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

/** A client for tests: short calls, parsed answers. */
export class TestClient {
  readonly transport: Transport;
  private readonly clock: VirtualClock;

  constructor(transport: Transport, clock: VirtualClock) {
    this.transport = transport;
    this.clock = clock;
  }

  async call(
    method: HttpRequest['method'],
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const response = await this.transport.send({
      method,
      path,
      headers: { 'user-agent': 'tester/1.0', 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      signal: new AbortController().signal,
    });
    const text = await readText(response);
    const parsed: unknown = text.startsWith('{') ? JSON.parse(text) : { text };
    return { status: response.status, body: asObject(parsed), headers: response.headers };
  }

  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Answer> {
    return this.call('GET', path, undefined, headers);
  }

  post(path: string, body: unknown): Promise<Answer> {
    return this.call('POST', path, body);
  }

  patch(kind: keyof typeof patchTypes, path: string, body: unknown): Promise<Answer> {
    return this.call('PATCH', path, body, { 'content-type': patchTypes[kind] });
  }

  /** Opens a watch and waits until its first events have arrived. */
  async watch(path: string, headers: Readonly<Record<string, string>> = {}): Promise<OpenWatch> {
    const abort = new AbortController();
    const lines: WatchLine[] = [];
    let outcome: 'ended' | Error | undefined;
    const response = await this.transport.send({ method: 'GET', path, headers, signal: abort.signal });
    const read = async (): Promise<void> => {
      let rest = '';
      for await (const piece of response.body) {
        const parts = (rest + piece).split('\n');
        rest = parts.pop() ?? '';
        for (const part of parts) lines.push(JSON.parse(part) as WatchLine);
      }
    };
    read().then(
      () => {
        outcome = 'ended';
      },
      (error: unknown) => {
        outcome = error instanceof Error ? error : new Error(String(error));
      },
    );
    await this.clock.idle();
    return {
      lines,
      status: response.status,
      outcome: () => outcome,
      stop: () => {
        abort.abort(new Error('stopped'));
      },
    };
  }
}

/** A server on a virtual clock with a namespace `shop`, and a client for it. */
export async function startTestServer(): Promise<{
  readonly clock: VirtualClock;
  readonly server: SimApiServer;
  readonly client: TestClient;
}> {
  const clock = new VirtualClock();
  const server = new SimApiServer({ clock });
  const client = new TestClient(server.transport(), clock);
  await client.post('/api/v1/namespaces', { metadata: { name: 'shop' } });
  return { clock, server, client };
}

/** A minimal Deployment. */
export function deployment(name: string, labels: Readonly<Record<string, string>> = { app: name }): JsonObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels },
    spec: {
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'app', image: 'nginx:1' }] } },
    },
  };
}

/** A minimal pod. */
export function pod(name: string, labels: Readonly<Record<string, string>> = { app: name }): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels },
    spec: { containers: [{ name: 'app', image: 'nginx:1' }] },
  };
}

/** A ConfigMap with one entry. */
export function configMap(name: string, value = '1', labels: Readonly<Record<string, string>> = {}): JsonObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels }, data: { value } };
}

/** A definition of the kind Widget with a schema for its spec. */
export function widgetDefinition(spec: JsonObject, more: JsonObject = {}): JsonObject {
  const schema = {
    type: 'object',
    properties: {
      spec: { type: 'object', ...spec },
      status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    },
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { kind: 'Widget', plural: 'widgets', shortNames: ['wd'] },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: { openAPIV3Schema: schema },
          ...more,
        },
      ],
    },
  };
}

/** A Widget with a spec. */
export function widget(name: string, spec: JsonObject): JsonObject {
  return { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name }, spec };
}

/** The member at a path of names and indices of an answer. */
export function dig(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce((current, key) => {
    if (Array.isArray(current)) return (current as readonly unknown[])[Number(key)];
    return isObject(current) ? current[String(key)] : undefined;
  }, value);
}

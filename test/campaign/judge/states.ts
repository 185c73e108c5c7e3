import type { KubeObject, Resource } from '../../../src/api/object.ts';
import { kinds } from '../../scenarios/manifests.ts';
import { meshMigrations, namespaceMigrations } from '../../../src/api/resources.ts';

/** Kinds whose every committed state is judged. */
export const judgedKinds = {
  Namespace: kinds.Namespace,
  Pod: kinds.Pod,
  Service: kinds.Service,
  Deployment: kinds.Deployment,
  StatefulSet: kinds.StatefulSet,
  DaemonSet: kinds.DaemonSet,
  AuthorizationPolicy: kinds.AuthorizationPolicy,
  PeerAuthentication: kinds.PeerAuthentication,
  Gateway: kinds.Gateway,
  ConfigMap: kinds.ConfigMap,
  MeshMigration: meshMigrations,
  NamespaceMigration: namespaceMigrations,
} as const;

export type JudgedKind = keyof typeof judgedKinds;

/** One committed change of an object. */
export interface Committed {
  readonly kind: JudgedKind;
  readonly key: string;
  readonly before: KubeObject | undefined;
  /** Undefined when it was deleted. */
  readonly after: KubeObject | undefined;
}

/** Who asked for a change: the operator, a person, or a controller of the cluster. */
export type Writer = 'Operator' | 'Person';

/** Where the states come from: the simulated API server as it commits them, or what was recorded of a real one. */
export interface Commits {
  /** Tells of what is there, at once, and of each change of the kind from then on. */
  watch(
    resource: Resource,
    handler: (event: { readonly type: string; readonly object: KubeObject }) => void,
  ): () => void;
  /** Tells of each request after what it has changed; `user` is `operator` where it was that. */
  audit(auditor: (request: Request) => void): () => void;
}

/** A request that was answered. */
export interface Request {
  readonly user: string;
  readonly method: string;
  readonly path: string;
  readonly body: string | undefined;
  readonly status: number;
}

/** Hears of every change of the judged kinds in the order of their commits, and who asked for it over HTTP. */
export interface Audience {
  committed(change: Committed): void;
  written(change: Committed, by: Writer): void;
}

/** All objects of the judged kinds as they are now. */
export class States {
  readonly #objects = new Map<JudgedKind, Map<string, KubeObject>>();
  readonly #stops: (() => void)[] = [];
  /** Changes that nobody was found for yet. */
  #recent: Committed[] = [];

  constructor(commits: Commits, audience: Audience) {
    for (const kind of Object.keys(judgedKinds) as JudgedKind[]) {
      const objects = new Map<string, KubeObject>();
      this.#objects.set(kind, objects);
      this.#stops.push(
        commits.watch(judgedKinds[kind], ({ type, object }) => {
          const key = keyOf(object);
          const change: Committed = {
            kind,
            key,
            before: objects.get(key),
            after: type === 'DELETED' ? undefined : object,
          };
          if (change.after === undefined) objects.delete(key);
          else objects.set(key, change.after);
          this.#recent.push(change);
          audience.committed(change);
        }),
      );
    }
    this.#stops.push(
      commits.audit(({ user, method, path, body, status }) => {
        const recent = this.#recent;
        this.#recent = [];
        if (method === 'GET' || status >= 300) return;
        const change = recent.findLast((each) => isAbout(path, body, each));
        if (change !== undefined) audience.written(change, user === 'operator' ? 'Operator' : 'Person');
      }),
    );
  }

  all(kind: JudgedKind, namespace?: string): readonly KubeObject[] {
    const found = [...(this.#objects.get(kind)?.values() ?? [])];
    return namespace === undefined ? found : found.filter(({ metadata }) => metadata.namespace === namespace);
  }

  get(kind: JudgedKind, namespace: string | undefined, name: string): KubeObject | undefined {
    return this.#objects.get(kind)?.get(namespace === undefined ? name : `${namespace}/${name}`);
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }
}

function keyOf({ metadata: { namespace, name } }: KubeObject): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** Whether a request was about the object: by the path, or for a create by the collection and the name in the body. */
function isAbout(path: string, body: string | undefined, { kind, key }: Committed): boolean {
  const [namespace, name] = key.includes('/') ? (key.split('/') as [string, string]) : [undefined, key];
  const { plural } = judgedKinds[kind];
  const collection = `${namespace === undefined ? '' : `/namespaces/${namespace}`}/${plural}`;
  const [clean = ''] = path.split('?');
  if (clean.includes(`${collection}/${name}`)) return true;
  return clean.endsWith(collection) && (body ?? '').includes(`"name":"${name}"`);
}

import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../../src/api/object.ts';
import { objectsOf } from '../../campaign/stage.ts';
import type { KeyChange } from './etcd.ts';
import { stageFor } from './stage.ts';
import { verdictOn } from './verdict.ts';
import type { Written } from './written.ts';

const stage = stageFor('move', { http: 'shop', plain: 'books', stays: 'office' });

/** Where the API server keeps a kind, and under which group. */
const places: Readonly<Record<string, readonly [apiVersion: string, folder: string, plural: string]>> = {
  Namespace: ['v1', 'namespaces', 'namespaces'],
  Pod: ['v1', 'pods', 'pods'],
  Service: ['v1', 'services/specs', 'services'],
  ServiceAccount: ['v1', 'serviceaccounts', 'serviceaccounts'],
  Deployment: ['apps/v1', 'deployments', 'deployments'],
  StatefulSet: ['apps/v1', 'statefulsets', 'statefulsets'],
  AuthorizationPolicy: ['security.istio.io/v1', 'security.istio.io/authorizationpolicies', 'authorizationpolicies'],
  PeerAuthentication: ['security.istio.io/v1', 'security.istio.io/peerauthentications', 'peerauthentications'],
  MeshMigration: ['meshmigration.dev/v1alpha1', 'meshmigration.dev/meshmigrations', 'meshmigrations'],
};

function pathOf({ kind = '', metadata: { namespace, name } }: KubeObject): string {
  return `${namespace === undefined ? '' : `${namespace}/`}${name} ${kind}`;
}

/** An object as it is stored, with what an API server and istiod add to it. */
function stored(object: KubeObject): string {
  const { kind = '', metadata } = object;
  const [apiVersion = ''] = places[kind] ?? [];
  const inForce = { conditions: [{ type: 'ZtunnelAccepted', status: 'True', observedGeneration: 1 }] };
  const status = kind === 'AuthorizationPolicy' ? { status: inForce } : {};
  return JSON.stringify({
    apiVersion,
    ...object,
    ...status,
    metadata: { ...metadata, uid: pathOf(object), generation: 1 },
  });
}

function keyOf({ kind = '', metadata: { namespace, name } }: KubeObject): string {
  const [, folder = ''] = places[kind] ?? [];
  return `/registry/${folder}/${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

/** A history, commit by commit; `by` says that the operator has made one. */
class Told {
  readonly changes: KeyChange[] = [];
  readonly written: Written[] = [];

  put(after: KubeObject, before?: KubeObject, by?: 'Operator'): this {
    return this.#add(after, { value: stored(after), ...(before && { before: stored(before) }) }, by);
  }

  take(before: KubeObject, by?: 'Operator'): this {
    return this.#add(before, { before: stored(before) }, by);
  }

  #add(object: KubeObject, states: Pick<KeyChange, 'value' | 'before'>, by?: 'Operator'): this {
    const revision = 100 + this.changes.length;
    const { kind = '', metadata } = object;
    const home = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
    const target = `/apis/any/v1${home}/${places[kind]?.[2] ?? ''}/${metadata.name}`;
    const method = states.value === undefined ? 'DELETE' : 'PATCH';
    this.changes.push({ revision, at: revision * 10, key: keyOf(object), ...states });
    if (by !== undefined)
      this.written.push({ method, target, sentAt: revision * 10 - 1, answer: { status: 200, revision } });
    return this;
  }
}

function pod(
  home: string,
  app: string,
  metadata: object = {},
  containers: readonly string[] = ['istio-proxy'],
): KubeObject {
  return {
    kind: 'Pod',
    metadata: { name: `${app}-1`, namespace: home, labels: { app }, ...metadata },
    spec: { serviceAccountName: app, containers: ['app', ...containers].map((name) => ({ name })) },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  };
}

const homes = stage.homes.flatMap(objectsOf);
const pods = stage.homes.flatMap(({ name, apps }) => apps.map((app) => pod(name, app.name)));
const base = [...homes, ...pods].map((object, index): KeyChange => ({
  revision: index + 1,
  at: 0,
  key: keyOf(object),
  value: stored(object),
}));

function find(kind: string, name: string, namespace?: string): KubeObject {
  const found = homes.find(
    (each) => each.kind === kind && each.metadata.name === name && each.metadata.namespace === namespace,
  );
  if (found === undefined) throw new RangeError(`no ${kind} ${name}`);
  return found;
}

function labelled(object: KubeObject, labels: Readonly<Record<string, string>>, annotations = {}): KubeObject {
  return { ...object, metadata: { ...object.metadata, labels, annotations } };
}

/** The first words of what is said of a history that begins with a MeshMigration. */
async function said(tell: (told: Told) => Told): Promise<readonly string[]> {
  const { changes, written } = tell(new Told().put(stage.migration));
  const { violations } = await verdictOn({ base, changes }, written, stage);
  return violations.map(({ what }) => what);
}

const shop = find('Namespace', 'shop');
const journal = { 'meshmigration.dev/journal': '{"direction":"Forward","migration":"move"}' };
const deny = find('AuthorizationPolicy', 'no-deletes', 'shop');
const office = find('Namespace', 'office');
const web = pod('shop', 'web');
const db = pod('books', 'db');

describe('the judge of a recorded history', () => {
  it('says nothing of a namespace that gets a journal, is moved, and is as it was again', async () => {
    const { 'istio-injection': _was, ...others } = shop.metadata.labels ?? {};
    const ambient = labelled(shop, { ...others, 'istio.io/dataplane-mode': 'ambient' }, journal);
    const begun = labelled(shop, shop.metadata.labels ?? {}, journal);
    const tell = (told: Told): Told =>
      told
        .put(begun, shop, 'Operator')
        .put(ambient, begun, 'Operator')
        .put(begun, ambient, 'Operator')
        .put(shop, begun, 'Operator');
    expect(await said(tell)).toEqual([]);
  });

  it('sees a pod that is Ready in no mesh', async () => {
    expect(await said((told) => told.put(pod('shop', 'web', {}, []), web))).toContain(
      'B: pod shop/web-1 is Ready and in no mesh',
    );
  });

  it('sees labels that ask for no data plane, but only if the operator wrote them', async () => {
    const bare = labelled(shop, {}, journal);
    const says = 'A: the labels of shop ask for no data plane';
    expect(await said((told) => told.put(bare, shop, 'Operator'))).toContain(says);
    expect(await said((told) => told.put(bare, shop))).not.toContain(says);
  });

  it('sees what was refused and gets through', async () => {
    const all = await said((told) => told.put(pod('books', 'db', {}, []), db));
    expect(all).toContainEqual(expect.stringMatching(/^E: GET \/ from Sidecar shop\/api to .* None books\/db gets/));
  });

  it('sees a policy of somebody that the operator deletes', async () => {
    expect(await said((told) => told.take(deny, 'Operator'))).toContain(
      'Others: AuthorizationPolicy shop/no-deletes: deleted although it is not ours',
    );
  });

  it('sees what the operator writes where it has nothing to do', async () => {
    expect(await said((told) => told.put(labelled(office, { a: 'b' }), office, 'Operator'))).toContain(
      'Scope: the operator wrote Namespace office, which was never in scope',
    );
  });

  it('sees what is not as it was in the end', async () => {
    const all = await said((told) => told.put(labelled(shop, { 'istio-injection': 'disabled' }, journal), shop));
    expect(all).toContainEqual(expect.stringMatching(/^F: Namespace shop is not as it was: /));
  });

  it('takes a write for the operator’s that has no answer, and no other', async () => {
    const bare = labelled(shop, {}, journal);
    const { changes, written } = new Told().put(stage.migration).put(bare, shop, 'Operator');
    const [first] = written.map(({ answer: _lost, ...rest }) => rest);
    if (first === undefined) throw new Error('nothing was written');
    const judged = async (each: Written): Promise<readonly string[]> =>
      (await verdictOn({ base, changes }, [each], stage)).violations.map(({ what }) => what);
    const says = 'A: the labels of shop ask for no data plane';
    expect(await judged(first)).toContain(says);
    expect(await judged({ ...first, answer: { status: 503 } })).toContain(says);
    expect(await judged({ ...first, answer: { status: 409 } })).not.toContain(says);
    expect(await judged({ ...first, answer: { status: 200, revision: 7 } })).not.toContain(says);
    expect(await judged({ ...first, target: '/api/v1/namespaces/books' })).not.toContain(says);
  });

  it('does not read what is not stored as JSON', async () => {
    const changes: KeyChange[] = [{ revision: 100, at: 1, key: '/registry/namespaces/shop', value: 'k8s\0' }];
    await expect(verdictOn({ base, changes }, [], stage)).rejects.toThrow('is not stored as JSON');
  });
});

import assert from 'node:assert/strict';
import { meshMigrations, namespaceMigrations } from '../../src/api/resources.ts';
import type { Resource } from '../../src/api/object.ts';
import type { JsonPatchOperation } from '../../src/kube/client.ts';
import { NotFoundError } from '../../src/kube/errors.ts';
import { kinds } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';

/** The kinds by the names that commands use: short ones, and the full ones that no other kind can have. */
const resources: Readonly<Record<string, Resource>> = {
  mm: meshMigrations,
  nsm: namespaceMigrations,
  pods: kinds.Pod,
  namespace: kinds.Namespace,
  service: kinds.Service,
  ...Object.fromEntries(
    Object.values(kinds).map((kind: Resource) => [
      kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`,
      kind,
    ]),
  ),
};

/** The words of a command line; what is in single quotes is one, as for a shell. */
export function words(line: string): readonly string[] {
  return [...line.matchAll(/(?:'[^']*'|[^\s'])+/g)].map(([word]) => word.replaceAll("'", ''));
}

/** The command lines in a message, in their order. Each ends with a semicolon, or with the message. */
export function commandsIn(message: string): readonly string[] {
  return [...message.matchAll(/(?<=: )kubectl (?:'[^']*'|[^;'])+/g)].map(([line]) => line);
}

/**
 * What a message says is to be done by hand, in its order: command lines, `wait a minute`, and which workloads are to be
 * restarted one after the other.
 */
export function instructionsIn(message: string): readonly string[] {
  const each = /(?<=[:;] )(?:wait a minute|restart the workloads in this order[^;.]+|kubectl (?:'[^']*'|[^;'])+)/g;
  return [...message.matchAll(each)].map(([line]) => line);
}

/** A command line taken apart. */
interface Parsed {
  readonly verb: string;
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly names: readonly string[];
  /** What is to be changed: `key=value` or `key-`. */
  readonly changes: Readonly<Record<string, string | null>>;
  readonly flag: (name: string) => string | undefined;
}

const withValue: readonly string[] = ['-n', '-l', '-o', '-p'];

function parse(line: string): Parsed {
  const [program, verb = '', kind = '', ...rest] = words(line);
  const flags = new Map<string, string>();
  const plain: string[] = [];
  for (let at = 0; at < rest.length; at += 1) {
    const word = rest[at] ?? '';
    if (withValue.includes(word)) flags.set(word, rest[(at += 1)] ?? '');
    else if (word.startsWith('-') && word.length > 1 && !/^[^=]+-$/.test(word))
      flags.set(word.split('=')[0] ?? '', word.split('=')[1] ?? '');
    else plain.push(word);
  }
  const resource = resources[kind];
  assert.ok(program === 'kubectl' && resource !== undefined, `not understood: ${line}`);
  const isChange = (word: string): boolean => /=|-$/.test(word);
  const changes = Object.fromEntries(
    plain
      .filter(isChange)
      .map((word) => (word.endsWith('-') ? [word.slice(0, -1), null] : (word.split('=') as [string, string]))),
  );
  return {
    verb,
    resource,
    namespace: flags.get('-n'),
    names: plain.filter((word) => !isChange(word)),
    changes,
    flag: (each) => flags.get(each),
  };
}

async function patch(world: World, { resource, namespace, names: [name = ''], flag }: Parsed): Promise<void> {
  if (flag('--type') === 'json') {
    const operations = JSON.parse(flag('-p') ?? '') as readonly JsonPatchOperation[];
    await world.client.jsonPatch(resource, namespace, name, operations, { signal: world.signal });
    return;
  }
  assert.equal(flag('--type'), 'merge');
  const body = JSON.parse(flag('-p') ?? '') as Readonly<Record<string, unknown>>;
  const subresource = flag('--subresource');
  assert.ok(subresource === undefined || subresource === 'status');
  await world.client.mergePatch(resource, namespace, name, body, {
    signal: world.signal,
    ...(subresource !== undefined && { subresource: 'status' }),
  });
}

/** `kubectl label` and `kubectl annotate`. */
function change(field: 'labels' | 'annotations'): (world: World, parsed: Parsed) => Promise<void> {
  return async (world, { resource, namespace, names, changes }) => {
    assert.ok(names.length > 0 && Object.keys(changes).length > 0);
    for (const name of names)
      await world.client.mergePatch(
        resource,
        namespace,
        name,
        { metadata: { [field]: changes } },
        { signal: world.signal },
      );
  };
}

async function remove(world: World, { resource, namespace, names, flag }: Parsed): Promise<void> {
  assert.ok(names.length > 0);
  for (const name of names) {
    try {
      await world.delete(resource, namespace, name);
    } catch (error) {
      if (!(error instanceof NotFoundError) || flag('--ignore-not-found') === undefined) throw error;
    }
  }
}

/** Shows something, or it is the wrong command. */
async function list(world: World, { resource, namespace, flag }: Parsed): Promise<void> {
  const selector = flag('-l')?.split('=');
  const { items } = await world.client.list(resource, {
    signal: world.signal,
    ...(namespace !== undefined && { namespace }),
  });
  const shown = items.filter(
    ({ metadata }) => selector === undefined || metadata.labels?.[selector[0] ?? ''] === selector[1],
  );
  assert.ok(shown.length > 0, `kubectl get ${resource.plural} shows nothing`);
}

const verbs: Readonly<Record<string, (world: World, parsed: Parsed) => Promise<void>>> = {
  patch,
  label: change('labels'),
  annotate: change('annotations'),
  get: list,
  describe: async (world, { resource, namespace, names: [name = ''] }) => {
    await world.client.get(resource, namespace, name, world.signal);
  },
  delete: remove,
};

/** Does what kubectl would do with a command line of a status, for the few verbs that are in there. */
export async function paste(world: World, line: string): Promise<void> {
  const parsed = parse(line);
  const verb = verbs[parsed.verb];
  assert.ok(verb, `not understood: ${line}`);
  await verb(world, parsed);
}

/** Whether a command only looks. */
export function looksOnly(line: string): boolean {
  return /^kubectl (get|describe) /.test(line);
}

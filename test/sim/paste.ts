import assert from 'node:assert/strict';
import { meshMigrations, namespaceMigrations } from '../../src/api/resources.ts';
import type { Resource } from '../../src/api/object.ts';
import { kinds } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';

/** The kinds by the names that commands use. */
const resources: Readonly<Record<string, Resource>> = { mm: meshMigrations, nsm: namespaceMigrations, pods: kinds.Pod, namespace: kinds.Namespace, service: kinds.Service };

/** The words of a command line; what is in single quotes is one, as for a shell. */
export function words(line: string): readonly string[] {
  return [...line.matchAll(/(?:'[^']*'|[^\s'])+/g)].map(([word]) => word.replaceAll('\'', ''));
}

/** The command lines in a message, in their order. Each ends with a semicolon, or with the message. */
export function commandsIn(message: string): readonly string[] {
  return [...message.matchAll(/(?<=: )kubectl (?:'[^']*'|[^;'])+/g)].map(([line]) => line);
}

/** A command line taken apart. */
interface Parsed {
  readonly verb: string;
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly name: string;
  /** What stands behind the name. */
  readonly more: readonly string[];
  readonly flag: (name: string) => string | undefined;
}

const withValue: readonly string[] = ['-n', '-l', '-o', '-p'];

function parse(line: string): Parsed {
  const [program, verb = '', kind = '', ...rest] = words(line);
  const flags = new Map<string, string>();
  const plain: string[] = [];
  for (let at = 0; at < rest.length; at += 1) {
    const word = rest[at] ?? '';
    if (withValue.includes(word)) flags.set(word, rest[at += 1] ?? '');
    else if (word.startsWith('-') && word.length > 1 && !/^[^=]+-$/.test(word)) flags.set(word.split('=')[0] ?? '', word.split('=')[1] ?? '');
    else plain.push(word);
  }
  const resource = resources[kind];
  assert.ok(program === 'kubectl' && resource !== undefined, `not understood: ${line}`);
  const [name = '', ...more] = plain;
  return { verb, resource, namespace: flags.get('-n'), name, more, flag: (each) => flags.get(each) };
}

async function patch(world: World, { resource, namespace, name, flag }: Parsed): Promise<void> {
  assert.equal(flag('--type'), 'merge');
  const body = JSON.parse(flag('-p') ?? '') as Readonly<Record<string, unknown>>;
  const subresource = flag('--subresource');
  assert.ok(subresource === undefined || subresource === 'status');
  await world.client.mergePatch(resource, namespace, name, body, { signal: world.signal, ...(subresource !== undefined && { subresource: 'status' }) });
}

async function label(world: World, { resource, namespace, name, more }: Parsed): Promise<void> {
  const labels = Object.fromEntries(more.map((word) => (word.endsWith('-') ? [word.slice(0, -1), null] : word.split('='))) as [string, string | null][]);
  await world.client.mergePatch(resource, namespace, name, { metadata: { labels } }, { signal: world.signal });
}

/** Shows something, or it is the wrong command. */
async function list(world: World, { resource, namespace, flag }: Parsed): Promise<void> {
  const selector = flag('-l')?.split('=');
  const { items } = await world.client.list(resource, { signal: world.signal, ...(namespace !== undefined && { namespace }) });
  const shown = items.filter(({ metadata }) => selector === undefined || metadata.labels?.[selector[0] ?? ''] === selector[1]);
  assert.ok(shown.length > 0, `kubectl get ${resource.plural} shows nothing`);
}

const verbs: Readonly<Record<string, (world: World, parsed: Parsed) => Promise<void>>> = {
  patch,
  label,
  get: list,
  describe: async (world, { resource, namespace, name }) => { await world.client.get(resource, namespace, name, world.signal); },
  delete: async (world, { resource, namespace, name }) => { await world.delete(resource, namespace, name); },
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

import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MissingInput, readManifests } from './read-manifests.ts';

let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'manifests-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

async function write(
  path: string,
  content: string | Uint8Array = `apiVersion: v1\nkind: Service\nmetadata: {name: ${path.replaceAll(/\W/g, '-')}}\n`,
): Promise<void> {
  await mkdir(dirname(join(directory, path)), { recursive: true });
  await writeFile(join(directory, path), content);
}

const nothing = Readable.from([]);

async function files(...paths: readonly string[]): Promise<readonly string[]> {
  const { manifests } = await readManifests(paths.length > 0 ? paths : [directory], nothing);
  return manifests.map(({ source }) => relative(directory, source.file));
}

describe('readManifests', () => {
  it('reads every manifest below a directory, sorted by path', async () => {
    for (const path of ['b.yaml', 'a/z.yml', 'a/b/c.JSON', 'notes.md', 'a.txt'])
      await write(path, path.endsWith('JSON') ? '{"apiVersion":"v1","kind":"Service"}' : undefined);

    expect(await files()).toEqual(['a/b/c.JSON', 'a/z.yml', 'b.yaml']);
  });

  it('leaves out hidden directories and node_modules', async () => {
    for (const path of ['.git/a.yaml', '.hidden.yaml', 'node_modules/b.yaml', 'c.yaml']) await write(path);

    expect(await files()).toEqual(['c.yaml']);
  });

  it('follows links to files, and not in circles', async () => {
    await write('real/a.yaml');
    await symlink(join(directory, 'real/a.yaml'), join(directory, 'link.yaml'));
    await symlink(directory, join(directory, 'real/again'));
    await symlink(join(directory, 'nowhere.yaml'), join(directory, 'dangling.yaml'));

    expect(await files()).toEqual(['link.yaml', 'real/a.yaml']);
  });

  it('takes a file that is named whatever its name is, and each once', async () => {
    await write('manifest.txt');
    const path = join(directory, 'manifest.txt');

    expect(await files(path, path)).toEqual(['manifest.txt']);
  });

  it('reads standard input in pieces', async () => {
    const bytes = Buffer.from('apiVersion: v1\nkind: Service\nmetadata: {name: cart, labels: {a: größe}}\n');
    const { manifests } = await readManifests(['-'], Readable.from([bytes.subarray(0, 67), bytes.subarray(67)]));

    expect(manifests.map(({ object, source }) => [object.metadata.labels?.['a'], source])).toEqual([
      ['größe', { file: '-', document: 1, line: 1 }],
    ]);
  });

  it('takes a byte order mark for nothing', async () => {
    await write('a.yaml', '\uFEFFapiVersion: v1\nkind: Service\n');

    expect(await files()).toEqual(['a.yaml']);
  });

  it('names a file that is no text and reads the others', async () => {
    await write('a.yaml', Uint8Array.of(0xff, 0xfe, 0x61, 0x00));
    await write('b.yaml');
    const { manifests, unreadable } = await readManifests([directory], nothing);

    expect(manifests).toHaveLength(1);
    expect(unreadable).toEqual([{ file: join(directory, 'a.yaml'), reason: 'not UTF-8 text' }]);
  });

  it('refuses a path that does not exist', async () => {
    await expect(readManifests([join(directory, 'missing')], nothing)).rejects.toThrow(MissingInput);
  });
});

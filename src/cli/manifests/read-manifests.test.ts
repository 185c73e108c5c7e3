import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
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

  it('names a directory that cannot be listed, and reads the rest', async () => {
    await write('a.yaml');
    // Deeper than a path may be long.
    const deep = 'd'.repeat(200);
    await promisify(execFile)(
      'sh',
      ['-c', `i=0; while [ $i -lt 25 ]; do mkdir ${deep}; cd ${deep}; i=$((i+1)); done`],
      {
        cwd: directory,
      },
    );
    try {
      const { manifests, unreadable } = await readManifests([directory], nothing);

      expect(manifests).toHaveLength(1);
      expect(unreadable).toEqual([
        { file: expect.stringContaining(deep), reason: expect.stringContaining('ENAMETOOLONG') },
      ]);
    } finally {
      await promisify(execFile)('rm', ['-rf', deep], { cwd: directory });
    }
  });

  it('tells of a chart once, whatever is wrong with its templates', async () => {
    const template = 'metadata:\n  name: {{ .Values.name }}\n';
    await write('charts/shop/Chart.yaml', 'name: shop\n');
    for (const path of ['a', 'b', 'parts/c']) await write(`charts/shop/templates/${path}.yaml`, template);
    await write('charts/shop/charts/sub/Chart.yaml', 'name: sub\n');
    await write('charts/shop/charts/sub/templates/d.yaml', template);
    await write('templates/e.yaml', template);
    await write('f.yaml');
    const { manifests, unreadable } = await readManifests([directory], nothing);

    expect(manifests).toHaveLength(1);
    expect(unreadable.map(({ file }) => relative(directory, file))).toEqual([
      'charts/shop/charts/sub',
      'charts/shop',
      'templates/e.yaml',
    ]);
    expect(unreadable[1]?.reason).toContain('3 templates');
    const alone = await readManifests([join(directory, 'charts/shop/templates')], nothing);
    expect(alone.unreadable.map(({ file }) => relative(directory, file))).toEqual(['charts/shop']);
  });

  it.each([
    [['charts'], ['a/b.yaml', 'a/c.yaml']],
    [['a/b.yaml'], ['a/c.yaml', 'charts/d.yaml', 'charts/x/e.yaml']],
    [['*.yaml'], []],
    [
      ['b.yaml', 'x'],
      ['a/c.yaml', 'charts/d.yaml'],
    ],
    [['charts/*'], ['a/b.yaml', 'a/c.yaml']],
    [['**/e.yaml'], ['a/b.yaml', 'a/c.yaml', 'charts/d.yaml']],
    [['./charts/x/'], ['a/b.yaml', 'a/c.yaml', 'charts/d.yaml']],
    [['chart', '?'], ['charts/d.yaml']],
  ])('leaves out %j', async (exclude, left) => {
    for (const path of ['a/b.yaml', 'a/c.yaml', 'charts/d.yaml', 'charts/x/e.yaml']) await write(path);
    const { manifests } = await readManifests([directory], nothing, exclude);

    expect(manifests.map(({ source }) => relative(directory, source.file))).toEqual(left);
  });

  it.each(['.', './', './sub', 'sub/', 'sub'])(
    'leaves out by names below a path that is written as %s',
    async (path) => {
      for (const file of ['sub/charts/a.yaml', 'sub/b.yaml']) await write(file);
      const from = relative(process.cwd(), join(directory, path === '.' || path === './' ? '' : 'sub'));
      const written = path.startsWith('./') ? `./${from}` : `${from}${path.endsWith('/') ? '/' : ''}`;
      const { manifests } = await readManifests([written], nothing, ['charts']);

      expect(manifests.map(({ object: { metadata } }) => metadata.name)).toEqual(['sub-b-yaml']);
    },
  );
});

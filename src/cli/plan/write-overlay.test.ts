import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { UsageError } from '../usage-error.ts';
import { writeOverlay } from './write-overlay.ts';

describe('writing an overlay', () => {
  let parent = '';
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'overlay-'));
  });
  afterEach(async () => {
    await rm(parent, { recursive: true });
  });

  const files = [
    { path: 'kustomization.yaml', text: 'resources: [a.yaml]\n' },
    { path: 'a.yaml', text: 'kind: A\n' },
  ];

  it('makes the directory', async () => {
    const directory = join(parent, 'deep', 'down');

    expect(await writeOverlay(directory, files)).toEqual(['kustomization.yaml', 'a.yaml']);
    expect(await readFile(join(directory, 'a.yaml'), 'utf8')).toMatch(/^# Written by .*\nkind: A\n$/);
  });

  it('replaces what it wrote before, and leaves nothing of it', async () => {
    await writeOverlay(parent, files);
    await writeOverlay(parent, [{ path: 'b.yaml', text: 'kind: B\n' }]);

    expect(await readdir(parent)).toEqual(['b.yaml']);
  });

  it('replaces offers that it wrote before too', async () => {
    const offers = [
      { path: 'offers/README.md', text: 'About these.\n' },
      { path: 'offers/a.yaml', text: 'kind: A\n' },
    ];
    await writeOverlay(parent, [...files, ...offers]);
    expect(await readFile(join(parent, 'offers', 'README.md'), 'utf8')).toMatch(
      /^<!-- Written by .* -->\nAbout these\.\n$/,
    );

    await writeOverlay(parent, [...files, { path: 'offers/b.yaml', text: 'kind: B\n' }]);
    expect(await readdir(join(parent, 'offers'))).toEqual(['b.yaml']);

    await writeOverlay(parent, files);
    expect((await readdir(parent)).sort()).toEqual(['a.yaml', 'kustomization.yaml']);
  });

  it.each([
    [
      'a file of somebody else among the offers',
      async () => {
        await writeOverlay(parent, [...files, { path: 'offers/a.yaml', text: '' }]);
        await writeFile(join(parent, 'offers', 'mine.yaml'), '');
      },
    ],
    ['a file of somebody else', async () => writeFile(join(parent, 'mine.yaml'), 'kind: Mine\n')],
    ['a directory', async () => mkdir(join(parent, 'mine'))],
    ['a directory among the offers', async () => mkdir(join(parent, 'offers', 'mine'), { recursive: true })],
    ['a link', async () => symlink('/etc/hostname', join(parent, 'a.yaml'))],
    [
      'a file of somebody else beside its own',
      async () => {
        await writeOverlay(parent, files);
        await writeFile(join(parent, 'mine.yaml'), '');
      },
    ],
  ])('touches nothing where there is %s', async (_, prepare) => {
    await prepare();
    const before = await readdir(parent);

    await expect(writeOverlay(parent, [{ path: 'b.yaml', text: 'kind: B\n' }])).rejects.toThrow(UsageError);
    expect(await readdir(parent)).toEqual(before);
  });

  it.each(['../pwned.yaml', 'offers/../../pwned.yaml', '/pwned.yaml', '.', '', 'offers/..', 'a/../../pwned.yaml'])(
    'refuses the path %j, and writes nothing',
    async (path) => {
      const directory = join(parent, 'out');

      await expect(writeOverlay(directory, [...files, { path, text: '' }])).rejects.toThrow(/is not below/);
      expect(await readdir(parent)).toEqual([]);
    },
  );

  it.each([
    [
      'its folder of offers is',
      'out',
      async (elsewhere: string) => {
        await mkdir(join(parent, 'out'));
        await symlink(elsewhere, join(parent, 'out', 'offers'));
      },
    ],
    ['it is', 'out', async (elsewhere: string) => symlink(elsewhere, join(parent, 'out'))],
    [
      'it is one to nothing',
      'out',
      async (elsewhere: string) => symlink(join(elsewhere, 'nothing'), join(parent, 'out')),
    ],
  ])('does not follow a link that %s', async (_, name, prepare) => {
    const elsewhere = await mkdtemp(join(tmpdir(), 'elsewhere-'));
    try {
      await prepare(elsewhere);
      await expect(writeOverlay(join(parent, name), [...files, { path: 'offers/a.yaml', text: '' }])).rejects.toThrow(
        UsageError,
      );
      expect(await readdir(elsewhere)).toEqual([]);
    } finally {
      await rm(elsewhere, { recursive: true });
    }
  });

  it('leaves what was there before as it was where it cannot write all of it', async () => {
    await writeOverlay(parent, [...files, { path: 'offers/a.yaml', text: 'kind: A\n' }]);
    const before = await readdir(parent, { recursive: true });

    const tooLong = { path: `${'x'.repeat(300)}.yaml`, text: '' };
    await expect(writeOverlay(parent, [{ path: 'a.yaml', text: 'kind: B\n' }, tooLong])).rejects.toThrow(UsageError);
    expect(await readdir(parent, { recursive: true })).toEqual(before);
    expect(await readFile(join(parent, 'a.yaml'), 'utf8')).toContain('kind: A');

    await expect(writeOverlay(join(parent, 'new', 'one'), [tooLong])).rejects.toThrow(UsageError);
    expect(await readdir(parent, { recursive: true })).toEqual(before);
  });

  it('does not follow a link on a relative way, which may come from Git', async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), 'elsewhere-'));
    try {
      await symlink(elsewhere, join(parent, 'link'));
      await expect(writeOverlay(relative(process.cwd(), join(parent, 'link', 'out')), files)).rejects.toThrow(
        /is a link/,
      );
      expect(await readdir(elsewhere)).toEqual([]);
    } finally {
      await rm(elsewhere, { recursive: true });
    }
  });

  it('says so if it cannot', async () => {
    await writeFile(join(parent, 'file'), '');

    await expect(writeOverlay(join(parent, 'file'), files)).rejects.toThrow(/^cannot write to .*file: ENOTDIR/);
  });
});

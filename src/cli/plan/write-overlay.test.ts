import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { UsageError } from '../usage.ts';
import { writeOverlay } from './write-overlay.ts';

describe('writing an overlay', () => {
  let parent = '';
  beforeEach(async () => { parent = await mkdtemp(join(tmpdir(), 'overlay-')); });
  afterEach(async () => { await rm(parent, { recursive: true }); });

  const files = [{ path: 'kustomization.yaml', text: 'resources: [a.yaml]\n' }, { path: 'a.yaml', text: 'kind: A\n' }];

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
    const offers = [{ path: 'offers/README.md', text: 'About these.\n' }, { path: 'offers/a.yaml', text: 'kind: A\n' }];
    await writeOverlay(parent, [...files, ...offers]);
    expect(await readFile(join(parent, 'offers', 'README.md'), 'utf8')).toMatch(/^<!-- Written by .* -->\nAbout these\.\n$/);

    await writeOverlay(parent, [...files, { path: 'offers/b.yaml', text: 'kind: B\n' }]);
    expect(await readdir(join(parent, 'offers'))).toEqual(['b.yaml']);

    await writeOverlay(parent, files);
    expect((await readdir(parent)).sort()).toEqual(['a.yaml', 'kustomization.yaml']);
  });

  it.each([
    ['a file of somebody else among the offers', async () => { await writeOverlay(parent, [...files, { path: 'offers/a.yaml', text: '' }]); await writeFile(join(parent, 'offers', 'mine.yaml'), ''); }],
    ['a file of somebody else', async () => writeFile(join(parent, 'mine.yaml'), 'kind: Mine\n')],
    ['a directory', async () => mkdir(join(parent, 'mine'))],
    ['a directory among the offers', async () => mkdir(join(parent, 'offers', 'mine'), { recursive: true })],
    ['a link', async () => symlink('/etc/hostname', join(parent, 'a.yaml'))],
    ['a file of somebody else beside its own', async () => { await writeOverlay(parent, files); await writeFile(join(parent, 'mine.yaml'), ''); }],
  ])('touches nothing where there is %s', async (_, prepare) => {
    await prepare();
    const before = await readdir(parent);

    await expect(writeOverlay(parent, [{ path: 'b.yaml', text: 'kind: B\n' }])).rejects.toThrow(UsageError);
    expect(await readdir(parent)).toEqual(before);
  });

  it('says so if it cannot', async () => {
    await writeFile(join(parent, 'file'), '');

    await expect(writeOverlay(join(parent, 'file'), files)).rejects.toThrow(/^cannot write to .*file: ENOTDIR/);
  });
});

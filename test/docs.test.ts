import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { auditRules } from '../src/cli/audit/audit.ts';
import { scenarios } from './scenarios/all.ts';
import { tenantShapes } from './support/tenant-shapes.ts';

const root = join(import.meta.dirname, '..');
const pages = [
  'README.md',
  ...['docs', 'docs/guides'].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  ),
];

function read(page: string): string {
  return readFileSync(join(root, page), 'utf8');
}

/** Targets of links to headings, as GitHub makes them. */
function anchors(page: string): readonly string[] {
  return [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

describe('the documentation', () => {
  it.each(pages)('links in %s only to files and headings that exist', (page) => {
    const links = [...read(page).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)].map(([, path = '', anchor]) => ({
      target: path === '' ? page : join(dirname(page), path),
      anchor,
    }));

    expect(links.filter(({ target }) => !existsSync(join(root, target)))).toEqual([]);
    expect(links.filter(({ target, anchor }) => anchor !== undefined && !anchors(target).includes(anchor))).toEqual([]);
  });

  it.each(pages)('names in %s only findings that the catalogue explains', (page) => {
    const known = anchors('docs/findings.md').map((anchor) => anchor.slice(0, 5).toUpperCase());
    const named = read(page).match(/\bMM\d{3}\b/g) ?? [];

    expect(named.filter((id) => !known.includes(id))).toEqual([]);
  });

  it('explains in the catalogue every finding of the audit as the code has it', () => {
    const heading = /^## (MM\d{3}) (.+)\n\n\*\*(Critical|Warning|Info)\*\* · (.+)$/gm;
    const explained = [...read('docs/findings.md').matchAll(heading)].map(
      ([, id = '', title = '', severity = '', asked = '']) => ({ id, title, severity, asked }),
    );
    const ids = new Set(auditRules.map(({ id }) => id));

    expect(
      explained.filter(({ id }) => ids.has(id)).map(({ id, title, severity }) => ({ id, title, severity })),
    ).toEqual(auditRules.map(({ id, title, severity }) => ({ id, title, severity })));
    expect(explained.filter(({ id, asked }) => asked === 'in the audit' && !ids.has(id))).toEqual([]);
  });

  it('names in the safety argument only scenarios that exist', () => {
    const cited = [...read('docs/safety.md').matchAll(/scenarios? ((?:`[\w-]+`(?:, )?)+)/g)].flatMap(
      ([, list = '']) => list.match(/[\w-]+/g) ?? [],
    );

    const known = scenarios.map(({ name }) => name);

    expect(cited.length).toBeGreaterThan(0);
    expect(cited.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('names in the safety argument only tests that exist', () => {
    const italics = [...read('docs/safety.md').matchAll(/(?<![*])[*](?![*\s])([^*]+)[*](?![*])/g)].map(
      ([, words = '']) => words.replaceAll(/\s+/g, ' '),
    );
    const titles = italics.filter((words) => words.split(' ').length > 4);
    const tests = [
      'src/engine/decide.model',
      'src/kube/client',
      'src/kube/lease',
      'test/sim/approval',
      'test/sim/as-it-was',
      'test/sim/crash',
      'test/sim/crash-from-waypoint',
      'test/sim/crash-to-waypoint',
      'test/sim/waves',
      'test/sim/windows',
    ];
    const sources = tests.map((name) => read(`${name}.test.ts`)).join('\n');

    expect(titles.length).toBeGreaterThan(4);
    expect(titles.filter((title) => !sources.includes(`'${title}'`))).toEqual([]);
  });

  it('has the table of looks as the script makes it', () => {
    const [, table = ''] =
      /<!-- looks: npm run bench -->\n\n([^]*?)\n\n<!-- end of looks -->/.exec(read('docs/security.md')) ?? [];
    const [head, line, ...rows] = table.split('\n').map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

    expect([head, line]).toEqual([
      ['what is large', '10 kB', '100 kB', '1 MB'],
      ['---', '---', '---', '---'],
    ]);
    expect(rows.map(([shape]) => shape)).toEqual(
      Object.keys(tenantShapes).filter((name) => rows.some(([shape]) => shape === name)),
    );
    expect(
      rows.flatMap(([, ...cells]) => cells).filter((cell) => !/^\d+\.\d\d s, \d+ MB(, MM119)?$/.test(cell)),
    ).toEqual([]);
  });
});

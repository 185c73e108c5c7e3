import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { rules } from '../rules.ts';
import type { Rule } from './rule.ts';

const root = join(import.meta.dirname, '../../../..');

/** One section of the catalogue, as far as it repeats what the code says. */
interface Entry {
  readonly id: string;
  readonly title: string;
  readonly severity: string;
  readonly asked: string;
}

const heading =
  /^## (MM\d{3}) (.+)\n\n\*\*(Critical|Warning|Info)\*\* · (at the start(?:, on the way and at rest| and while pods are moved| and before the labels change| and before each restart)?(?:, and told on the way and at rest)?)$/gm;

const asked: Readonly<Record<Rule['when'], string>> = {
  Start: 'at the start',
  Always: 'at the start, on the way and at rest',
  WhileMoving: 'at the start and while pods are moved',
  BeforeFlip: 'at the start and before the labels change',
  BeforeRestart: 'at the start and before each restart',
};

function entries(): readonly Entry[] {
  const text = readFileSync(join(root, 'docs/findings.md'), 'utf8');
  return [...text.matchAll(heading)].map(([, id = '', title = '', severity = '', asked = '']) => ({
    id,
    title,
    severity,
    asked,
  }));
}

/** Findings about the selection are made in places that are no tables: their ids are read from the source. */
function otherIds(): readonly string[] {
  const sources = [
    'src/plan/scope.ts',
    'src/plan/unknown-names.ts',
    'src/plan/gate-findings.ts',
    'src/plan/window-findings.ts',
    'src/engine/already-there.ts',
    'src/engine/look.ts',
    'src/engine/lost-journal.ts',
    'src/engine/acceptances.ts',
  ].map((file) => readFileSync(join(root, file), 'utf8'));
  const found = sources.flatMap((source) =>
    [...source.matchAll(/id: '(MM\d{3})',\s+(?:severity|object)/g)].map(([, id = '']) => id),
  );
  return [...new Set(found)]; // One finding may be made in two places of a file.
}

describe('docs/findings.md', () => {
  it('has one section for each finding that the code can make, in the order of their ids', () => {
    const ids = [...otherIds(), ...rules.map(({ id }) => id)];

    expect(new Set(ids).size).toBe(ids.length);
    expect(entries().map(({ id }) => id)).toEqual([...ids].sort());
  });

  it.each(rules.map((rule) => [rule.id, rule] as const))('says of %s what the code says', (id, rule) => {
    expect(entries().find((entry) => entry.id === id)).toEqual({
      id,
      title: rule.title,
      severity: rule.severity,
      asked: `${asked[rule.when]}${rule.lasts === true ? ', and told on the way and at rest' : ''}`,
    });
  });

  const sections = readFileSync(join(root, 'docs/findings.md'), 'utf8')
    .split(/^(?=## MM\d{3} )/m)
    .slice(1);

  it('says of each critical finding what comes of going on all the same', () => {
    const silent = sections
      .filter((section) => section.includes('\n\n**Critical** · '))
      .filter((section) => !section.includes('f you go on all the same, '));

    expect(silent.map((section) => section.split('\n')[0])).toEqual([]);
  });

  it('says who has no way there today, in the words of the rule, and of nobody else', () => {
    const said = sections.flatMap((section) =>
      [...section.matchAll(/^\*\*No way today:\*\* (.+)$/gm)].map(([, why]) => `${section.slice(3, 8)} ${String(why)}`),
    );
    const staying = rules.flatMap(({ id, stays }) => (stays === undefined ? [] : [`${id} ${stays}`]));

    expect(said).toEqual(staying.sort());
  });

  it('closes each block of commands in the section in which it begins', () => {
    const text = readFileSync(join(root, 'docs/findings.md'), 'utf8');
    const open = text.split(/^(?=## )/m).filter((section) => (section.match(/^```/gm) ?? []).length % 2 === 1);

    expect(open.map((section) => section.split('\n')[0])).toEqual([]);
  });

  it('has no heading of another form', () => {
    const text = readFileSync(join(root, 'docs/findings.md'), 'utf8');

    const inAudit = text.match(/^## MM\d{3} .+\n\n\*\*(?:Critical|Warning|Info)\*\* · in the audit$/gm) ?? [];

    expect(text.match(/^## /gm)).toHaveLength(entries().length + inAudit.length);
  });
});

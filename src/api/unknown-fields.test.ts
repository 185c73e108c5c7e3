import { describe, expect, it } from '@jest/globals';
import { MeshMigrationSpec } from './mesh-migration-spec.ts';
import { structuralSchema } from './structural-schema.ts';
import { unknownFields } from './unknown-fields.ts';

const schema = structuralSchema(MeshMigrationSpec);

describe('unknown fields of a spec', () => {
  it.each<readonly [string, object, readonly string[]]>([
    ['none', { action: 'Plan', namespaces: { selector: { matchLabels: { any: 'label' } } } }, []],
    ['one that is misspelt', { acton: 'Migrate' }, ['spec.acton: no such field; the nearest is action']],
    [
      'one further in',
      { restart: { podsPerMinut: 3 } },
      ['spec.restart.podsPerMinut: no such field; the nearest is podsPerMinute'],
    ],
    [
      'one in a list',
      { callers: [{ namespace: 'a', form: [] }] },
      ['spec.callers[0].form: no such field; the nearest is from'],
    ],
    ['one that is like none', { zzzzzz: 1 }, ['spec.zzzzzz: no such field']],
    ['one that every object has', { toString: 1 }, ['spec.toString: no such field']],
  ])('are found: %s', (_, spec, expected) => {
    expect(unknownFields(spec, schema, 'spec')).toEqual(expected);
  });
});

import { expect, test } from '@jest/globals';
import { migrationSpec } from '../../test/support/mesh-fixtures.ts';
import { Gate } from '../api/gates.ts';
import { gateFindings } from './gate-findings.ts';

const gates = [Gate.parse({ name: 'errors', prometheus: { preset: 'ErrorRate' } })];
const metadata = { name: 'shop' };

test('gates that nobody could ask have nobody started', () => {
  expect(gateFindings({ metadata, spec: migrationSpec({ gates }) }, false)).toMatchObject([
    { id: 'MM164', severity: 'Critical', object: 'MeshMigration shop' },
  ]);
});

test('gates that somebody can be asked, and none, are no finding', () => {
  expect(gateFindings({ metadata, spec: migrationSpec({ gates }) }, true)).toEqual([]);
  expect(gateFindings({ metadata, spec: migrationSpec() }, false)).toEqual([]);
});

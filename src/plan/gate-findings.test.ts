import { expect, test } from '@jest/globals';
import { migrationSpec } from '../../test/support/mesh-fixtures.ts';
import { Gate } from '../api/gates.ts';
import { gateTelemetry } from '../mesh/istio/telemetry/gate-queries.ts';
import { gateFindings } from './gate-findings.ts';

const gates = [Gate.parse({ name: 'errors', prometheus: { preset: 'ErrorRate' } })];
const metadata = { name: 'shop' };

test('gates that nobody could ask have nobody started', () => {
  expect(gateFindings({ metadata, spec: migrationSpec({ gates }) }, gateTelemetry, false)).toMatchObject([
    { id: 'MM164', severity: 'Critical', object: 'MeshMigration shop' },
  ]);
});

test('gates that somebody can be asked, and none, are no finding', () => {
  expect(gateFindings({ metadata, spec: migrationSpec({ gates }) }, gateTelemetry, true)).toEqual([]);
  expect(gateFindings({ metadata, spec: migrationSpec() }, gateTelemetry, false)).toEqual([]);
});

test('labels that a preset asks for itself cannot be added to it, and others can', () => {
  const adding = (label: string): Gate =>
    Gate.parse({
      name: 'errors',
      prometheus: { preset: 'ErrorRate', extraMatchers: [{ label, value: 'x' }] },
    });
  const asked = ['cluster', 'namespace', 'response_code', 'reporter', 'destination_service_namespace'].map(adding);
  const found = gateFindings({ metadata, spec: migrationSpec({ gates: asked }) }, gateTelemetry, true);
  expect(found.map(({ message }) => /adds the label (\w+)/.exec(message)?.[1])).toEqual([
    'namespace',
    'response_code',
    'reporter',
    'destination_service_namespace',
  ]);
});

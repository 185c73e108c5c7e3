import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { audit, auditRules } from '../../src/cli/audit/audit.ts';
import type { AuditReport } from '../../src/cli/audit/report.ts';
import { plan } from '../../src/cli/plan/plan.ts';
import type { PlanReport } from '../../src/cli/plan/report.ts';
import { readManifests } from '../../src/cli/manifests/read-manifests.ts';
import { expectations, type Expectation } from './expectations.ts';
import { meshes } from '../../src/mesh/meshes.ts';

const directory = import.meta.dirname;
const options = {
  istioVersion: { major: 1, minor: 31 },
  namespace: 'default',
  rootNamespace: 'istio-system',
  meshes,
} as const;

async function reportOf(name: string): Promise<AuditReport> {
  return audit(await readManifests([join(directory, name)], Readable.from([])), options);
}

async function planOf(name: string): Promise<PlanReport> {
  return plan(await readManifests([join(directory, name)], Readable.from([])), { ...options, now: 0 }).report;
}

function summary({ policies, findings, unreadable }: AuditReport): Expectation {
  return {
    policies: policies.map(
      ({ kind, namespace, name, planes, needsWaypoint }) =>
        `${kind === 'AuthorizationPolicy' ? '' : `${kind} `}${namespace}/${name}: ${planes.sidecar.effect} ${planes.ztunnel.effect} ${planes.waypoint.effect}${needsWaypoint ? ', needs a waypoint' : ''}`,
    ),
    rules: policies.flatMap(({ namespace, name, planes }) =>
      planes.ztunnel.rules
        .filter(({ effect }) => effect !== 'Exact')
        .map(
          ({ index, effect, fields }) => `${namespace}/${name}[${index}]: ${effect}, because of ${fields.join(', ')}`,
        ),
    ),
    findings: findings.map(({ id, object }) => `${id} ${object}`),
    unreadable: unreadable.map(({ document, line }) => `${document ?? 0}:${line ?? 0}`),
  };
}

describe('the audit of manifests in the style of real platforms', () => {
  it.each(Object.entries(expectations))('%s', async (name, expected) => {
    expect(summary(await reportOf(name))).toEqual(expected);
  });

  it('has an expectation for each of them', () => {
    const files = readdirSync(directory)
      .filter((name) => !name.endsWith('.ts'))
      .sort();

    expect(Object.keys(expectations)).toEqual(files);
    expect(files.length).toBeGreaterThan(20);
  });

  it('can find each thing that it knows', async () => {
    const found = new Set(
      (await Promise.all(Object.keys(expectations).map(reportOf))).flatMap(({ findings }) =>
        findings.map(({ id }) => id),
      ),
    );

    // What is too large to prove would be a manifest of 100 kB: the test of the audit makes one.
    expect(auditRules.map(({ id }) => id).filter((id) => !found.has(id))).toEqual(['MM119']);
  });

  it('misses no policy when the whole folder is audited at once', async () => {
    const { policies, unreadable } = await reportOf('.');

    // Some stand in two files.
    const names = Object.values(expectations).flatMap((expected) =>
      expected.policies.map((line) => line.split(':', 1)[0]),
    );
    expect(policies).toHaveLength(new Set(names).size);
    expect(unreadable).toHaveLength(2);
  });
});

describe('the plan for the same manifests', () => {
  it.each(Object.keys(expectations))('leaves no policy of %s to ztunnel that would open there', async (name) => {
    const [{ policies }, { namespaces }] = [await reportOf(name), await planOf(name)];
    const opening = policies.filter(({ planes }) => planes.ztunnel.effect === 'FailsOpen');
    const unhandled = opening.flatMap((policy) =>
      namespaces
        .filter(
          (namespace) =>
            namespace.name === policy.namespace && !namespace.findings.some(({ severity }) => severity === 'Critical'),
        )
        .filter(
          ({ makes }) =>
            !makes.some(
              ({ role, why }) =>
                role === 'Copy' && why.includes(`${policy.kind} ${policy.namespace}/${policy.name} for`),
            ),
        )
        .map(() => `${policy.kind} ${policy.namespace}/${policy.name}`),
    );

    expect(unhandled).toEqual([]);
  });

  it('says of NetworkPolicies what the audit says', async () => {
    const [{ findings }, { namespaces }] = [
      await reportOf('network-policies.yaml'),
      await planOf('network-policies.yaml'),
    ];
    const named = (all: AuditReport['findings']): ReadonlySet<string> =>
      new Set(all.filter(({ id }) => ['MM139', 'MM140'].includes(id)).map(({ id, object }) => `${id} ${object}`));

    expect(named(namespaces.flatMap((namespace) => namespace.findings))).toEqual(named(findings));
    expect(named(findings).size).toBe(4);
  });

  it('has a namespace of each kind', async () => {
    const plans = (await Promise.all(Object.keys(expectations).map(planOf))).flatMap(({ namespaces }) => namespaces);
    const kinds = plans.map(
      ({ itinerary, findings }) =>
        `${itinerary} ${findings.some(({ severity }) => severity === 'Critical') ? 'blocked' : 'free'}`,
    );

    expect([...new Set(kinds)].sort()).toEqual(['L4 blocked', 'L4 free', 'L7 blocked', 'L7 free']);
  });
});

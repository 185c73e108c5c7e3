import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import type { Finding } from '../../src/api/common.ts';
import { audit, auditRules, readPolicies } from '../../src/cli/audit/audit.ts';
import { templatesIn } from '../../src/cli/audit/inventory.ts';
import { workloadsIn } from '../../src/cli/audit/surroundings.ts';
import type { Manifest, Manifests } from '../../src/cli/manifests/manifest.ts';
import { parseManifests } from '../../src/cli/manifests/parse-manifests.ts';
import { readManifests } from '../../src/cli/manifests/read-manifests.ts';
import { plan } from '../../src/cli/plan/plan.ts';
import { wishesOf } from '../../src/cli/plan/wishes.ts';
import {
  inAudit,
  inPlan,
  mildAlone,
  ofEveryManifest,
  onlyInCluster,
  onlyInPlan,
  onlyOfManifests,
  saidOtherwise,
} from '../../src/cli/sources.ts';
import { rules } from '../../src/mesh/istio/rules.ts';
import { operatorFindings, supposed } from './operator-findings.ts';
import { parityInputs } from './parity-inputs.ts';
import { meshes } from '../../src/mesh/meshes.ts';

const directory = import.meta.dirname;
const options = {
  istioVersion: { major: 1, minor: 31 },
  namespace: 'default',
  rootNamespace: 'istio-system',
  meshes,
} as const;

/** What the installation of the simulated cluster has, so that manifests know no less of it. */
const installed = parseManifests(
  '-',
  'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata: {mesh: ""}\n',
).manifests;

/** Files of which the simulated cluster makes something else than they say, and why. */
const notSimulated: Readonly<Record<string, string>> = {
  'kustomize-output.yaml': 'there is no control plane of the revision that its namespace asks for',
  'nodes.yaml': 'its DaemonSets are other ones than those that are installed',
  'knative.yaml': 'nothing makes pods of its Services of Knative',
  'ingress-gateway.yaml': 'it has nothing but a gateway, which is not planned',
};

/** Findings that one source has and another cannot have, by the input. */
const explained: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'egress.yaml': {
    'Warning MM098 ServiceEntry egress/partner': 'its status tells a cluster that there is no such waypoint',
  },
  'odd-selectors.yaml': {
    'Critical MM020 AuthorizationPolicy odd/mistyped':
      'what is no field counts as one of tomorrow to who may look at a cluster; the audit says that it is dropped (MM075)',
  },
  'pods.yaml': {
    'Critical MM138 Deployment warehouse/shutters-istio':
      'istiod of the simulated cluster makes pods of waypoints only',
  },
  'refused-by-envoy.yaml': {
    'Critical MM097 AuthorizationPolicy templates/two-slashes':
      'it is for a waypoint (MM022), of which a namespace with sidecars has none',
  },
};

interface Said {
  readonly audit: ReadonlySet<string>;
  readonly plan: ReadonlySet<string>;
  readonly operator: ReadonlySet<string>;
  /** Whether nothing else of the namespace of an object is among the manifests. */
  readonly isAlone: (object: string) => boolean;
}

type Named = Pick<Finding, 'id' | 'severity' | 'object'>;

function lines(findings: readonly Named[], ids: readonly string[]): ReadonlySet<string> {
  return new Set(
    findings
      .filter(({ id }) => ids.includes(id))
      .map(({ id, severity, object }) => `${severity} ${id} ${object}`)
      .sort(),
  );
}

/** Where nothing makes pods, manifests are taken to have those that policies select: so has the cluster. */
function withPods(manifests: readonly Manifest[], names: readonly string[]): readonly Manifest[] {
  const { inventory } = readPolicies(manifests, options);
  const empty = names.filter((name) => !templatesIn(inventory).some(({ namespace }) => namespace === name));
  return [
    ...manifests,
    ...empty.flatMap((name) =>
      workloadsIn(name, inventory).map(({ templateLabels }, index) => supposed(name, templateLabels, index)),
    ),
  ];
}

async function saidOf(given: Manifests): Promise<Said> {
  const hasConfig = given.manifests.some(
    ({ kind, object }) => kind === 'ConfigMap' && object.metadata.name === 'istio',
  );
  const all = { ...given, manifests: [...given.manifests, ...(hasConfig ? [] : installed)] };
  const { report } = plan(all, { ...options, now: 0 });
  const { inventory } = readPolicies(all.manifests, options);
  const names = report.namespaces.map(({ name }) => name);
  const { byNamespace } = await operatorFindings(
    withPods(all.manifests, names),
    names,
    wishesOf(all.manifests).migrations[0],
  );
  return {
    audit: lines(audit(all, options).findings, inAudit),
    plan: lines(
      report.namespaces.flatMap(({ findings }) => findings),
      inPlan,
    ),
    operator: lines([...byNamespace.values()].flat(), inPlan),
    isAlone: (object) => {
      const home = object.slice(object.indexOf(' ') + 1).split('/', 1)[0];
      return ![...templatesIn(inventory), ...inventory.services].some(({ namespace }) => namespace === home);
    },
  };
}

function without(of: ReadonlySet<string>, others: ReadonlySet<string>, name: string): readonly string[] {
  return [...of].filter((line) => !others.has(line) && explained[name]?.[line] === undefined);
}

const ranks = ['Info', 'Warning', 'Critical'];

/** A line of a finding, in its parts. */
function partsOf(line: string): { readonly severity: string; readonly id: string; readonly object: string } {
  const [severity = '', id = '', ...object] = line.split(' ');
  return { severity, id, object: object.join(' ') };
}

/** Whether plan tells of the same in other words: what comes of it. */
function isSaidOtherwise(line: string, planned: ReadonlySet<string>): boolean {
  const { id, object } = partsOf(line);
  return [...planned].map(partsOf).some((other) => {
    const isAbout = other.object === object || other.id !== 'MM080';
    return other.severity === 'Critical' && isAbout && saidOtherwise[id]?.(other.id) === true;
  });
}

/** Whether the audit says it at least as gravely: of an object that matters to several namespaces once. */
function isToldBy(line: string, audited: ReadonlySet<string>, isAlone: (object: string) => boolean): boolean {
  const { severity, id, object } = partsOf(line);
  const least = mildAlone.includes(id) && isAlone(object) ? 'Warning' : severity;
  return ranks.slice(ranks.indexOf(least)).some((each) => audited.has(`${each} ${id} ${object}`));
}

/** What the three say differently. */
function differences(
  name: string,
  { audit: audited, plan: planned, operator, isAlone }: Said,
): Readonly<Record<string, readonly string[]>> {
  return {
    'only plan': without(planned, operator, name),
    'only the operator': without(operator, planned, name),
    'plan, and not the audit': without(planned, new Set(), name).filter(
      (line) => inAudit.includes(partsOf(line).id) && !isToldBy(line, audited, isAlone),
    ),
    'critical in the audit, and not in plan': without(audited, planned, name).filter(
      (line) => partsOf(line).severity === 'Critical' && !isSaidOtherwise(line, planned),
    ),
  };
}

const none = {
  'only plan': [],
  'only the operator': [],
  'plan, and not the audit': [],
  'critical in the audit, and not in plan': [],
};

const files = readdirSync(directory).filter((name) => !name.endsWith('.ts') && notSimulated[name] === undefined);

describe('audit, plan and operator', () => {
  it.each(files)('say the same of %s', async (name) => {
    expect(differences(name, await saidOf(await readManifests([join(directory, name)], Readable.from([]))))).toEqual(
      none,
    );
  });

  it.each(Object.entries(parityInputs))('say the same of %s', async (name, documents) => {
    const said = await saidOf(parseManifests('-', documents.join('\n---\n')));

    expect(differences(name, said)).toEqual(none);
  });

  it('are told apart where one of them says something else', async () => {
    const said = await saidOf(parseManifests('-', (parityInputs['a filter of sidecars'] ?? []).join('\n---\n')));
    const line = 'Critical MM040 EnvoyFilter shop/f';

    expect([...said.operator]).toContain(line);
    expect(differences('', { ...said, plan: new Set() })['only the operator']).toContain(line);
    expect(differences('', { ...said, operator: new Set() })['only plan']).toContain(line);
    expect(differences('', { ...said, audit: new Set() })['plan, and not the audit']).toContain(line);
    expect(differences('', { ...said, plan: new Set() })['critical in the audit, and not in plan']).toContain(line);
  });
});

describe('the sources of findings', () => {
  const ids = rules.map(({ id }) => id);

  it('say of each check of the operator who does not make it, and why', () => {
    expect(Object.keys(onlyInCluster).filter((id) => !ids.includes(id))).toEqual([]);
    expect(Object.keys(onlyInPlan).filter((id) => !inPlan.includes(id))).toEqual([]);
  });

  it('say of each check of the audit whether the operator makes it, and why not', () => {
    const own = auditRules.map(({ id }) => id).filter((id) => !ids.includes(id));

    expect(own.sort()).toEqual(Object.keys(onlyOfManifests).sort());
    expect(
      auditRules
        .map(({ id }) => id)
        .filter((id) => ids.includes(id) && id !== 'MM071')
        .sort(),
    ).toEqual([...inAudit].sort());
    expect(ofEveryManifest.filter((id) => onlyOfManifests[id] === undefined)).toEqual([]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { meshMigrations, namespaceMigrations } from '../../src/api/resources.ts';
import {
  budgets,
  namespaces,
  pods,
  services,
  templateResources,
  workloadResources,
} from '../../src/engine/resources.ts';
import { parametersName } from '../../src/mesh/istio/vocabulary/gateway.ts';
import { istio } from '../../src/mesh/istio/adapter.ts';
import type { Resource } from '../../src/api/object.ts';

interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

interface Role {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: readonly PolicyRule[];
}

const folder = join(import.meta.dirname, '..', '..', 'deploy', 'kustomize');
const objects = ['rbac.yaml', 'istio-namespace.yaml'].flatMap((file) =>
  parseAllDocuments(readFileSync(join(folder, file), 'utf8')).map((document) => document.toJS() as Role),
);

function rules(kind: string, namespace?: string): readonly PolicyRule[] {
  return objects
    .filter((object) => object.kind === kind && object.metadata.namespace === namespace)
    .flatMap((object) => object.rules ?? []);
}

function verbsOn(granted: readonly PolicyRule[], group: string, plural: string): readonly string[] {
  return granted
    .filter((rule) => rule.apiGroups.includes(group) && rule.resources.includes(plural))
    .flatMap((rule) => rule.verbs);
}

const read = ['get', 'list', 'watch'];
const everywhere = rules('ClusterRole');
const watchedEverywhere: readonly Resource[] = [
  meshMigrations,
  namespaceMigrations,
  namespaces,
  pods,
  services,
  budgets,
  ...workloadResources,
  ...templateResources,
  ...istio.watched.filter((kind) => kind.namespace === 'All').map((kind) => kind.resource),
];

describe('the rights of the operator', () => {
  it.each(watchedEverywhere.map((resource) => [resource.kind, resource] as const))(
    'let it watch %s',
    (_kind, { group, plural }) => {
      expect(verbsOn(everywhere, group, plural)).toEqual(expect.arrayContaining(read));
    },
  );

  it.each(istio.watched.filter((kind) => kind.namespace === 'Root').map((kind) => kind.resource))(
    'let it watch $kind in the namespace of istiod only',
    ({ group, plural }) => {
      expect(verbsOn(rules('Role', 'istio-system'), group, plural)).toEqual(read);
      // The one that it makes itself is read by its name before it is changed or deleted; it holds nothing secret.
      const anyName = everywhere.filter(({ resourceNames }) => resourceNames === undefined);
      expect(verbsOn(anyName, group, plural).filter((verb) => read.includes(verb))).toEqual([]);
      expect(verbsOn(everywhere, group, plural)).not.toContain('list');
    },
  );

  it('let it change these and nothing else', () => {
    const changes = everywhere.flatMap((rule) =>
      rule.resources.flatMap((resource) =>
        rule.verbs
          .filter((verb) => !read.includes(verb))
          .map((verb) => [verb, resource, ...(rule.resourceNames ?? [])].join(' ')),
      ),
    );

    const whole = (...plurals: readonly string[]): readonly string[] =>
      plurals.flatMap((plural) => ['create', 'delete', 'patch'].map((verb) => `${verb} ${plural}`));
    expect(changes.sort()).toEqual(
      [
        ...whole(
          'authorizationpolicies',
          'requestauthentications',
          'telemetries',
          'wasmplugins',
          'trafficextensions',
          'gateways',
        ),
        'create configmaps',
        'create events',
        'create namespacemigrations',
        'create pods/eviction',
        `delete configmaps ${parametersName}`,
        'delete namespacemigrations',
        `patch configmaps ${parametersName}`,
        'patch daemonsets',
        'patch deployments',
        'patch meshmigrations',
        'patch meshmigrations/status',
        'patch namespacemigrations',
        'patch namespacemigrations/status',
        'patch namespaces',
        'patch services',
        'patch statefulsets',
      ].sort(),
    );
  });

  it('have no wildcard and no Secrets', () => {
    const words = objects
      .flatMap((object) => object.rules ?? [])
      .flatMap((rule) => [...rule.apiGroups, ...rule.resources, ...rule.verbs]);

    expect(words.filter((word) => word.includes('*') || word === 'secrets')).toEqual([]);
  });
});

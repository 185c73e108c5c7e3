import type { Finding } from '../api/common.ts';
import type { MeshMigrationSpec } from '../api/mesh-migration-spec.ts';
import { nearest } from '../base/nearest.ts';
import type { NamespaceView } from '../mesh/views.ts';

/** The lists of a spec that name namespaces besides those to move, by where they stand. */
const lists: readonly (readonly [string, (spec: MeshMigrationSpec) => readonly string[]])[] = [
  ['spec.namespaces.exclude', ({ namespaces }) => namespaces.exclude],
  [
    'spec.callers',
    ({ callers }) => callers.flatMap(({ namespace, from }) => [namespace, ...from.map((caller) => caller.namespace)]),
  ],
  ['spec.waypoint.services', ({ waypoint }) => waypoint.services.map((path) => path.slice(0, path.indexOf('/')))],
  ['spec.policies.direct', ({ policies }) => policies.direct.map(({ namespace }) => namespace)],
  ['spec.waves', ({ waves }) => waves.flatMap(({ namespaces }) => namespaces.names)],
  ['spec.restart.hboneNamespaces', ({ restart }) => restart.hboneNamespaces?.names ?? []],
];

/** So many are told, and compared with all that are there: as many as there is room for, and some besides. */
const mostNames = 50;
const mostElsewhere = 20;

function missing(name: string, where: string, existing: ReadonlySet<string>): Pick<Finding, 'object' | 'message'> {
  const meant = nearest(name, existing);
  const hint = meant === undefined ? '' : `; the nearest name that does is ${meant}`;
  return { object: `Namespace ${name}`, message: `it is named in ${where} but does not exist${hint}` };
}

/** MM003 and MM127: what a spec says about namespaces that are not there holds for nobody, without a word. */
export function unknownNames(spec: MeshMigrationSpec, namespaces: readonly NamespaceView[]): readonly Finding[] {
  const existing = new Set(namespaces.map(({ name }) => name));
  const isUnknown = (name: string): boolean => !existing.has(name);
  const elsewhere = new Map<string, Set<string>>();
  for (const [where, namesIn] of lists)
    for (const name of namesIn(spec).filter(isUnknown))
      elsewhere.set(name, (elsewhere.get(name) ?? new Set()).add(where));
  return [
    ...spec.namespaces.names
      .filter(isUnknown)
      .slice(0, mostNames)
      .map((name): Finding => ({
        id: 'MM003',
        severity: 'Warning',
        ...missing(name, 'spec.namespaces.names', existing),
        fix: 'Create it, or take the name out.',
      })),
    ...[...elsewhere].slice(0, mostElsewhere).map(([name, where]): Finding => ({
      id: 'MM127',
      severity: 'Warning',
      ...missing(name, [...where].join(' and '), existing),
      fix: 'Correct the name, or take it out: what is said of it holds for nobody. It clears by itself when the namespace is there.',
    })),
  ];
}

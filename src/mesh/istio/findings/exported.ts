import { listed } from '../../../base/counted.ts';
import { shown } from '../../../base/shown.ts';
import type { Surroundings } from '../../adapter.ts';
import type { ServiceView } from '../../views.ts';
import { serviceExports } from '../settings/mesh-config.ts';
import { serviceTitle } from '../policy/translate/world.ts';
import { nameOf } from '../vocabulary/objects.ts';
import type { Evidence, Rule } from './rule.ts';
import { takesOutsidersIn } from './templates.ts';

/*
 * istiod reads `networking.istio.io/exportTo` of Services for sidecars only: the registry that it makes for ztunnel knows nothing of it (pilot/pkg/serviceregistry/ambient
 * has the word nowhere; pilot/pkg/serviceregistry/kube/conversion.go has).
 */

function isEverywhere(to: readonly string[]): boolean {
  return to.includes('*');
}

const afterwards =
  'ztunnel knows every Service, so that callers in ambient of all namespaces come to its pods by mutual TLS, and nothing but a policy refuses them';

function byItself(services: readonly ServiceView[]): readonly Evidence[] {
  return services.flatMap((service): readonly Evidence[] => {
    const { exportTo } = service;
    if (exportTo === undefined || isEverywhere(exportTo)) return [];
    return [
      {
        object: serviceTitle(service),
        message: `only sidecars of some namespaces are told of it (networking.istio.io/exportTo: ${listed(exportTo.map(shown))}): ${afterwards}`,
      },
    ];
  });
}

function byMesh({ mesh, namespace, services }: Surroundings): readonly Evidence[] {
  const narrow = serviceExports(mesh).find((to) => !isEverywhere(to));
  if (narrow === undefined || !services.some(({ exportTo }) => exportTo === undefined)) return [];
  return [
    {
      object: nameOf({ kind: 'Namespace', name: namespace.name }),
      message: `its Services are visible to sidecars of some namespaces only (defaultServiceExportTo of the mesh configuration: ${listed(narrow.map(shown))}): ${afterwards}`,
    },
  ];
}

/** Who is not told of a Service while there are sidecars. */
export const exportedRules: readonly Rule[] = [
  {
    id: 'MM151',
    severity: 'Warning',
    when: 'Start',
    lasts: true,
    title: 'A Service would be known everywhere',
    fix: 'Where it was to keep callers out, have an AuthorizationPolicy say who may call (source.namespaces), which ztunnel enforces.',
    find: (surroundings) =>
      takesOutsidersIn(surroundings.route) ? [...byItself(surroundings.services), ...byMesh(surroundings)] : [],
  },
];

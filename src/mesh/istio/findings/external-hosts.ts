import { listed } from '../../../base/counted.ts';
import { shown } from '../../../base/shown.ts';
import type { Surroundings } from '../../adapter.ts';
import { list, strings } from '../../json.ts';
import type { ConfigView } from '../../views.ts';
import { useWaypointLabel } from '../vocabulary/labels.ts';
import { parseIstioVersion } from '../policy/istio-version.ts';
import { nameOf } from '../vocabulary/objects.ts';
import { hasWaypoint } from './entries-of-hosts.ts';
import type { Evidence, Rule } from './rule.ts';
import { takesOutsidersIn } from './templates.ts';

function isInternal({ spec }: ConfigView): boolean {
  return spec['location'] === 'MESH_INTERNAL' || spec['location'] === 1;
}

function isUnresolved({ spec }: ConfigView): boolean {
  const resolution = spec['resolution'] ?? 'NONE';
  return resolution === 'NONE' || resolution === 0;
}

/** What of a ServiceEntry is another thing to ztunnel, or nothing. */
function differences(entry: ConfigView, surroundings: Surroundings): readonly string[] {
  const { spec } = entry;
  const version = parseIstioVersion(surroundings.mesh.version ?? '');
  const isOld = version?.major === 1 && version.minor < 28;
  const exported = strings(spec['exportTo']);
  const wild = strings(spec['hosts']).filter((host) => host.startsWith('*'));
  return [
    ...(exported.length > 0 && !exported.includes('*')
      ? [
          `ambient knows no exportTo (${listed(exported.map(shown), 3)}): every namespace in it gets its hosts (since Istio 1.31 serviceEntryVisibility of the mesh configuration can keep them apart)`,
        ]
      : []),
    ...(wild.length > 0 && !hasWaypoint(entry, surroundings)
      ? [
          `ztunnel knows no wildcards (${listed(wild.map(shown), 3)}): calls to these hosts leave like those to any that nobody knows, without routes, traffic policies and metrics of their own`,
        ]
      : []),
    ...(isInternal(entry) && isUnresolved(entry)
      ? [
          isOld && list(spec['addresses']).length > 0
            ? 'for its addresses ztunnel finds nothing to call, and refuses the connection (MESH_INTERNAL with resolution NONE, before Istio 1.28)'
            : 'ztunnel passes its connections on as they are, where sidecars call by mutual TLS (MESH_INTERNAL with resolution NONE)',
        ]
      : []),
  ];
}

/** What ambient makes of ServiceEntries of the namespace. */
export const entryHostRules: readonly Rule[] = [
  {
    id: 'MM161',
    severity: 'Warning',
    when: 'Start',
    lasts: true,
    title: 'ServiceEntry that ambient reads otherwise',
    fix: `Name hosts in full, with a resolution other than NONE, or put a waypoint before it (label ${useWaypointLabel}); see that no other namespace has the same host.`,
    find: (surroundings): readonly Evidence[] =>
      takesOutsidersIn(surroundings.route)
        ? surroundings.mesh.configs('ServiceEntry', surroundings.namespace.name).flatMap((entry) => {
            const found = differences(entry, surroundings);
            return found.length === 0 ? [] : [{ object: nameOf(entry), message: found.join('; ') }];
          })
        : [],
  },
];

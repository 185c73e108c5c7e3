import { listed } from '../../../base/counted.ts';
import type { Surroundings } from '../../adapter.ts';
import { asPod, type TemplateView } from '../../views.ts';
import { optsOutOfInjection } from '../vocabulary/injection.ts';
import { spend } from '../../../base/effort.ts';
import { selecting } from '../policy/selecting.ts';
import { isAnnotated, monitorIn, scrapedOf, type Scraped } from '../settings/scraping.ts';
import { peerAuthentications } from '../waypoint/peer-authentications.ts';
import { nameOf } from '../vocabulary/objects.ts';
import type { Evidence, Rule } from './rule.ts';
import {
  admits,
  allowIn,
  decisiveIn,
  directIn,
  guardedIn,
  refusalIn,
  sayingOf,
  type Decisive,
  type Refusal,
} from './scraping-refusals.ts';
import { isCaptured } from './templates.ts';
import { warned } from './warned.ts';

function evidenceOf(
  template: TemplateView,
  decisive: Decisive,
  found: readonly (readonly [Scraped, Refusal])[],
): readonly Evidence[] {
  const [first] = found;
  if (first === undefined) return [];
  const [{ merged }, refusal] = first;
  const ports = listed([...new Set(found.map(([{ port }]) => String(port)))]);
  const by = listed([...new Set(found.flatMap(([each]) => [...each.by]))]);
  const today = merged ? 'on port 15020 of the sidecar, about which no policy is asked' : 'there';
  return [
    {
      object: nameOf(template),
      message: `metrics on port ${ports} of its pods are scraped ${today} (${by}), and ${sayingOf(refusal, decisive)} would refuse that once there is no sidecar`,
    },
  ];
}

const monitorKinds = ['ServiceMonitor', 'PodMonitor'];
const compared = 'what is scraped with what decides about it';

function ofPorts(surroundings: Surroundings): readonly Evidence[] {
  const { mesh, namespace, workloads, otherTemplates } = surroundings;
  const templates = [...workloads, ...otherTemplates].filter(
    (template) => isCaptured(template) && !optsOutOfInjection(asPod(template)),
  );
  const monitors = monitorKinds.flatMap((kind) => mesh.configs(kind, namespace.name));
  if (!templates.some(isAnnotated) && monitors.length === 0) return [];
  const given = {
    peers: peerAuthentications(surroundings),
    allow: allowIn(surroundings),
    guards: guardedIn(surroundings),
  };
  return warned(surroundings, compared, () => {
    const select = selecting(
      templates.map(({ templateLabels }) => templateLabels),
      spend,
    );
    // What monitors ask for sidecars are asked already: only a guard of a waypoint is new to it.
    const scraped = scrapedOf(templates, select, given.guards.length === 0 ? [] : monitors, surroundings);
    if (scraped.every(({ length }) => length === 0)) return [];
    const decisive = decisiveIn(given, templates, select, surroundings);
    const isDirect = directIn(surroundings);
    const byWide = new Map<number, boolean>();
    return templates.flatMap((template, place) => {
      const here = decisive(place);
      const admittedByWide = (port: number): boolean => {
        const known = byWide.get(port) ?? admits(here.wide, port);
        byWide.set(port, known);
        return known;
      };
      const refusal = refusalIn(here, admittedByWide, isDirect);
      const found = (scraped[place] ?? []).flatMap((each) => {
        const what = refusal(each);
        return what === undefined ? [] : [[each, what] as const];
      });
      return evidenceOf(template, here, found);
    });
  });
}

/** What asks for the sidecar itself, or shows it a certificate. */
function ofMonitors({ mesh, namespace }: Surroundings): readonly Evidence[] {
  return monitorKinds
    .flatMap((kind) => mesh.configs(kind, namespace.name))
    .flatMap((monitor): readonly Evidence[] => {
      const { ofSidecar, asMesh, more } = monitorIn(monitor);
      return [
        ...(more === true
          ? [
              {
                object: nameOf(monitor),
                message: 'it names more ports, or selects by more labels, than are read: not judged beyond that',
              },
            ]
          : []),
        ...(ofSidecar === true
          ? [
              {
                object: nameOf(monitor),
                message:
                  'it scrapes what only a sidecar serves (http-envoy-prom, port 15020 or 15090): nothing answers without one, and what was merged there is on the port of the application',
              },
            ]
          : []),
        ...(asMesh === true
          ? [
              {
                object: nameOf(monitor),
                message:
                  'it shows a certificate of the mesh to the sidecar, which ends TLS: without one that comes to the application, which does not know it',
              },
            ]
          : []),
      ];
    });
}

/** What of monitoring lives from sidecars. */
export const scrapingRules: readonly Rule[] = [
  {
    id: 'MM134',
    severity: 'Warning',
    when: 'Start',
    lasts: true,
    title: 'Metrics would not be scraped any more',
    fix: 'Move Prometheus into ambient first; or admit its port: a PeerAuthentication with portLevelMtls PERMISSIVE for it, a rule of the ALLOW policy with the port, and behind a waypoint spec.policies.direct. Let monitors ask the port of the application in plaintext.',
    find: (surroundings) =>
      surroundings.route.from === 'IstioSidecar' && surroundings.route.to === 'IstioAmbient'
        ? [...ofPorts(surroundings), ...ofMonitors(surroundings)]
        : [],
  },
];

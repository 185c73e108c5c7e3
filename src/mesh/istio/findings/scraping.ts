import { listed } from '../../../base/counted.ts';
import type { Surroundings } from '../../adapter.ts';
import { asPod, type ConfigView, type TemplateView } from '../../views.ts';
import { optsOutOfInjection } from '../vocabulary/injection.ts';
import { spend } from '../../../base/effort.ts';
import { selecting, selectingFully } from '../policy/selecting.ts';
import { monitorIn, monitorsOf } from '../settings/monitors.ts';
import { isAnnotated, scrapedOf, selectsAny, type Scraped } from '../settings/scraping.ts';
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

function templatesOf({ workloads, otherTemplates }: Surroundings): readonly TemplateView[] {
  return [...workloads, ...otherTemplates].filter(
    (template) => isCaptured(template) && !optsOutOfInjection(asPod(template)),
  );
}

/** What is asked about at once: what others have takes nothing from what is told of the namespace's own. */
interface Asked {
  readonly annotations: boolean;
  readonly monitors: readonly ConfigView[];
  /** What is compared, in words. */
  readonly what: string;
}

function ofPorts({ annotations, monitors, what }: Asked, surroundings: Surroundings): readonly Evidence[] {
  const templates = templatesOf(surroundings);
  if (!(annotations && templates.some(isAnnotated)) && monitors.length === 0) return [];
  const given = {
    peers: peerAuthentications(surroundings),
    allow: allowIn(surroundings),
    guards: guardedIn(surroundings),
  };
  // What monitors ask for sidecars are asked already: only a guard of a waypoint is new to it.
  const asked = { annotations, monitors: given.guards.length === 0 ? [] : monitors };
  if (!annotations && asked.monitors.length === 0) return [];
  return warned(surroundings, what, () => {
    const labels = templates.map(({ templateLabels }) => templateLabels);
    const select = selecting(labels, spend);
    const scraped = scrapedOf(templates, selectingFully(labels, spend), asked, surroundings);
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
        const by = refusal(each);
        return by === undefined ? [] : [[each, by] as const];
      });
      return evidenceOf(template, here, found);
    });
  });
}

/** What asks for the sidecar itself, or shows it a certificate. */
function ofMonitor(monitor: ConfigView): readonly Evidence[] {
  const { ofSidecar, asMesh, more } = monitorIn(monitor);
  const messages = [
    ...(more === true ? ['it names more ports, or selects by more, than is read: not judged beyond that'] : []),
    ...(ofSidecar === true
      ? [
          'it scrapes what only a sidecar serves (http-envoy-prom, port 15020 or 15090): nothing answers without one, and what was merged there is on the port of the application',
        ]
      : []),
    ...(asMesh === true
      ? [
          'it shows a certificate of the mesh to the sidecar, which ends TLS: without one that comes to the application, which does not know it',
        ]
      : []),
  ];
  return messages.map((message) => ({ object: nameOf(monitor), message }));
}

/** One that stands elsewhere says nothing of a namespace in which it selects nothing. */
function ofOthers(monitors: readonly ConfigView[], surroundings: Surroundings): readonly Evidence[] {
  const telling = monitors.filter((monitor) => ofMonitor(monitor).length > 0);
  if (telling.length === 0) return [];
  const { namespace, services } = surroundings;
  return warned(surroundings, 'what monitors elsewhere select', () => {
    const templates = selectingFully(
      templatesOf(surroundings).map(({ templateLabels }) => templateLabels),
      spend,
    );
    const behind = selectingFully(
      services.map(({ labels }) => labels),
      spend,
    );
    return telling
      .filter((monitor) => selectsAny(monitor, templates, behind))
      .flatMap(ofMonitor)
      .map((found) => ({ ...found, message: `of pods of ${namespace.name}: ${found.message}` }));
  });
}

function scrapedAfterwards(surroundings: Surroundings): readonly Evidence[] {
  const { own, others } = monitorsOf(surroundings);
  const what = 'what is scraped with what decides about it';
  return [
    ...ofPorts({ annotations: true, monitors: own, what }, surroundings),
    ...own.flatMap(ofMonitor),
    ...ofPorts({ annotations: false, monitors: others, what: `${what}, by monitors elsewhere` }, surroundings),
    ...ofOthers(others, surroundings),
  ];
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
        ? scrapedAfterwards(surroundings)
        : [],
  },
];

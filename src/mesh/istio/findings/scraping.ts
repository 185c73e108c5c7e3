import { listed } from '../../../base/counted.ts';
import { hasLabels } from '../../has-labels.ts';
import type { Surroundings } from '../../adapter.ts';
import type { TemplateView } from '../../views.ts';
import { optsOutOfInjection } from '../injection.ts';
import { spend } from '../policy/effort.ts';
import { parsed } from '../policy/parsed.ts';
import { isSelected } from '../policy/attachment.ts';
import { effectiveMtls, modeOfPort } from '../policy/peer-authentication.ts';
import type { AuthorizationPolicy, PeerAuthentication, Rule as PolicyRule } from '../policy/types.ts';
import { annotated, monitored, monitorIn, type Scraped } from '../scraping.ts';
import { getsWaypoint } from '../waypoint/choose.ts';
import { peerAuthentications } from '../waypoint/peer-authentications.ts';
import { translationOf } from '../waypoint/translation.ts';
import { inReach, nameOf, type Evidence, type Rule } from './rule.ts';
import { isCaptured } from './templates.ts';

/** What decides about a port once ztunnel takes it. */
interface Decisive {
  readonly peers: readonly PeerAuthentication[];
  readonly allow: readonly AuthorizationPolicy[];
  /** Selectors of Services whose pods only their waypoint may call. */
  readonly guarded: readonly TemplateView['templateLabels'][];
}

function decisiveIn(surroundings: Surroundings): Decisive {
  const allow = inReach(['AuthorizationPolicy'], surroundings).flatMap((config) => {
    const policy = parsed(config);
    const counts = policy?.kind === 'AuthorizationPolicy' && policy.action === 'ALLOW';
    return counts && !policy.dryRun && policy.targetRefs.length === 0 ? [policy] : [];
  });
  const needs = getsWaypoint(surroundings) ? translationOf(surroundings).needs : [];
  return {
    peers: peerAuthentications(surroundings),
    allow,
    guarded: needs
      .filter(({ servable, reasons }) => servable && reasons.some(({ enforces }) => enforces))
      .map(({ service: { selector } }) => selector),
  };
}

/** Whether a rule lets anybody in on a port, whatever he asks for. */
function admits({ from, to, when }: PolicyRule, port: number): boolean {
  const isForPort = to.some(({ ports, ...others }) => {
    const asksMore = Object.values(others).some((values) => values.length > 0);
    return !asksMore && (ports.length === 0 || ports.includes(String(port)));
  });
  return from.length === 0 && when.length === 0 && (to.length === 0 || isForPort);
}

/** What would refuse somebody without an identity on a port of the pods of a template; undefined if nothing does. */
function refusing(
  { template: { templateLabels: labels, namespace }, port, merged }: Scraped,
  { peers, allow, guarded }: Decisive,
  { mesh: { rootNamespace }, spec, namespace: home }: Surroundings,
): string | undefined {
  spend(peers.length + allow.length + guarded.length);
  // Whoever is named may be Prometheus.
  const isDirect = spec.policies.direct.some(
    (entry) => entry.namespace === home.name && (entry.ports.includes(port) || entry.principals.length > 0),
  );
  if (!isDirect && guarded.some((selector) => hasLabels(labels, selector))) return 'the guard of the waypoint';
  // What is not merged is asked by the sidecar already.
  if (!merged) return undefined;
  if (modeOfPort(effectiveMtls(peers, { namespace, labels }, rootNamespace), port) === 'STRICT')
    return 'STRICT mutual TLS (unless who scrapes is in ambient)';
  const selecting = allow.filter(({ selector }) => isSelected(selector, labels));
  const isAdmitted = selecting.length === 0 || selecting.some(({ rules }) => rules.some((rule) => admits(rule, port)));
  return isAdmitted ? undefined : listed(selecting.map(nameOf));
}

function ofPorts(surroundings: Surroundings): readonly Evidence[] {
  const { mesh, namespace, workloads, otherTemplates, services } = surroundings;
  const templates = [...workloads, ...otherTemplates].filter(
    (template) =>
      isCaptured(template) &&
      !optsOutOfInjection({ labels: template.templateLabels, annotations: template.templateAnnotations }),
  );
  const monitors = ['ServiceMonitor', 'PodMonitor'].flatMap((kind) => mesh.configs(kind, namespace.name));
  const scraped = [
    ...templates.flatMap((template) => annotated(template, mesh)),
    ...monitors.flatMap((each) => {
      spend(templates.length * (1 + (each.kind === 'PodMonitor' ? 0 : services.length)));
      return monitored(each, nameOf(each), templates, services);
    }),
  ];
  if (scraped.length === 0) return [];
  const decisive = decisiveIn(surroundings);
  const byTemplate = Map.groupBy(scraped, ({ template }) => nameOf(template));
  return [...byTemplate].flatMap(([object, all]): readonly Evidence[] => {
    const found = all.flatMap((each) => {
      const what = refusing(each, decisive, surroundings);
      return what === undefined ? [] : [{ ...each, what }];
    });
    const [first] = found;
    if (first === undefined) return [];
    const ports = listed([...new Set(found.map(({ port }) => String(port)))]);
    const today = first.merged ? 'on port 15020 of the sidecar, about which no policy is asked' : 'there';
    return [
      {
        object,
        message: `metrics on port ${ports} of its pods are scraped ${today} (${listed([...new Set(found.map(({ by }) => by))])}), and ${first.what} would refuse that once there is no sidecar`,
      },
    ];
  });
}

/** What asks for the sidecar itself, or shows it a certificate. */
function ofMonitors({ mesh, namespace }: Surroundings): readonly Evidence[] {
  return ['ServiceMonitor', 'PodMonitor']
    .flatMap((kind) => mesh.configs(kind, namespace.name))
    .flatMap((monitor): readonly Evidence[] => {
      const { ofSidecar, asMesh } = monitorIn(monitor);
      return [
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

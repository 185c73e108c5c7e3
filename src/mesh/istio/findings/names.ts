import { listed } from '../../../base/counted.ts';
import { goBoolean } from '../../../base/go-boolean.ts';
import { memoizeLast } from '../../../base/memoize.ts';
import { containersNamed } from '../../../base/shown.ts';
import type { Surroundings } from '../../adapter.ts';
import { list, strings, text } from '../../json.ts';
import { asPod, type ConfigView, type TemplateView } from '../../views.ts';
import { proxyConfigIn } from '../settings/inbound-ports.ts';
import { answersNamesIn, configuredSo } from '../settings/mesh-settings.ts';
import { parseIstioVersion } from '../policy/istio-version.ts';
import { rolloutTemplates } from '../settings/rollout-templates.ts';
import { nameOf } from '../vocabulary/objects.ts';
import type { Evidence, Rule } from './rule.ts';
import { losesSidecar, takesOutsidersIn } from './templates.ts';
import { warned } from './warned.ts';

/*
 * Since Istio 1.25 what pods in ambient ask DNS goes to ztunnel (AMBIENT_DNS_CAPTURE of istio-cni, manifests/charts/istio-cni/values.yaml), whatever server they ask.
 * It answers for Services and ServiceEntries that have an address, passes other questions on to the server of its own pod, and does nothing else with DNS (src/dns).
 */

/** By which a pod keeps its DNS to itself (getPodLevelTrafficOverrides in cni/pkg/nodeagent/net.go). */
const captureAnnotation = 'ambient.istio.io/dns-capture';

/** What istio-cni is told, where it runs in the namespace of the control plane (templates/configmap-cni.yaml of its chart). */
const cniConfig = 'istio-cni-config';

/** Whether ambient takes DNS of pods that say nothing: what istio-cni is told, else what its version does by itself. */
function takesNames({ mesh }: Surroundings): boolean {
  const told = mesh.configs('ConfigMap', mesh.controlPlaneNamespace).find(({ name }) => name === cniConfig);
  const said = goBoolean(text(told?.spec['AMBIENT_DNS_CAPTURE']) ?? '');
  const known = parseIstioVersion(mesh.version ?? '');
  return said ?? !(known?.major === 1 && known.minor < 25);
}

/** Whether sidecars answer already, by every mesh configuration that may be in force. */
function answersBefore({ mesh }: Surroundings): boolean {
  return (
    configuredSo(mesh, ({ answersNames }) => answersNames).length > 0 &&
    configuredSo(mesh, ({ answersNames }) => !answersNames).length === 0
  );
}

/** Whether ztunnel comes between the pods of a template and DNS, where nobody has been. */
function comesBetween(surroundings: Surroundings): (template: TemplateView) => boolean {
  const [byDefault, before] = [takesNames(surroundings), answersBefore(surroundings)];
  return (template) => {
    if (!losesSidecar(template)) return false;
    const pod = asPod(template);
    const asked = goBoolean(pod.annotations[captureAnnotation] ?? '') ?? byDefault;
    return asked && !(answersNamesIn(proxyConfigIn(pod) ?? {}) ?? before);
  };
}

const keepOut = `Give the template the annotation ${captureAnnotation}: "false": then its DNS goes where it went before, and nothing else of ambient changes for it but that names of ServiceEntries are not known to it.`;

function updating(
  templates: readonly TemplateView[],
  isBetween: (template: TemplateView) => boolean,
): readonly Evidence[] {
  return templates
    .filter(({ updatesNames = [] }) => updatesNames.length > 0)
    .filter(isBetween)
    .map((template) => ({
      object: nameOf(template),
      message: `${containersNamed(template.updatesNames ?? [])} sends dynamic updates to a DNS server (rfc2136, nsupdate): ztunnel takes what goes to port 53 and answers NOTIMP to everything that is no question, so nothing is updated any more`,
      fix: keepOut,
    }));
}

/** With an address names are answered; those without get one of Istio's own where istiod can tell who is meant. */
function hasAddress({ spec, labels }: ConfigView): boolean {
  if (list(spec['addresses']).length > 0) return true;
  const resolution = spec['resolution'] ?? 'NONE';
  if (resolution === 'NONE' || resolution === 0) return false;
  if (labels['networking.istio.io/enable-autoallocate-ip']?.toLowerCase() === 'false') return false;
  const isDynamic = resolution === 'DYNAMIC_DNS' || resolution === 4;
  return strings(spec['hosts']).some((host) => isDynamic || !host.startsWith('*'));
}

interface Answered {
  readonly byHome: ReadonlyMap<string, readonly string[]>;
  readonly all: readonly string[];
}

/** Of the whole mesh, because ambient knows no `exportTo`: the same until something in it changes. */
const answeredIn = memoizeLast((entries: readonly ConfigView[]): Answered => {
  const found = entries.filter(hasAddress);
  const homes = Map.groupBy(found, ({ namespace }) => namespace);
  return {
    byHome: new Map([...homes].map(([home, all]) => [home, all.map(nameOf)] as const)),
    all: found.map(nameOf),
  };
});

/** As many are named. */
const mostNamed = 3;

function answered({ mesh, namespace }: Surroundings): readonly Evidence[] {
  const { byHome, all } = answeredIn(mesh.configs('ServiceEntry'));
  if (all.length === 0) return [];
  const own = byHome.get(namespace.name) ?? [];
  const named = own.length === 0 ? listed(all, mostNamed) : listed(own, mostNamed, all.length - own.length);
  return [
    {
      object: nameOf({ kind: 'Namespace', name: namespace.name }),
      severity: own.length === 0 ? 'Info' : 'Warning',
      message: `from then on ztunnel answers what its pods ask for the hosts of ${named}, which may stand in any namespace (ambient knows no exportTo): with spec.addresses, or where there are none with an address of Istio's own (240.240.0.0/16, if istiod is not told another), which leads nowhere but through the mesh`,
    },
  ];
}

function find(surroundings: Surroundings): readonly Evidence[] {
  const { route, workloads, otherTemplates } = surroundings;
  if (!takesOutsidersIn(route)) return [];
  const templates = [...workloads, ...otherTemplates, ...rolloutTemplates(surroundings)];
  const isBetween = comesBetween(surroundings);
  return [
    ...updating(templates, isBetween),
    ...warned(surroundings, 'what sidecars are told of DNS', () =>
      templates.some(isBetween) ? answered(surroundings) : [],
    ),
  ];
}

/** What becomes of what pods ask DNS. */
export const nameRules: readonly Rule[] = [
  {
    id: 'MM148',
    severity: 'Critical',
    isAcknowledgeable: true,
    when: 'BeforeRestart',
    lasts: true,
    back: { notAsked: 'who goes back asks DNS as before' },
    title: 'What pods ask DNS goes to ztunnel',
    fix: `See that no application goes by the addresses themselves; or give its template the annotation ${captureAnnotation}: "false", then its DNS is left alone.`,
    find,
  },
];

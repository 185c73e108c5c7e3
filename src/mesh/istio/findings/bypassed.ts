import type { Surroundings } from '../../adapter.ts';
import { asPod, type ConfigView, type PodView } from '../../views.ts';
import { bypassAnnotation, bypassesInbound } from '../settings/inbound-capture.ts';
import { arrived } from '../itinerary.ts';
import { concerns, modeOf } from '../vocabulary/pod-mode.ts';
import { bounded, spend } from '../../../base/effort.ts';
import { parsed } from '../policy/parsed.ts';
import { selecting } from '../policy/selecting.ts';
import { isLeaving } from '../waypoint/exit/leaving.ts';
import { itineraryOf } from '../waypoint/choose.ts';
import { isOfGateway } from '../vocabulary/gateway-pods.ts';
import { translationOf } from '../waypoint/translation.ts';
import { inReach, nameOf, selectorOf } from '../vocabulary/objects.ts';
import type { Evidence, Rule } from './rule.ts';
import { bySelector, peersInReach, strictAt } from './strict-pods.ts';
import { isCaptured } from './templates.ts';

/** Pods, or what makes them, that ambient would capture only as far as they send. */
interface Bypassing {
  readonly object: string;
  readonly labels: PodView['labels'];
}

/** What refuses somebody at the pods that it selects. */
interface Refusing {
  readonly what: string;
  readonly matchLabels: PodView['labels'] | undefined;
}

/** Of pods those whose template does not say so itself; one with a sidecar is captured once its owner has replaced it. */
function bypassing({ pods, workloads, otherTemplates }: Surroundings): readonly Bypassing[] {
  const templates = [...workloads, ...otherTemplates];
  const saying = templates.filter((template) => isCaptured(template) && bypassesInbound(asPod(template)));
  const [known, named] = [templates, saying].map((all) => new Set(all.map(({ kind, name }) => `${kind} ${name}`)));
  const others = pods.filter((pod) => {
    const owner = `${pod.owner?.kind} ${pod.owner?.name}`;
    if (!bypassesInbound(pod) || pod.terminating || !concerns(pod)) return false;
    if (named?.has(owner) === true || isOfGateway(pod, workloads)) return false;
    return modeOf(pod) !== 'Sidecar' || known?.has(owner) !== true;
  });
  return [
    ...saying.map((template) => ({ object: nameOf(template), labels: template.templateLabels })),
    ...others.map((pod) => ({ object: nameOf(pod), labels: pod.labels })),
  ];
}

/** Whether somebody may be refused by it. */
function refuses(config: ConfigView): boolean {
  const policy = parsed(config);
  if (policy?.kind !== 'AuthorizationPolicy') return true;
  const { action, dryRun, targetRefs } = policy;
  // A dry run of CUSTOM denies.
  return targetRefs.length === 0 && action !== 'AUDIT' && (!dryRun || action === 'CUSTOM');
}

/** Who decides at the pods, the guards of a waypoint too, before they are made. */
function refusing(surroundings: Surroundings): readonly Refusing[] {
  const { namespace, route } = surroundings;
  const isGuarded = route.from === 'IstioSidecar' && itineraryOf(surroundings) === 'L7';
  const guarded = isGuarded ? translationOf(surroundings).needs : [];
  return [
    ...inReach(['AuthorizationPolicy'], surroundings)
      .filter(refuses)
      .map((config) => ({ what: nameOf(config), matchLabels: selectorOf(config) })),
    ...guarded
      .filter(({ servable, reasons }) => servable && reasons.some(({ enforces }) => enforces))
      .map(({ service: { name, selector } }) => ({
        what: `the guard of the waypoint before Service ${namespace.name}/${name}`,
        matchLabels: selector,
      })),
  ];
}

/** Of all pods and all policies together. */
const selectionSteps = 200_000;

/** What would not be enforced at each of these pods; where that takes too long to tell, each may be under a policy. */
function unenforced(all: readonly Bypassing[], surroundings: Surroundings): ReadonlyMap<Bypassing, string> {
  if (all.length === 0) return new Map();
  const refused = refusing(surroundings);
  const found = bounded(selectionSteps, () => {
    const pods = all.map(({ labels }) => labels);
    const select = selecting(pods, spend);
    const strict = strictAt(pods, select, peersInReach(surroundings), surroundings);
    const others = bySelector(
      select,
      refused.map(({ what, matchLabels }) => ({ matchLabels, found: what })),
    );
    return all.map((_, place) => (strict.has(place) ? 'STRICT' : others.get(place)?.[0]));
  });
  const what = found.kind === 'Done' ? found.value : all.map(() => 'a policy that may select them');
  return new Map(all.flatMap((each, place) => (what[place] === undefined ? [] : [[each, what[place]] as const])));
}

/** In no mesh nobody is refused today, so nothing opens: it is only told that nobody will be. */
export function bypassed(surroundings: Surroundings): readonly Evidence[] {
  const { route, namespace } = surroundings;
  if (route.to !== 'IstioAmbient') return [];
  const isThere = arrived(route, namespace.labels);
  const [notIs, is] = isThere ? ['is not', 'is'] : ['would not be', 'would be'];
  return [...unenforced(bypassing(surroundings), surroundings)].map(([{ object }, what]) => ({
    object,
    message: `by the annotation ${bypassAnnotation} ambient takes only what its pods send: plaintext that comes in ${notIs} redirected to ztunnel, and ${what} ${is} enforced for none of it`,
    ...(route.from === 'None' && { severity: 'Warning' as const }),
  }));
}

/** The other way round: policies begin to count where nobody asked them, which their callers may notice. */
export function takenBySidecars(surroundings: Surroundings): readonly Evidence[] {
  if (!isLeaving(surroundings)) return [];
  return [...unenforced(bypassing(surroundings), surroundings)].map(([{ object }, what]) => ({
    object,
    message: `by the annotation ${bypassAnnotation} ambient takes only what its pods send, while sidecars take what comes in too: ${what} begins to count for plaintext that gets through today`,
  }));
}

/** Pods that ambient leaves open. */
export const bypassRule: Rule = {
  id: 'MM144',
  severity: 'Critical',
  when: 'BeforeRestart',
  lasts: true,
  back: 'Asked',
  decidedBy: ['AuthorizationPolicy', 'PeerAuthentication'],
  title: 'Ambient would not take what comes in',
  fix: `Remove the annotation ${bypassAnnotation} from the template: a sidecar does not read it. Or, if these pods shall be open to clients outside the mesh, have policies and plugins select others, and set PERMISSIVE for them.`,
  find: bypassed,
};

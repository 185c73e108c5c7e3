import { isEmpty } from '../../has-labels.ts';
import type { MeshState, Surroundings } from '../../adapter.ts';
import { asPod, type ServiceView, type TemplateView } from '../../views.ts';
import { calledFromOutside, isCalledByApiServer } from './called-from-outside.ts';
import { inboundOf } from '../settings/inbound-ports.ts';
import { optsOutOfInjection } from '../vocabulary/injection.ts';
import { spend } from '../../../base/effort.ts';
import { byPlace, mtlsOfMany } from '../policy/mtls-of-many.ts';
import { modeOfPort, type EffectiveMtls } from '../policy/peer-authentication.ts';
import { selecting, type Selecting } from '../policy/selecting.ts';
import { numbersOf } from '../settings/scraping.ts';
import { serviceTitle } from '../policy/translate/world.ts';
import { getsWaypoint } from '../waypoint/choose.ts';
import { peerAuthentications } from '../waypoint/peer-authentications.ts';
import { certainChanges } from '../waypoint/proof.ts';
import { severityOfRefusals, type Evidence, type Rule } from './rule.ts';
import { isCaptured } from './templates.ts';

/** The API server asks the Service by the name that its certificate has, and through no gateway. */
const apiServerFix =
  'Name the ports in spec.policies.direct, where policies by port and identity are enough for them; under STRICT, PERMISSIVE for these ports. Or set spec.policies.refusals to Accept: then the API server is refused, and with it whatever it asks this Service about.';

function fixOf(service: ServiceView, { mesh }: Surroundings): Pick<Evidence, 'fix'> {
  return isCalledByApiServer(service, mesh) ? { fix: apiServerFix } : {};
}

/** Behind a waypoint pods refuse whoever does not come through it, and such callers never do. */
function behindWaypoint(surroundings: Surroundings): readonly Evidence[] {
  if (surroundings.route.to !== 'IstioAmbient' || !getsWaypoint(surroundings)) return [];
  const ends = certainChanges(surroundings).filter(({ fromOutside }) => fromOutside === true);
  if (ends.length === 0) return [];
  const byTitle = new Map(surroundings.services.map((service) => [serviceTitle(service), service]));
  return ends.flatMap(({ object, message }): readonly Evidence[] => {
    const service = byTitle.get(object);
    const how = service && calledFromOutside(service, surroundings.mesh);
    return service === undefined || how === undefined
      ? []
      : [
          {
            object,
            message: `${how}: ${message}`,
            severity: severityOfRefusals(surroundings),
            ...fixOf(service, surroundings),
          },
        ];
  });
}

/** Whether a sidecar would be put in that takes every connection; what it leaves alone nobody refuses. */
function isInjected(template: TemplateView, mesh: MeshState): boolean {
  const pod = asPod(template);
  return template.hostNetwork !== true && !optsOutOfInjection(pod) && inboundOf(pod, mesh).kind === 'All';
}

/** What is asked of connections to the pods of each template, looked up by what selects them. */
interface Asked {
  readonly select: Selecting;
  readonly mtls: ReadonlyMap<number, EffectiveMtls>;
}

function isStrictSomewhere({ mode, ports }: EffectiveMtls): boolean {
  return mode === 'STRICT' || Object.values(ports).includes('STRICT');
}

/** Nothing where nobody would be refused. */
function askedIn(surroundings: Surroundings, templates: readonly TemplateView[]): Asked | undefined {
  const labels = templates.map(({ templateLabels }) => templateLabels);
  const select = selecting(labels, spend);
  const { namespace, mesh } = surroundings;
  const alike = mtlsOfMany(labels, select, peerAuthentications(surroundings), namespace.name, mesh.rootNamespace);
  const strict = alike.filter((each) => isStrictSomewhere(each.mtls));
  return strict.length === 0 ? undefined : { select, mtls: byPlace(strict) };
}

/** The first template that would refuse plaintext on a port of a Service. */
function refusingBehind(
  service: ServiceView,
  templates: readonly TemplateView[],
  { select, mtls }: Asked,
): TemplateView | undefined {
  const ports = service.ports.filter(({ protocol }) => protocol === 'TCP').map(({ targetPort }) => targetPort);
  const targets = [...new Set(ports)];
  const places = select(service.selector);
  const found = places.find((place) => {
    const [template, modes] = [templates[place], mtls.get(place)];
    spend(1);
    if (template === undefined || modes === undefined) return false;
    return targets.some((target) => {
      const numbers = numbersOf(target, template);
      spend(1 + numbers.length / 8);
      return numbers.some((port) => modeOfPort(modes, port) === 'STRICT');
    });
  });
  return found === undefined ? undefined : templates[found];
}

/** From no mesh it is STRICT that comes into force, for plaintext that nobody refuses today. */
function underStrict(surroundings: Surroundings): readonly Evidence[] {
  const { route, mesh, services, workloads, otherTemplates } = surroundings;
  if (route.from !== 'None') return [];
  const called = services.flatMap((service) => {
    const how = isEmpty(service.selector) ? undefined : calledFromOutside(service, mesh);
    return how === undefined ? [] : [{ service, how }];
  });
  if (called.length === 0) return [];
  const templates = [...workloads, ...otherTemplates].filter((template) =>
    route.to === 'IstioAmbient' ? isCaptured(template) : isInjected(template, mesh),
  );
  const asked = askedIn(surroundings, templates);
  if (asked === undefined) return [];
  return called.flatMap(({ service, how }): readonly Evidence[] => {
    const refusing = refusingBehind(service, templates, asked);
    return refusing === undefined
      ? []
      : [
          {
            object: serviceTitle(service),
            message: `${how}: STRICT mutual TLS comes into force for ${refusing.kind} ${refusing.name}, and refuses their plaintext, which gets through today`,
            severity: severityOfRefusals(surroundings),
            ...fixOf(service, surroundings),
          },
        ];
  });
}

/** Whom nobody can name, and nobody can move. */
export const fromOutsideRules: readonly Rule[] = [
  {
    id: 'MM128',
    severity: 'Critical',
    isAcknowledgeable: true,
    when: 'BeforeFlip',
    lasts: true,
    back: { notAsked: 'who calls from outside never was behind what it leaves, and its waypoint has steps of its own' },
    title: 'Callers from outside the mesh would be refused',
    fix: 'Put a gateway of Istio before the Service, and let clients call that instead. Or name the ports in spec.policies.direct, where policies by port and identity are enough for them; under STRICT, PERMISSIVE for these ports. Or set spec.policies.refusals to Accept, to refuse them.',
    find: (surroundings) => [...behindWaypoint(surroundings), ...underStrict(surroundings)],
  },
];

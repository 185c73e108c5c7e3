import { hasLabels } from '../../has-labels.ts';
import type { MeshState, Surroundings } from '../../adapter.ts';
import { asPod, type ServiceView, type TemplateView } from '../../views.ts';
import { calledFromOutside } from '../from-outside.ts';
import { inboundOf } from '../inbound-ports.ts';
import { optsOutOfInjection } from '../injection.ts';
import { spend } from '../policy/effort.ts';
import { effectiveMtls, modeOfPort } from '../policy/peer-authentication.ts';
import { serviceTitle } from '../policy/translate/world.ts';
import { getsWaypoint } from '../waypoint/choose.ts';
import { peerAuthentications } from '../waypoint/peer-authentications.ts';
import { certainChanges } from '../waypoint/proof.ts';
import { severityOfRefusals, type Evidence, type Rule } from './rule.ts';
import { isCaptured } from './templates.ts';

/** Behind a waypoint pods refuse whoever does not come through it, and such callers never do. */
function behindWaypoint(surroundings: Surroundings): readonly Evidence[] {
  if (surroundings.route.to !== 'IstioAmbient' || !getsWaypoint(surroundings)) return [];
  const ends = certainChanges(surroundings).filter(({ fromOutside }) => fromOutside === true);
  return ends.flatMap(({ object, message }): readonly Evidence[] => {
    const service = surroundings.services.find((each) => serviceTitle(each) === object);
    const how = service && calledFromOutside(service, surroundings.mesh);
    return how === undefined
      ? []
      : [{ object, message: `${how}: ${message}`, severity: severityOfRefusals(surroundings) }];
  });
}

function targetsOf({ ports }: ServiceView, { containerPorts }: TemplateView): readonly number[] {
  return ports
    .filter(({ protocol }) => protocol === 'TCP')
    .flatMap(({ targetPort }) =>
      typeof targetPort === 'number'
        ? [targetPort]
        : containerPorts.filter(({ name }) => name === targetPort).map(({ port }) => port),
    );
}

/** Whether a sidecar would be put in that takes every connection; what it leaves alone nobody refuses. */
function isInjected(template: TemplateView, mesh: MeshState): boolean {
  const pod = asPod(template);
  return template.hostNetwork !== true && !optsOutOfInjection(pod) && inboundOf(pod, mesh).kind === 'All';
}

/** From no mesh it is STRICT that comes into force, for plaintext that nobody refuses today. */
function underStrict(surroundings: Surroundings): readonly Evidence[] {
  const { route, mesh, services, namespace, workloads, otherTemplates } = surroundings;
  if (route.from !== 'None') return [];
  const templates = [...workloads, ...otherTemplates].filter((template) =>
    route.to === 'IstioAmbient' ? isCaptured(template) : isInjected(template, mesh),
  );
  const peers = peerAuthentications(surroundings);
  return services.flatMap((service): readonly Evidence[] => {
    const how = Object.keys(service.selector).length === 0 ? undefined : calledFromOutside(service, mesh);
    if (how === undefined) return [];
    spend(templates.length);
    const refusing = templates
      .filter(({ templateLabels }) => hasLabels(templateLabels, service.selector))
      .find((template) => {
        const labels = template.templateLabels;
        const mtls = effectiveMtls(peers, { namespace: namespace.name, labels }, mesh.rootNamespace);
        return targetsOf(service, template).some((port) => modeOfPort(mtls, port) === 'STRICT');
      });
    return refusing === undefined
      ? []
      : [
          {
            object: serviceTitle(service),
            message: `${how}: STRICT mutual TLS comes into force for ${refusing.kind} ${refusing.name}, and refuses their plaintext, which gets through today`,
            severity: severityOfRefusals(surroundings),
          },
        ];
  });
}

/** Whom nobody can name, and nobody can move. */
export const fromOutsideRules: readonly Rule[] = [
  {
    id: 'MM128',
    severity: 'Critical',
    when: 'BeforeFlip',
    lasts: true,
    back: { notAsked: 'who calls from outside never was behind what it leaves, and its waypoint has steps of its own' },
    title: 'Callers from outside the mesh would be refused',
    fix: 'Put a gateway of Istio before the Service, and let clients call that instead. Or name the ports in spec.policies.direct, where policies by port and identity are enough for them; under STRICT, PERMISSIVE for these ports. Or set spec.policies.refusals to Accept, to refuse them.',
    find: (surroundings) => [...behindWaypoint(surroundings), ...underStrict(surroundings)],
  },
];

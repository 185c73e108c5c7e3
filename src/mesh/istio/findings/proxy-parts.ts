import type { Surroundings } from '../../adapter.ts';
import type { ProxyParts, TemplateView } from '../../views.ts';
import { injectionAsked } from '../injection.ts';
import { isInjectedGateway, makesGateway } from '../waypoint/gateway-pods.ts';
import { nameOf, type Evidence, type Rule } from './rule.ts';

/** What is wrong with a part once no injector is called for the pod any more; what breaks for sure is critical. */
const parts: readonly {
  readonly part: keyof ProxyParts;
  readonly severity: 'Critical' | 'Warning';
  readonly says: (names: string) => string;
}[] = [
  {
    part: 'containers',
    severity: 'Critical',
    says: (names) =>
      `it customizes what the injector puts in (${names}): without injection that stays in the pod as it is written, with no image or as a proxy of nobody, so its pods do not start, or are in neither data plane`,
  },
  {
    part: 'probing',
    severity: 'Critical',
    says: (names) =>
      `probes of ${names} ask a port of the sidecar, where nobody answers without one, so its pods are not Ready`,
  },
  {
    part: 'calling',
    severity: 'Warning',
    says: (names) =>
      `${names} calls the sidecar on localhost (15000, 15020 or 15021), where nobody answers without one: what waits for it never begins, and what has to tell it to end may fail`,
  },
];

/** Annotations by which a template gets something from its sidecar. */
const given: readonly { readonly key: string; readonly asks: (value: string) => boolean; readonly what: string }[] = [
  {
    key: 'proxy.istio.io/config',
    asks: (value) => value.includes('OUTPUT_CERTS'),
    what: 'the certificates that its sidecar writes (OUTPUT_CERTS)',
  },
  {
    key: 'sidecar.istio.io/userVolume',
    asks: () => true,
    what: 'the volumes of its sidecar (sidecar.istio.io/userVolume)',
  },
];

/** Whether an injector completes the pods today; where it does not, nothing changes for them. */
function isCompleted(template: TemplateView): boolean {
  const { templateLabels: labels, templateAnnotations: annotations, hostNetwork } = template;
  return (
    hostNetwork !== true &&
    injectionAsked({ labels, annotations }) !== 'No' &&
    !makesGateway(template) &&
    !isInjectedGateway({ annotations })
  );
}

function ofTemplate(template: TemplateView): readonly Evidence[] {
  const object = nameOf(template);
  const said = parts.flatMap(({ part, severity, says }): readonly Evidence[] => {
    const names = template.proxyParts?.[part] ?? [];
    return names.length === 0
      ? []
      : [{ object, severity, message: says(names.map((name) => `container ${name}`).join(', ')) }];
  });
  const lost = given.filter(
    ({ key, asks }) => asks(template.templateAnnotations[key] ?? '') && template.templateAnnotations[key] !== undefined,
  );
  return [
    ...said,
    ...lost.map(({ what }): Evidence => ({
      object,
      severity: 'Warning',
      message: `what reads ${what} finds nothing there without one`,
    })),
  ];
}

function leftByInjector({ route, workloads, otherTemplates }: Surroundings): readonly Evidence[] {
  return route.from !== 'IstioSidecar' ? [] : [...workloads, ...otherTemplates].filter(isCompleted).flatMap(ofTemplate);
}

/** What templates have for the injector, and nobody takes away when it stops. */
export const proxyPartRules: readonly Rule[] = [
  {
    id: 'MM130',
    severity: 'Critical',
    when: 'BeforeRestart',
    back: 'Asked',
    title: 'A template that only works with a sidecar',
    fix: 'Remove it from the template: settings of the sidecar may stand in annotations instead (sidecar.istio.io/proxyCPU), an application can wait for what it needs itself. Or move the workload to a namespace that stays.',
    find: leftByInjector,
  },
];

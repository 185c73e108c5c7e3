import { containersNamed } from '../../../base/shown.ts';
import type { Surroundings } from '../../adapter.ts';
import type { ProxyParts, TemplateView } from '../../views.ts';
import { injectionAsked } from '../vocabulary/injection.ts';
import { isInjectedGateway, makesGateway } from '../vocabulary/gateway-pods.ts';
import { nameOf } from '../vocabulary/objects.ts';
import type { Evidence, Rule } from './rule.ts';

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
    part: 'failing',
    severity: 'Critical',
    says: (names) =>
      `${names} waits for the sidecar, or ends by telling it to end (quitquitquit, /healthz/ready, pilot-agent wait, ENVOY_ADMIN_API), and nobody answers without one: as far as can be told without its shell it never begins, or fails at its end, and a Job with it. "|| true" after the call would let it fail`,
  },
  {
    part: 'calling',
    severity: 'Warning',
    says: (names) =>
      `${names} calls the sidecar on localhost (ports 15000, 15004, 15020, 15021 or 15090), where nobody answers without one: it may do without`,
  },
];

/** Annotations by which a template gets something from its sidecar. */
const given: readonly {
  readonly key: string;
  readonly asks: (value: string) => boolean;
  readonly severity: 'Critical' | 'Warning';
  readonly message: string;
}[] = [
  {
    key: 'proxy.istio.io/config',
    asks: (value) => value.includes('OUTPUT_CERTS'),
    severity: 'Critical',
    message:
      'its sidecar writes certificates for it into a volume (OUTPUT_CERTS), and nobody renews or writes them without one: whatever reads them fails, or goes on with old ones until they expire',
  },
  // What is in such a volume alone no container of the template can mount: the API server would refuse it.
  ...['sidecar.istio.io/userVolume', 'sidecar.istio.io/userVolumeMount'].map((key) => ({
    key,
    asks: () => true,
    severity: 'Warning' as const,
    message: `the volumes that its sidecar gets (${key}) are for nobody without one`,
  })),
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

/**
 * A way back leads to what was there before, so that certificates, and commands of what nobody restarts, do not keep
 * anything from it.
 */
function ofTemplate(template: TemplateView, isRestarted: boolean): readonly Evidence[] {
  const object = nameOf(template);
  const said = parts.flatMap(({ part, severity, says }): readonly Evidence[] => {
    const names = template.proxyParts?.[part] ?? [];
    return names.length === 0
      ? []
      : [
          {
            object,
            severity,
            message: says(containersNamed(names)),
            ...(part === 'failing' && !isRestarted && { onlyThere: true as const }),
          },
        ];
  });
  const lost = given.filter(
    ({ key, asks }) => asks(template.templateAnnotations[key] ?? '') && template.templateAnnotations[key] !== undefined,
  );
  return [...said, ...lost.map(({ severity, message }): Evidence => ({ object, severity, message, onlyThere: true }))];
}

function leftByInjector({ route, workloads, otherTemplates }: Surroundings): readonly Evidence[] {
  if (route.from !== 'IstioSidecar') return [];
  return [
    ...workloads.filter(isCompleted).flatMap((workload) => ofTemplate(workload, true)),
    ...otherTemplates.filter(isCompleted).flatMap((template) => ofTemplate(template, false)),
  ];
}

/** What templates have for the injector, and nobody takes away when it stops. */
export const proxyPartRules: readonly Rule[] = [
  {
    id: 'MM130',
    severity: 'Critical',
    when: 'BeforeRestart',
    back: 'Asked',
    title: 'A template that only works with a sidecar',
    fix: 'Remove it from the template, or let a call to the sidecar fail ("|| true" after it): settings of the sidecar may stand in annotations instead (sidecar.istio.io/proxyCPU), an application can wait for what it needs itself. Or move the workload to a namespace that stays.',
    find: leftByInjector,
  },
];

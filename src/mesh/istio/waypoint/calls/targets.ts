import type { ContainerPortView, PodView } from '../../../views.ts';
import { asleep, serves } from './asleep.ts';
import { withFamilies, type Family } from './family.ts';
import { lacksHbone, modeOf } from '../../vocabulary/pod-mode.ts';
import type { There } from './question.ts';

/** As what the called are looked at: as they are, all in ambient, or those alone whose sidecars take no HBONE. */
export type As = 'TheyAre' | 'InAmbient' | 'Old';

/** What may be called: a pod, or what a template would make. */
export interface Target {
  readonly name: string;
  /** Whose it is. */
  readonly family: Family;
  readonly labels: Readonly<Record<string, string>>;
  readonly isAmbient: boolean;
  /** Of its containers. */
  readonly ports: readonly number[];
}

function isCalled(pod: PodView, as: As): boolean {
  return as === 'Old' ? lacksHbone(pod) : ['Ambient', 'Sidecar'].includes(modeOf(pod));
}

function portsIn(declared: readonly ContainerPortView[]): readonly number[] {
  return declared.map(({ port }) => port);
}

/** Everything of a namespace that may be called, and what sleeps there. */
export function targetsOf(there: There, as: As): readonly Target[] {
  const pods = there.pods().filter((pod) => serves(pod) && isCalled(pod, as));
  const templates = [...there.workloads(), ...there.otherTemplates()];
  const running = withFamilies(pods, templates).map(([pod, family]): Target => ({
    name: pod.name,
    family,
    labels: pod.labels,
    isAmbient: as === 'InAmbient' || modeOf(pod) === 'Ambient',
    ports: portsIn(pod.containerPorts ?? []),
  }));
  // What sleeps wakes with a sidecar of today.
  if (as === 'Old') return running;
  const sleeping = (['Ambient', 'Sidecar'] as const).flatMap((mode) =>
    withFamilies(asleep(there.inhabitants(), mode, there.mesh), templates).map(
      ([{ kind, name, templateLabels, containerPorts }, family]): Target => ({
        name: `${kind} ${name}`,
        family,
        labels: templateLabels,
        isAmbient: as === 'InAmbient' || mode === 'Ambient',
        ports: portsIn(containerPorts),
      }),
    ),
  );
  return [...running, ...sleeping];
}

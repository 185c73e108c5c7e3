import { own } from '../../../base/own.ts';
import type { PodView } from '../../views.ts';
import { injectLabel, injectionLabel, revisionLabel } from './labels.ts';

/**
 * Whether a namespace with these labels gives new pods a sidecar: `istio-injection` beats `istio.io/rev`
 * (mutatingwebhook.yaml of the istiod chart).
 */
export function injects(labels: Readonly<Record<string, string>>): boolean {
  return (
    labels[injectionLabel] === 'enabled' ||
    (labels[injectionLabel] === undefined && labels[revisionLabel] !== undefined)
  );
}

/** What a template says of a sidecar; `Unclear`: a value that istiod has read in several ways. */
export type InjectionAsked = 'Yes' | 'No' | 'Default' | 'Unclear';

const asked: Readonly<Record<string, InjectionAsked>> = { true: 'Yes', false: 'No', '': 'Default' };

/**
 * The label of the pod beats its annotation (injectRequired in pkg/kube/inject/inject.go). Values other than these were
 * a yes (`y`, `yes`, `on`, in any case) or else a no, and are the default of the namespace for newer versions.
 */
export function injectionAsked({ labels, annotations }: Pick<PodView, 'labels' | 'annotations'>): InjectionAsked {
  return own(asked, labels[injectLabel] ?? annotations[injectLabel] ?? '') ?? 'Unclear';
}

/** Whether no injector puts a sidecar in. */
export function optsOutOfInjection(template: Pick<PodView, 'labels' | 'annotations'>): boolean {
  return injectionAsked(template) === 'No';
}

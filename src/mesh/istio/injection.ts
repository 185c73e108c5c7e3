import { injectionLabel, revisionLabel } from './labels.ts';

/** Whether a namespace with these labels gives new pods a sidecar: `istio-injection` beats `istio.io/rev` (mutatingwebhook.yaml of the istiod chart). */
export function injects(labels: Readonly<Record<string, string>>): boolean {
  return labels[injectionLabel] === 'enabled' || (labels[injectionLabel] === undefined && labels[revisionLabel] !== undefined);
}

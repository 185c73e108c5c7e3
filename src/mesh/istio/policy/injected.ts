type Labels = Readonly<Record<string, string>>;

/**
 * Labels of a template that the injector takes a value from, the first that there is; without any, a fixed text or the
 * name of the workload.
 */
interface Injected {
  readonly from: readonly string[];
  readonly otherwise?: string;
}

/**
 * What the injection template adds to a pod whose own template lacks it
 * (manifests/charts/istio-control/istio-discovery/files/injection-template.yaml).
 */
const injected: Readonly<Record<string, Injected>> = {
  'security.istio.io/tlsMode': { from: [], otherwise: 'istio' },
  'networking.istio.io/tunnel': { from: [], otherwise: 'http' },
  'service.istio.io/canonical-name': { from: ['app.kubernetes.io/name', 'app'] },
  'service.istio.io/canonical-revision': { from: ['app.kubernetes.io/version', 'version'], otherwise: 'latest' },
};

/**
 * Labels that the injection template adds to a pod whose own template lacks them: pods without a sidecar do not have
 * them.
 */
export const injectedLabels: readonly string[] = Object.keys(injected);

/** The labels that a pod of these, of a workload of this name, has with a sidecar. */
export function withInjected(labels: Labels, name: string): Labels {
  const added = Object.entries(injected).map(([key, { from, otherwise = name }]) => {
    const source = [key, ...from].find((each) => (labels[each] ?? '') !== '');
    const value = source === undefined ? undefined : labels[source];
    return [key, value ?? otherwise] as const;
  });
  return { ...labels, ...Object.fromEntries(added) };
}

/** Some labels, and those from which the injector makes them. */
export function withSources(keys: readonly string[]): readonly string[] {
  return keys.flatMap((key) => [key, ...(injected[key]?.from ?? [])]);
}

import type { WorkloadView } from '../../views.ts';
import { istioVersionText, parseIstioVersion, type IstioVersion } from '../policy/istio-version.ts';

/** Of istiod, in every chart (manifests/charts/istio-control/istio-discovery/templates/deployment.yaml). */
const container = 'discovery';

/**
 * Label of the chart's appVersion (`istio.labels` in zzz_profile.yaml, since 1.24); a chart from a source tree has
 * 1.0.0 there, so that the image goes first.
 */
const versionLabel = 'app.kubernetes.io/version';

/**
 * The oldest version of istiod among the workloads of its namespace, as `1.31`; undefined if none tells it. Sidecars,
 * ztunnel and waypoints of one namespace may be told by istiods of different revisions, and what the oldest of them
 * does not know cannot be relied on.
 */
export function controlPlaneVersion(workloads: readonly WorkloadView[]): string | undefined {
  const running = workloads.filter(
    ({ kind, replicas, images }) => kind === 'Deployment' && replicas > 0 && images[container] !== undefined,
  );
  const [oldest] = running
    .flatMap((istiod) => versionOf(istiod) ?? [])
    .toSorted((a, b) => a.major - b.major || a.minor - b.minor);
  return oldest && istioVersionText(oldest);
}

function versionOf({ images, templateLabels }: WorkloadView): IstioVersion | undefined {
  // Somebody's own tag may look like a version of something else.
  return [tagOf(images[container] ?? ''), templateLabels[versionLabel] ?? '']
    .map(parseIstioVersion)
    .find((version) => version?.major === 1);
}

/** `1.31.0-distroless` of `registry:5000/istio/pilot:1.31.0-distroless@sha256:…`; empty without a tag. */
function tagOf(image: string): string {
  return /:(?<tag>[^:/@]+)(?:@.*)?$/.exec(image)?.groups?.['tag'] ?? '';
}

import { memoize } from '../../../base/memoize.ts';
import { bounded, spend } from '../../../base/effort.ts';
import type { Surroundings } from '../../adapter.ts';
import type { ConfigView } from '../../views.ts';
import { selecting } from '../policy/selecting.ts';
import { isMade } from '../policy/translate/names.ts';
import { isExit } from '../waypoint/exit/route.ts';
import { asksForStrict, labelSets, selectorOf, targetRefs } from '../vocabulary/objects.ts';

/** Which objects of a kind apply. Where that takes more steps than one look may take, each of them may. */
interface Applicable {
  readonly configs: readonly ConfigView[];
  readonly tooLarge: boolean;
}

/** Of one kind. */
const selectionSteps = 200_000;

/**
 * What has targetRefs is for gateways and waypoints, and no sidecar reads it (ShouldAttachPolicy in
 * pilot/pkg/model/policyattachment.go). On the way to sidecars it counts: what it does at a waypoint ends by that.
 */
function isReadByPods(config: ConfigView, { route }: Surroundings): boolean {
  return isExit(route) || targetRefs(config).length === 0;
}

function whichApply(kind: string, surroundings: Surroundings): Applicable {
  const { mesh, namespace } = surroundings;
  const inScope = namespace.name === mesh.rootNamespace ? [namespace.name] : [namespace.name, mesh.rootNamespace];
  const all = inScope
    .flatMap((name) => mesh.configs(kind, name))
    .filter((config) => !isMade(config, surroundings) && isReadByPods(config, surroundings));
  const found = bounded(selectionSteps, () => {
    const select = selecting(labelSets(surroundings), spend);
    return all.filter((config) => {
      const matchLabels = selectorOf(config);
      return matchLabels === undefined || select(matchLabels).length > 0;
    });
  });
  return found.kind === 'Done' ? { configs: found.value, tooLarge: false } : { configs: all, tooLarge: true };
}

/** Some fifteen rules ask. */
const appliesIn = memoize((surroundings: Surroundings) => {
  const known = new Map<string, Applicable>();
  return (kind: string): Applicable => {
    const found = known.get(kind) ?? whichApply(kind, surroundings);
    known.set(kind, found);
    return found;
  };
});

/**
 * Objects of a kind that apply to the namespace: its own, and those of the root namespace, which apply to the mesh
 * (pkg/config/schema: "rootNamespace"). With `selector` (or `workloadSelector`) only if it selects one of its pods,
 * and with targetRefs on the way from behind a waypoint only.
 */
export function applicable(kind: string, surroundings: Surroundings): readonly ConfigView[] {
  return appliesIn(surroundings)(kind).configs;
}

/** Whether it takes too long to tell which objects of a kind apply: `applicable` has all of them then. */
export function isTooLarge(kind: string, surroundings: Surroundings): boolean {
  return appliesIn(surroundings)(kind).tooLarge;
}

/** Whether STRICT mTLS is in force for some pod of the namespace (mesh, namespace, workload or port level). */
export function isStrict(surroundings: Surroundings): boolean {
  return applicable('PeerAuthentication', surroundings).some(asksForStrict);
}

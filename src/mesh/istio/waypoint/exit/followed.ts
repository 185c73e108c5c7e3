import { bounded, spend } from '../../../../base/effort.ts';
import { memoize } from '../../../../base/memoize.ts';
import { appliedAnnotation } from '../../../../api/resources.ts';
import type { Surroundings } from '../../../adapter.ts';
import { comparisonSteps } from '../../../effort-limits.ts';
import { records, type Json } from '../../../json.ts';
import type { Manifest } from '../../../manifest.ts';
import { isSealed, orderedText } from '../../../seal.ts';
import type { ConfigView } from '../../../views.ts';
import { waypointReads } from '../../policy/attachment.ts';
import { parsed } from '../../policy/parsed.ts';
import { unattached } from '../../policy/translate/copies.ts';
import { inexactAuthorizer } from '../../policy/translate/exactness.ts';
import { manifest } from '../../policy/translate/manifest.ts';
import { targetOf } from '../../policy/translate/names.ts';
import { inexactAtSidecars } from '../../policy/translate/to-sidecar/exactness.ts';
import { ruleForPods } from '../../policy/translate/to-sidecar/rewrite.ts';
import type { ExitWorld } from '../../policy/translate/to-sidecar/served.ts';
import { nameOf } from '../../vocabulary/objects.ts';
import { applied } from '../translation.ts';
import { unknownMesh } from '../unknown-mesh.ts';
import { staying } from './gone.ts';
import { anyPort, exemptionIn, isAllow, saidBy, saidByRule } from './said.ts';
import { exitWorldOf, waypointBefore } from './served.ts';
import { isForAllPorts, textsOf } from './taken-over.ts';

/*
 * A copy that stays for a Service that is gone follows its original as far as that can be told without the Service. Which of its ports led where nobody knows any
 * more, so what an original says of single ports is known of none; but what it says of all is, and what it does not say any more.
 */

/** The identities that a copy leaves alone: one, unless it lets in. */
function exemptions({ spec }: ConfigView): ReadonlySet<string> {
  return new Set(isAllow(spec) ? [] : records(spec['rules']).flatMap((rule) => exemptionIn(rule) ?? []));
}

/** What an original that is the same at every port says, at the ports of a copy. */
function atItsPorts(copy: ConfigView, original: ConfigView): Json | undefined {
  const ports = [...new Set(saidBy(copy.spec).flatMap((said) => said.ports))];
  const all = records(original.spec['rules']);
  const [except] = exemptions(copy);
  const toPods = {
    ports: ports.map(Number).map((port) => ({ service: port, workload: port })),
    ...(original.namespace !== copy.namespace && { home: original.namespace }),
    ...(except !== undefined && { except }),
  };
  const rules = all.flatMap((rule) => ruleForPods(rule, toPods) ?? []);
  // As many as there are, or nobody knows its ports; what refuses has some, and leaves the waypoint alone.
  const isWhole = rules.length === all.length && !ports.includes(anyPort);
  if (!isWhole || (!isAllow(copy.spec) && (rules.length === 0 || except === undefined))) return undefined;
  const { rules: _rules, ...rest } = unattached(original.spec) as Json & { readonly rules?: unknown };
  return { selector: copy.spec['selector'], ...rest, ...(rules.length > 0 && { rules }) };
}

/** What a copy lets in, without that which its original does not say at any port. */
function narrowed({ spec }: ConfigView, original: ConfigView, surroundings: Surroundings): Json | undefined {
  if (!isAllow(spec)) return undefined;
  const words = textsOf(original, surroundings);
  const rules = records(spec['rules']).flatMap((rule) => {
    const said = saidByRule(rule, spec);
    const kept = records(rule['to']).filter((_operation, at) => words.has(said[at]?.text ?? ''));
    return kept.length === 0 ? [] : [{ ...rule, to: kept }];
  });
  const { rules: _rules, ...rest } = spec as Json & { readonly rules?: unknown };
  return { ...rest, ...(rules.length > 0 && { rules }) };
}

/** Whether the waypoint of its Service would enforce an original there, and sidecars can. */
function isFor(original: ConfigView, service: string, surroundings: Surroundings, { options }: ExitWorld): boolean {
  const policy = parsed(original);
  const waypoint = waypointBefore(service, surroundings);
  if (policy?.kind !== 'AuthorizationPolicy' || waypoint === undefined) return false;
  const target = { kind: 'Service', namespace: surroundings.namespace.name, name: service } as const;
  return (
    waypointReads(policy, waypoint, target, options) &&
    [...inexactAtSidecars(original), ...inexactAuthorizer(original, policy, options)].length === 0
  );
}

function wantedOf(copy: ConfigView, original: ConfigView, surroundings: Surroundings): Json | undefined {
  const action = (spec: Json): unknown => spec['action'] ?? 'ALLOW';
  if (action(copy.spec) !== action(original.spec)) return undefined;
  spend(1 + (orderedText(copy.spec).length + orderedText(original.spec).length) / 32);
  return isForAllPorts(original) ? atItsPorts(copy, original) : narrowed(copy, original, surroundings);
}

function follow(surroundings: Surroundings, found: Manifest[]): void {
  const world = exitWorldOf(surroundings);
  for (const { object: copy, service, original } of staying(surroundings)) {
    const target = targetOf(copy);
    if (copy.kind !== 'AuthorizationPolicy' || !isSealed(copy) || target === undefined) continue;
    if (!isFor(original, service, surroundings, world)) continue;
    const spec = wantedOf(copy, original, surroundings);
    if (spec === undefined) continue;
    spend(1 + world.policies.length / 8);
    const made = manifest(world, {
      role: 'SidecarCopy',
      apiVersion: 'security.istio.io/v1',
      kind: copy.kind,
      original,
      originals: [nameOf(original)],
      target: { ...target, kind: 'Service' },
      spec,
    });
    const { name, annotations } = made.object.metadata;
    const isAsItStands = annotations?.[appliedAnnotation] === copy.annotations[appliedAnnotation];
    if (name === copy.name && !isAsItStands) found.push(applied(made));
  }
}

/**
 * What stays for Services that are gone, as far as its original says something else by now. What is not worked out within
 * the steps for it stays as it is.
 */
export const followed = memoize((surroundings: Surroundings): readonly Manifest[] => {
  const found: Manifest[] = [];
  if (unknownMesh(surroundings) !== undefined) return found;
  bounded(comparisonSteps, () => {
    follow(surroundings, found);
  });
  return found;
});

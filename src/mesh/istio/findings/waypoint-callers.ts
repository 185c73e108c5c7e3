import { timestamp } from '../../../base/clock.ts';
import { memoize } from '../../../base/memoize.ts';
import type { Surroundings } from '../../adapter.ts';
import type { ServiceFacts } from '../policy/translate/world.ts';
import {
  certainOf,
  guardedServices,
  sidecarCallers,
  sleepingCallers,
  type Caller,
  type KnownCallers,
} from '../waypoint/callers.ts';
import { comingCallers } from '../waypoint/coming-callers.ts';
import { leftOut } from '../waypoint/left-out.ts';
import { refusedOutside } from '../waypoint/outside.ts';
import { nameOf } from '../vocabulary/objects.ts';
import { some, type Evidence } from './rule.ts';

/** A Service as findings name it. */
export function serviceName({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return nameOf({ kind: 'Service', namespace, name });
}

/**
 * Callers of other namespaces that have sidecars; those of the namespace itself are restarted first (`order.ts`), those
 * in scope are waited for.
 */
function running(callers: KnownCallers, surroundings: Surroundings): readonly string[] {
  const elsewhere = sidecarCallers(callers.callers, surroundings).filter(({ namespace }) =>
    staysElsewhere(namespace, surroundings),
  );
  return elsewhere.length === 0
    ? []
    : [
        `callers with sidecars go past a waypoint and would be refused: ${[...new Set(elsewhere.map(({ namespace }) => namespace))].join(', ')} (${some(elsewhere)}), known from ${callers.from}`,
      ];
}

function staysElsewhere(namespace: string, { namespace: home, scope }: Surroundings): boolean {
  return namespace !== home.name && scope?.moves(namespace) !== true;
}

/**
 * Callers of other namespaces that have no sidecar now: that did call, or have a template. Who only may call would be
 * one for each name in a policy that nobody has.
 */
function sleeping(callers: KnownCallers, surroundings: Surroundings): readonly string[] {
  const seen = callers.seen === undefined ? [] : sleepingCallers(callers.callers, surroundings);
  const named = ({ namespace, serviceAccount = '*' }: Caller): string => `${namespace}/${serviceAccount}`;
  const awake = new Set(sidecarCallers(callers.callers, surroundings).map(named));
  const elsewhere = [...seen, ...comingCallers(callers.callers, surroundings)].filter(
    (caller) => staysElsewhere(caller.namespace, surroundings) && !awake.has(named(caller)),
  );
  const names = [...new Set(elsewhere.map(named))].sort();
  return names.length === 0
    ? []
    : [
        `callers without a sidecar now get one with their next pods, and would be refused then: ${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}, known from ${callers.from}`,
      ];
}

function outside(service: ServiceFacts, callers: KnownCallers, surroundings: Surroundings): readonly string[] {
  const pods = refusedOutside(service, callers, surroundings);
  return pods.length === 0
    ? []
    : [
        `callers outside the mesh never use a waypoint and would be refused for good: ${[...new Set(pods.map(({ namespace }) => namespace))].join(', ')} (${some(pods)}), known from ${callers.from}`,
      ];
}

/** What is so of all Services that have the same callers. */
const refusedOf = memoize((surroundings: Surroundings) =>
  memoize((callers: KnownCallers) => [...running(callers, surroundings), ...sleeping(callers, surroundings)]),
);

const outsideFix =
  'Name in spec.callers the ServiceAccounts that do call, or have these callers join the mesh first. Or name their ports in spec.policies.direct, where policies by port and identity are enough for them, and take them out of spec.callers. Or set spec.policies.bypass to FailClosed: they are refused for good.';

/** MM083: callers of guarded Services that would be refused, those with sidecars, those that sleep, those outside the mesh. */
export function withSidecars(surroundings: Surroundings): readonly Evidence[] {
  return guardedServices(surroundings).flatMap(({ service, callers }) =>
    callers.kind === 'Unknown'
      ? []
      : [
          ...certainOf(callers)
            .flatMap(refusedOf(surroundings))
            .map((message) => ({ object: serviceName(service), message })),
          ...outside(service, callers, surroundings).map((message) => ({
            object: serviceName(service),
            message,
            fix: outsideFix,
          })),
        ],
  );
}

/** MM087: one for each Service, with all whom its list leaves out. */
export function incomplete(surroundings: Surroundings): readonly Evidence[] {
  return [...Map.groupBy(leftOut(surroundings), ({ service }) => serviceName(service))].map(([object, who]) => ({
    object,
    message: `spec.callers leaves out callers that were seen (${who[0]?.from ?? ''}), which would be refused while they have sidecars: ${who
      .slice(0, 5)
      .map((each) => each.who)
      .join(', ')}${who.length > 5 ? ` and ${who.length - 5} more` : ''}`,
  }));
}

/** MM088: a Prometheus that does not answer. */
export function notAsked({ mesh, namespace: { name } }: Surroundings): readonly Evidence[] {
  const observed = mesh.observedCallers?.(name);
  if (observed?.kind !== 'Unavailable') return [];
  const since = observed.since === undefined ? '' : ` since ${timestamp(observed.since)}`;
  return [
    {
      object: nameOf({ kind: 'Namespace', name }),
      message: `Prometheus at ${observed.server} does not tell who calls${since}: ${observed.why}`,
    },
  ];
}

import { listedOf } from '../../../base/counted.ts';
import { quoted, shown } from '../../../base/shown.ts';
import type { Surroundings } from '../../adapter.ts';
import { spend } from '../../../base/effort.ts';
import { selectedBy } from '../policy/selecting.ts';
import { customUse, providersOf } from '../policy/authorizer.ts';
import { policyOptionsOf } from '../settings/policy-options.ts';
import { parsed } from '../policy/parsed.ts';
import type { AuthorizationPolicy } from '../policy/types.ts';
import { unloadable } from '../policy/unloadable.ts';
import { applicable } from './applicable.ts';
import type { Evidence, Rule } from './rule.ts';
import { labelSets, nameOf } from '../vocabulary/objects.ts';
import { warned } from './warned.ts';

interface Read {
  readonly object: string;
  readonly policy: AuthorizationPolicy;
}

function authorizationPolicies(surroundings: Surroundings): readonly Read[] {
  return applicable('AuthorizationPolicy', surroundings).flatMap((config) => {
    const policy = parsed(config);
    return policy?.kind === 'AuthorizationPolicy' ? [{ object: nameOf(config), policy }] : [];
  });
}

/** Says that istiod refuses what a CUSTOM policy matches, because the mesh configuration has no such authorizer. */
export function unknownProvider({ provider = '' }: Pick<AuthorizationPolicy, 'provider'>): string {
  return `the mesh configuration has no external authorizer ${quoted(provider)} that istiod can use: sidecars and waypoints refuse everything that the policy matches`;
}

/** Says that istiod refuses what CUSTOM policies match, because there are several providers. */
export function clashingProviders(providers: readonly string[]): string {
  return `CUSTOM policies of several providers apply to the same pods (${listedOf(providers, shown)}): sidecars and waypoints refuse everything that any of them matches, unless istiod has PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS`;
}

function refusedProviders(surroundings: Surroundings): readonly Evidence[] {
  const options = policyOptionsOf(surroundings.mesh);
  const custom = authorizationPolicies(surroundings).filter(
    ({ policy }) => policy.action === 'CUSTOM' && policy.targetRefs.length === 0,
  );
  const unknown = custom.filter(({ policy }) => !policy.dryRun && customUse(policy, 'http', options) === 'Refused');
  return [
    ...unknown.map(({ object, policy }) => ({ object, message: unknownProvider(policy) })),
    ...warned(surroundings, 'which policies of several providers apply to the same pods', () =>
      clashing(custom, surroundings),
    ),
  ];
}

/** Those that apply to the same pods: each policy may to all, and each pod be one to which others do. */
function clashing(custom: readonly Read[], surroundings: Surroundings): readonly Evidence[] {
  if (custom.length === 0) return [];
  const select = selectedBy(
    custom.map(({ policy }) => policy.selector),
    spend,
  );
  // Pods to which the same of them apply are alike.
  const alike = new Map(
    labelSets(surroundings).map((labels) => {
      const places = select(labels);
      spend(places.length);
      return [places.join(' '), places] as const;
    }),
  );
  return clashesOf(custom, [...alike.values()]);
}

/**
 * Each policy that clashes with others, once: for the first pods where it does, however many there are at which others
 * do. `alike`: places of those that apply to the same pods.
 */
function clashesOf(custom: readonly Read[], alike: readonly (readonly number[])[]): readonly Evidence[] {
  const found = new Map<number, string>();
  for (const places of alike) {
    const providers = providersOf(places.flatMap((place) => custom[place]?.policy ?? []));
    if (providers.length < 2) continue;
    const message = clashingProviders(providers);
    for (const place of places) if (!found.has(place)) found.set(place, message);
  }
  return custom.flatMap(({ object }, place) => {
    const message = found.get(place);
    return message === undefined ? [] : [{ object, message }];
  });
}

/** Says what becomes of the proxies that are sent something which Envoy refuses. */
export function refusedByEnvoy(faults: readonly string[]): string {
  return `${faults.join(', and ')}: Envoy refuses the listeners of every sidecar and waypoint that reads the policy. Those that run keep what they had, new ones get none and never become ready`;
}

/** Every restart makes a sidecar, on the way there (RestartForHbone) or on the way back. */
function usesSidecars({ route: { from, to } }: Surroundings): boolean {
  return from === 'IstioSidecar' || to === 'IstioSidecar';
}

/** What istiod makes of policies, and proxies do not do what their authors meant, in whatever data plane. */
export const proxyRules: readonly Rule[] = [
  {
    id: 'MM096',
    severity: 'Warning',
    when: 'Start',
    lasts: true,
    title: 'External authorizer that istiod cannot use',
    fix: 'Declare the provider in meshConfig.extensionProviders with envoyExtAuthzHttp or envoyExtAuthzGrpc, a name of lower-case letters, digits and hyphens, a service and a port; let all CUSTOM policies of a pod name the same one.',
    find: refusedProviders,
  },
  {
    id: 'MM097',
    severity: 'Critical',
    when: 'WhileMoving',
    back: { notAsked: 'it holds for what has a sidecar already, and to leave sidecars is a way out of it' },
    title: 'Policy that Envoy refuses',
    fix: 'Correct the value; then wait until the proxies have taken it (istioctl proxy-status) before you go on.',
    find: (surroundings) => {
      if (!usesSidecars(surroundings)) return [];
      const options = policyOptionsOf(surroundings.mesh);
      return authorizationPolicies(surroundings).flatMap(({ object, policy }) => {
        const faults = unloadable(policy, options);
        return faults.length === 0 ? [] : [{ object, message: refusedByEnvoy(faults) }];
      });
    },
  },
];

import { listed } from '../../../base/counted.ts';
import { memoize } from '../../../base/memoize.ts';
import { isEmpty } from '../../has-labels.ts';
import type { Surroundings } from '../../adapter.ts';
import type { ServiceView, TemplateView } from '../../views.ts';
import { spend } from '../../../base/effort.ts';
import { byPlace, mtlsOfMany } from '../policy/mtls-of-many.ts';
import { parsed } from '../policy/parsed.ts';
import { modeOfPort, type EffectiveMtls } from '../policy/peer-authentication.ts';
import type { Selecting } from '../policy/selecting.ts';
import type { AuthorizationPolicy, PeerAuthentication } from '../policy/types.ts';
import type { Scraped } from '../settings/scraping.ts';
import { getsWaypoint } from '../waypoint/choose.ts';
import { translationOf } from '../waypoint/translation.ts';
import { inReach, nameOf } from '../vocabulary/objects.ts';

/** ALLOW policies of a template. */
interface Allowing {
  /** Of all templates of the namespace. */
  readonly wide: readonly AuthorizationPolicy[];
  readonly own: readonly AuthorizationPolicy[];
}

/** What decides about the ports of a template once ztunnel takes them. */
export interface Decisive extends Allowing {
  readonly mtls: EffectiveMtls | undefined;
  /** Only their waypoint may call its pods. */
  readonly guarded: boolean;
}

/** ALLOW policies in force that pods of the namespace are asked by. */
export function allowIn(surroundings: Surroundings): readonly AuthorizationPolicy[] {
  return inReach(['AuthorizationPolicy'], surroundings).flatMap((config) => {
    const policy = parsed(config);
    const counts = policy?.kind === 'AuthorizationPolicy' && policy.action === 'ALLOW';
    return counts && !policy.dryRun && policy.targetRefs.length === 0 ? [policy] : [];
  });
}

/** Selectors of Services whose pods only their waypoint may call. */
export function guardedIn(surroundings: Surroundings): readonly ServiceView['selector'][] {
  const needs = getsWaypoint(surroundings) ? translationOf(surroundings).needs : [];
  return needs
    .filter(({ servable, reasons }) => servable && reasons.some(({ enforces }) => enforces))
    .map(({ service: { selector } }) => selector);
}

/** What has to be worked out before, within the steps for what it is. */
interface Given {
  readonly peers: readonly PeerAuthentication[];
  readonly allow: readonly AuthorizationPolicy[];
  readonly guards: readonly ServiceView['selector'][];
}

/** By place of the template. */
export function decisiveIn(
  { peers, allow, guards }: Given,
  templates: readonly TemplateView[],
  select: Selecting,
  { mesh: { rootNamespace }, namespace }: Surroundings,
): (place: number) => Decisive {
  const labels = templates.map(({ templateLabels }) => templateLabels);
  const mtls = byPlace(mtlsOfMany(labels, select, peers, namespace.name, rootNamespace));
  const [wide, narrow] = [true, false].map((all) =>
    allow.filter(({ selector }) => (selector === undefined || isEmpty(selector)) === all),
  );
  const own = templates.map((): AuthorizationPolicy[] => []);
  for (const policy of narrow ?? []) {
    const places = select(policy.selector);
    spend(1 + places.length);
    for (const place of places) own[place]?.push(policy);
  }
  const guarded = new Set<number>();
  for (const selector of guards) {
    const places = select(selector);
    spend(1 + places.length);
    for (const place of places) guarded.add(place);
  }
  return (place) => ({
    wide: wide ?? [],
    own: own[place] ?? [],
    mtls: mtls.get(place),
    guarded: guarded.has(place),
  });
}

/** Ports on which a policy lets anybody in, whatever he asks for. */
interface Door {
  readonly all: boolean;
  readonly ports: ReadonlySet<string>;
}

/** Read once of each policy: it is asked about each port of each template. */
const doorOf = memoize(({ rules }: AuthorizationPolicy): Door => {
  const open = rules.filter(({ from, when }) => from.length === 0 && when.length === 0);
  const plain = open
    .flatMap(({ to }) => to)
    .filter(({ ports: _ports, ...others }) => Object.values(others).every((values) => values.length === 0));
  return {
    all: open.some(({ to }) => to.length === 0) || plain.some(({ ports }) => ports.length === 0),
    ports: new Set(plain.flatMap(({ ports }) => ports)),
  };
});

/** Whether some policies let anybody in on a port. */
export function admits(policies: readonly AuthorizationPolicy[], port: number): boolean {
  spend(1 + policies.length / 4);
  return policies.some((policy) => {
    const { all, ports } = doorOf(policy);
    return all || ports.has(String(port));
  });
}

/** What refuses somebody without an identity. */
export type Refusal = 'Guard' | 'Strict' | 'Policies';

/** What would refuse somebody without an identity on a port of the pods of a template; undefined if nothing does. */
export function refusalIn(
  { wide, own, mtls, guarded }: Decisive,
  admittedByWide: (port: number) => boolean,
  isDirect: (port: number) => boolean,
): (scraped: Scraped) => Refusal | undefined {
  return ({ port, merged }) => {
    if (guarded && !isDirect(port)) return 'Guard';
    // What is not merged is asked by the sidecar already.
    if (!merged) return undefined;
    if (mtls !== undefined && modeOfPort(mtls, port) === 'STRICT') return 'Strict';
    const isAdmitted = wide.length + own.length === 0 || admittedByWide(port) || admits(own, port);
    return isAdmitted ? undefined : 'Policies';
  };
}

/** Whoever is named may be Prometheus. */
export function directIn({ spec, namespace }: Surroundings): (port: number) => boolean {
  const own = spec.policies.direct.filter((entry) => entry.namespace === namespace.name);
  const isAll = own.some(({ principals }) => principals.length > 0);
  const ports = new Set(own.flatMap((entry) => entry.ports));
  return (port) => isAll || ports.has(port);
}

/** What it is called. */
export function sayingOf(refusal: Refusal, { wide, own }: Allowing): string {
  if (refusal === 'Guard') return 'the guard of the waypoint';
  if (refusal === 'Strict') return 'STRICT mutual TLS (unless who scrapes is in ambient)';
  const named = [...wide.slice(0, 5), ...own.slice(0, 5)];
  return listed(named.map(nameOf), 5, wide.length + own.length - named.length);
}

import { memoize } from '../../../../base/memoize.ts';
import { listed } from '../../../../base/counted.ts';
import { text } from '../../../json.ts';
import type { ConfigView, ServiceView } from '../../../views.ts';
import { anybody, eachFamily, type Family } from './family.ts';
import { admitsNameless } from '../../policy/identity-fields.ts';
import { asksWhoCalls } from '../../policy/policy-fields.ts';
import { asksForStrict, selectorOf, targetRefs } from '../../vocabulary/objects.ts';
import type { Because } from '../../settings/inbound-ports.ts';
import { asksStrict, peersAmong } from './old-sidecars.ts';
import { leaves, type LeftAlone } from '../../settings/outbound-ports.ts';
import { spend } from '../../../../base/effort.ts';
import { mtlsOfMany } from '../../policy/mtls-of-many.ts';
import { selecting, type Selecting } from '../../policy/selecting.ts';
import { tlsModeLabel } from '../../policy/translate/selection.ts';
import { question, type There } from './question.ts';
import { targetsOf, type As, type Target } from './targets.ts';

/*
 * What of a namespace decides about calls that come in plaintext, whoever calls: every namespace that gets sidecars asks about all others.
 */

/** Why calls come in plaintext. */
export interface Plaintext {
  readonly how: string;
  /** Whether it is over once the called have sidecars. */
  readonly passes: boolean;
  /** Whether it is by a headless Service, and because its pods are in ambient. */
  readonly headless: boolean;
  /** The Service of which sidecars of the caller are not told. */
  readonly untold?: string;
}

/** However the called are connected. */
export function always(how: string): Plaintext {
  return { how, passes: false, headless: false };
}

/** Pods, and workloads between two of theirs, of which the same becomes. */
export interface Alike {
  readonly pods: readonly string[];
  /** Whose these are. */
  readonly families: readonly Family[];
  /** Whether somebody without an identity gets in where no other policy refuses him. */
  readonly getsIn: boolean;
  /** Why calls that are meant to arrive would come in plaintext; undefined if they would not. */
  readonly plaintext: Plaintext | undefined;
}

/** A policy that decides by who calls, and at what. */
export interface Decides {
  readonly policy: ConfigView;
  readonly at: readonly Alike[];
}

/** Everything there that does. */
export interface Deciding {
  readonly policies: readonly Decides[];
  /** PeerAuthentications that refuse plaintext, where some would come. */
  readonly strict: readonly Decides[];
}

/** What is to be known of who calls: as little as the answer depends on, so that it is one for many of them. */
export interface Calling {
  readonly as: As;
  /** What his sidecars would not take of his calls. */
  readonly leftAlone: readonly LeftAlone[];
  /** The Services of which they would not be told. */
  readonly untold: 'All' | readonly string[];
  /** Whether he is the namespace itself. */
  readonly isItself: boolean;
}

/**
 * Whether proxies of pods ask a policy, and it decides by who calls; read once for as long as it stays as it is,
 * because every look asks about the whole mesh.
 */
const isAsked = memoize(
  (policy: ConfigView): boolean =>
    targetRefs(policy).length === 0 && text(policy.annotations['istio.io/dry-run']) !== 'true',
);

function who({ annotation, mesh }: Because): string {
  return annotation ?? `${mesh?.object ?? ''}, ${mesh?.field ?? ''}`;
}

/** Those ports of the called that are left alone, if it is not about all. */
function callsOf({ ports: left = [] }: LeftAlone, ports: readonly string[]): string {
  const both = ports.filter((port) => left.includes(port));
  return both.length === 0 ? 'these calls' : `calls to ${both.length === 1 ? 'port' : 'ports'} ${listed(both)}`;
}

/** Every port by which each target may be called: its own, and those of Services. */
function portsOf(targets: readonly Target[], services: readonly ServiceView[], select: Selecting): readonly string[][] {
  const ports = targets.map((target) => new Set(target.ports.map(String)));
  for (const { selector, ports: offered } of services) {
    const places = select(selector);
    spend((1 + places.length) * (1 + offered.length / 4));
    for (const place of places)
      for (const { port, targetPort } of offered) ports[place]?.add(String(port)).add(String(targetPort));
  }
  return ports.map((each) => [...each]);
}

/** Why calls to each of the targets would come in plaintext; undefined of those to which they would not. */
function plaintextTo(
  targets: readonly Target[],
  there: There,
  select: Selecting,
  { leftAlone, untold, isItself, as }: Calling,
): readonly (Plaintext | undefined)[] {
  if (as === 'Old') return targets.map(() => always('to sidecars from before ambient was enabled'));
  const services = there.services().filter(({ selector }) => Object.keys(selector).length > 0);
  const found: (Plaintext | undefined)[] = targets.map(() => undefined);
  function add(behind: readonly ServiceView[], why: (service: ServiceView) => Plaintext, ambient: boolean): void {
    for (const service of behind) {
      const places = select(service.selector);
      spend(1 + places.length / 8);
      for (const place of places) if (!ambient || targets[place]?.isAmbient === true) found[place] ??= why(service);
    }
  }
  for (const [place, ports] of leftAlone.length === 0 ? [] : portsOf(targets, services, select).entries()) {
    spend(ports.length * (1 + leftAlone.reduce((all, each) => all + (each.ports?.length ?? 0), 0) / 8));
    const left = leftAlone.find((each) => leaves(each, ports));
    if (left !== undefined)
      found[place] = always(`by ${who(left.because)} sidecars here leave ${callsOf(left, ports)} alone`);
  }
  const hidden = untold === 'All' ? services : named(services, untold);
  add(hidden, ({ namespace, name }) => ({ ...always(`by Service ${namespace}/${name}`), untold: name }), false);
  // Beside whom they call, workloads have their sidecars sooner or later than these for a while only.
  if (isItself && there.injects()) return found;
  const headless = services.filter((service) => service.headless);
  add(headless, byHeadless, true);
  return found;
}

function named(services: readonly ServiceView[], names: readonly string[]): readonly ServiceView[] {
  const wanted = new Set(names);
  return services.filter(({ name }) => wanted.has(name));
}

function byHeadless({ namespace, name }: ServiceView): Plaintext {
  return {
    how: `by headless Service ${namespace}/${name}, while its pods are in ambient`,
    passes: true,
    headless: true,
  };
}

/** Some of the targets, by their places. */
class Places {
  readonly #some = new Set<number>();
  #all = false;

  /** Adds some of so many. */
  add(places: readonly number[], of: number): void {
    if (places.length === of) this.#all = true;
    if (this.#all) return;
    spend(places.length / 8);
    for (const place of places) this.#some.add(place);
  }

  has(place: number): boolean {
    return this.#all || this.#some.has(place);
  }
}

/** At which of the targets somebody without an identity gets in, whatever decides about others. */
function entrance(
  policies: readonly ConfigView[],
  select: Selecting,
  refused: ReadonlySet<number>,
  count: number,
): (place: number) => boolean {
  const [limited, admitting] = [new Places(), new Places()];
  for (const policy of policies.filter(({ spec }) => (text(spec['action']) ?? 'ALLOW') === 'ALLOW')) {
    const places = select(selectorOf(policy));
    spend(1);
    limited.add(places, count);
    if (admitsNameless(policy)) admitting.add(places, count);
  }
  return (place) => !refused.has(place) && (!limited.has(place) || admitting.has(place));
}

interface PolicyLists {
  readonly deciding: readonly ConfigView[];
  readonly peers: readonly ConfigView[];
}

function policiesOf(there: There): PolicyLists {
  return {
    deciding: there.configs('AuthorizationPolicy').filter(isAsked),
    peers: there.configs('PeerAuthentication'),
  };
}

function byCaller({ deciding }: PolicyLists): readonly ConfigView[] {
  return deciding.filter(({ spec }) => asksWhoCalls(spec));
}

function decidingAt(there: There, calling: Calling): Deciding {
  const lists = policiesOf(there);
  const { deciding, peers } = lists;
  const policies = byCaller(lists);
  if (policies.length === 0 && !peers.some(asksForStrict)) return { policies: [], strict: [] };
  const same = [
    ...Map.groupBy(targetsOf(there, calling.as), ({ name: _name, family: _family, ...rest }) =>
      JSON.stringify(rest),
    ).values(),
  ];
  const targets = same.flatMap((each) => each.slice(0, 1));
  const labels = targets.map((target) => target.labels);
  const select = selecting(labels, spend);
  const atSidecars = selecting(
    labels.map((each) => ({ ...each, [tlsModeLabel]: 'istio' })),
    spend,
  );
  const mtls = mtlsOfMany(labels, select, peersAmong(peers), there.name, there.mesh.rootNamespace);
  const refused = new Set(
    mtls
      .filter(({ mtls: { mode, ports } }) => [mode, ...Object.values(ports)].every((each) => each === 'STRICT'))
      .flatMap(({ places }) => places),
  );
  const strict = new Set(mtls.filter((each) => asksStrict(each.mtls)).flatMap(({ places }) => places));
  const plaintext = plaintextTo(targets, there, select, calling);
  const getsIn = entrance(deciding, atSidecars, refused, targets.length);

  /** Not by the first pod's way alone: which pod is the first changes, and what is remembered of the ways must not. */
  function alike(places: readonly number[]): readonly Alike[] {
    spend(1 + places.length / 4);
    return [...Map.groupBy(places, (place) => `${getsIn(place)} ${plaintext[place]?.how}`).values()].map((group) => {
      const called = group.flatMap((place) => same[place] ?? []);
      return {
        pods: called.map(({ name }) => name),
        families: eachFamily(called.map(({ family }) => family)),
        getsIn: group.slice(0, 1).some(getsIn),
        plaintext: plaintext[group[0] ?? 0],
      };
    });
  }
  const everywhere = alike([...targets.keys()]);
  const left = new Set([...strict].filter((place) => plaintext[place] !== undefined));
  return {
    policies: policies.map((policy) => {
      const places = atSidecars(selectorOf(policy));
      return { policy, at: places.length === targets.length ? everywhere : alike(places) };
    }),
    strict: peers
      .filter(asksForStrict)
      .map((policy) => ({ policy, at: alike(select(selectorOf(policy)).filter((place) => left.delete(place))) })),
  };
}

const untold = 'of which it takes more steps to tell than one look may take';

/** Where that takes too long to tell, each policy may decide about calls in plaintext, also by a headless Service. */
function anyOf(there: There, { as }: Calling): Deciding {
  const lists = policiesOf(there);
  const count = targetsOf(there, as).length;
  if (count === 0) return { policies: [], strict: [] };
  const headless = there.services().some((service) => service.headless);
  const at: readonly Alike[] = [
    {
      pods: [`${count} pods and workloads, ${untold}`],
      families: [anybody],
      getsIn: true,
      plaintext: { ...always('by the address of a pod'), headless },
    },
  ];
  return {
    policies: byCaller(lists).map((policy) => ({ policy, at })),
    strict: lists.peers.filter(asksForStrict).map((policy) => ({ policy, at })),
  };
}

/** What of a namespace decides by who calls, at what, and how calls in plaintext would get there. */
export const decidingByCaller = question<Deciding, Calling>({ ask: decidingAt, otherwise: anyOf });

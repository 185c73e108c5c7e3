import type { ServiceFacts } from './world.ts';

/*
 * What the hosts of an object name, read once for as long as the object stays as it is. Whoever writes an object with thousands of hosts pays for
 * reading them; every other namespace asks whether its own are among them, which takes as long however many there are.
 */

/**
 * `reviews`, `reviews.shop` or `reviews.shop.svc.cluster.local`: the namespace, with short names in the object's own.
 */
export function namespaceOfHost(host: string, own: string): string | undefined {
  const parts = host.split('.');
  if (parts.length === 1) return own;
  return parts.length === 2 || parts[2] === 'svc' ? parts[1] : undefined;
}

/**
 * The Service that a host without a wildcard names, whether there is one or not; undefined for a host that can be none.
 */
export function serviceOfHost(host: string, home: string): Pick<ServiceFacts, 'namespace' | 'name'> | undefined {
  const [name = '', namespace = home, ...rest] = host.split('.');
  const suffix = rest.join('.');
  return rest.length === 0 || ['svc', 'svc.cluster', 'svc.cluster.local'].includes(suffix)
    ? { namespace, name }
    : undefined;
}

/** What wildcards end with: looked up by length, of which there are few that are no longer than a name. */
class Endings {
  readonly #all: ReadonlySet<string>;
  readonly #lengths: readonly number[];

  constructor(all: readonly string[]) {
    this.#all = new Set(all);
    this.#lengths = [...new Set(all.map(({ length }) => length))].sort((a, b) => a - b);
  }

  /** Whether a name ends with one of them. */
  cover(name: string): boolean {
    for (const length of this.#lengths) {
      if (length > name.length) return false;
      if (this.#all.has(name.slice(name.length - length))) return true;
    }
    return false;
  }
}

/** A host, and the namespace of the object in which it stands. */
export interface HostOf {
  readonly host: string;
  readonly home: string;
}

const none: ReadonlySet<string> = new Set();

/**
 * What some hosts name. Of most objects of others nobody ever asks more than for the namespaces, so that no more is
 * kept of them.
 */
export class Names {
  readonly #hosts: () => readonly HostOf[];
  readonly #endings: Endings;
  #services: ReadonlyMap<string, ReadonlySet<string>> | undefined;
  /** Namespaces that they name. */
  readonly namespaces: ReadonlySet<string>;

  constructor(hosts: () => readonly HostOf[]) {
    const all = hosts();
    this.#hosts = hosts;
    this.namespaces = new Set(
      all.map(({ host, home }) => namespaceOfHost(host, home)).filter((namespace) => namespace !== undefined),
    );
    this.#endings = new Endings(all.filter(({ host }) => host.startsWith('*')).map(({ host }) => host.slice(1)));
  }

  /** Whether a Service is among those that they name. */
  has({ namespace, name }: Pick<ServiceFacts, 'namespace' | 'name'>): boolean {
    if (this.#endings.cover(`${name}.${namespace}.svc.cluster.local`)) return true;
    return this.into(namespace).has(name);
  }

  /** Names of Services of a namespace, whether they are there or not; of hosts with a wildcard none. */
  into(namespace: string): ReadonlySet<string> {
    if (!this.namespaces.has(namespace)) return none;
    this.#services ??= servicesOf(this.#hosts());
    return this.#services.get(namespace) ?? none;
  }

  /** Whether Services of a namespace may be among them. */
  reachInto(namespace: string): boolean {
    return this.namespaces.has(namespace) || this.#endings.cover(`any.${namespace}.svc.cluster.local`);
  }
}

/** Names of Services, by namespace. */
function servicesOf(hosts: readonly HostOf[]): ReadonlyMap<string, ReadonlySet<string>> {
  const found = hosts
    .filter(({ host }) => !host.startsWith('*'))
    .map(({ host, home }) => serviceOfHost(host, home))
    .filter((service) => service !== undefined);
  return new Map(
    [...Map.groupBy(found, ({ namespace }) => namespace)].map(([namespace, services]) => [
      namespace,
      new Set(services.map(({ name }) => name)),
    ]),
  );
}

import type { World } from '../scenarios/world.ts';
import { policiesOf } from './policies.ts';
import type { Counts } from './report.ts';

/** Label key to value. */
export type Labels = Readonly<Record<string, string>>;

/** A namespace as kubectl would show it. */
export interface Observed {
  readonly counts: Counts;
  readonly labels: Labels;
  /** Pod templates by workload. */
  readonly templates: Readonly<Record<string, unknown>>;
  /** What the policies of its owner say, by kind and name. */
  readonly policies: Readonly<Record<string, unknown>>;
}

/** Looks at one namespace. */
export async function observe(world: World, namespace: string): Promise<Observed> {
  const { Sidecar = 0, Ambient = 0, None = 0 } = await world.modes(namespace);
  const { labels, templates } = await world.snapshot(namespace);
  const policies = Object.fromEntries(
    (await policiesOf(world, namespace, 'Owner')).map(({ kind = '', metadata, spec }) => [
      `${kind} ${metadata.name}`,
      spec,
    ]),
  );
  return { counts: { Sidecar, Ambient, None }, labels, templates, policies };
}

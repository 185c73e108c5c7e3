import { extend } from '../../../base/lists.ts';
import { listed } from '../../../base/counted.ts';
import { spend } from '../../../base/effort.ts';
import type { Surroundings } from '../../adapter.ts';
import type { ConfigView } from '../../views.ts';
import { readerIn, type MetricReader } from '../settings/metric-readers.ts';
import { nameOf } from '../vocabulary/objects.ts';

/** What reads metrics, and what it reads. */
export interface Reader {
  readonly object: ConfigView;
  readonly reader: MetricReader;
}

/** What somebody of the namespace leaves the questions to. */
interface Asked extends Reader {
  /** Who does. */
  readonly by: string;
}

/** Kinds of which those of other namespaces are asked, or that have none. */
const kinds = ['ClusterAnalysisTemplate', 'MetricTemplate'];

/** Those who ask that are named. */
const most = 3;

/**
 * Templates that stand elsewhere and are asked by some of the namespace, directly or by others that are asked. What is
 * asked there is named by `KIND NAME` as findings name objects.
 */
export function askedElsewhere(readers: readonly Reader[], { mesh, namespace }: Surroundings): readonly Asked[] {
  const askers = new Map<string, string[]>();
  const waiting: (readonly [name: string, by: string])[] = readers.flatMap(({ object, reader: { asks = [] } }) =>
    asks.map((name) => [name, nameOf(object)] as const),
  );
  if (waiting.length === 0) return [];
  const elsewhere = kinds.flatMap((kind) => mesh.configs(kind)).filter((each) => each.namespace !== namespace.name);
  spend(elsewhere.length + waiting.length);
  const byName = new Map(elsewhere.map((object) => [nameOf(object), object]));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [name, by] = next;
    const object = byName.get(name);
    if (object === undefined) continue;
    const known = askers.get(name);
    known?.push(by);
    if (known !== undefined) continue;
    askers.set(name, [by]);
    const { asks = [] } = readerIn(object.spec);
    spend(asks.length);
    extend(
      waiting,
      asks.map((each) => [each, by] as const),
    );
  }
  return [...askers].flatMap(([name, by]) => {
    const object = byName.get(name);
    return object === undefined
      ? []
      : [{ object, reader: readerIn(object.spec), by: listed([...new Set(by)].sort(), most) }];
  });
}

import { isCounting, type Gate } from '../../api/gates.ts';
import { quoted } from '../../prometheus/promql.ts';
import type { Want } from './want.ts';

/** A gate and a namespace of which it asks. */
export interface Asked {
  readonly gate: Gate;
  readonly want: Want;
}

/** What a gate asks, whomever it is about. */
function askedBy(gate: Gate, { to, itinerary }: Want): readonly unknown[] {
  const { baseline, alerts } = gate;
  if (!isCounting(gate)) return [alerts?.matchers, baseline.window];
  const { prometheus } = gate;
  const { preset, slowerThan, extraMatchers, query, total, interval } = prometheus;
  return [preset, slowerThan, extraMatchers, query, total, interval, baseline.window, to, itinerary];
}

/** Gates that ask the same wait for each other; those that ask something else do not wait for them. */
export function laneOf({ gate, want }: Asked): string {
  return JSON.stringify(askedBy(gate, want));
}

/** What is the same for all namespaces of which a gate asks the same; PromQL of a user is about one. */
export function inquiryOf({ gate, want }: Asked): string {
  const alone = isCounting(gate) && gate.prometheus.preset === undefined ? want.namespace : '';
  return JSON.stringify([...askedBy(gate, want), alone]);
}

/** They stand in a URL up to nine times, of which proxies take some 8,000 characters. */
const mostCharacters = 500;

/** What stands beside them as often, as a URL has it. */
function besides({ gate: { prometheus } }: Asked): number {
  return (prometheus?.extraMatchers ?? []).reduce(
    (all, { label, value }) => all + inUrl(`,${label}=${quoted(value)}`),
    0,
  );
}

function inUrl(text: string): number {
  return new URLSearchParams({ '': text }).toString().length;
}

/** So many at a time that a question about them can be sent. */
export function inQuestions(all: readonly Asked[]): readonly (readonly Asked[])[] {
  const groups: Asked[][] = [];
  const names = new Set<string>();
  let characters = Infinity;
  for (const each of all) {
    const { namespace } = each.want;
    if (!names.has(namespace)) characters += inUrl(`${namespace}|`);
    if (characters > mostCharacters) {
      groups.push([]);
      names.clear();
      characters = besides(each) + inUrl(`${namespace}|`);
    }
    names.add(namespace);
    groups.at(-1)?.push(each);
  }
  return groups;
}

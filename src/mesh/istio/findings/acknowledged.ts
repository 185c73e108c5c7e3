import type { Acknowledged, Surroundings } from '../../adapter.ts';

/** What is asked about. */
interface Subject {
  readonly id: string;
  readonly object: string;
}

/** What somebody has said of a finding: `Blocks` where that is over, and the namespace is not started. */
export type Answer =
  | { readonly kind: 'None' }
  | { readonly kind: 'Acknowledged' | 'Blocks'; readonly said: string; readonly entry: Acknowledged };

function isAbout(entry: Acknowledged, { id, object }: Subject, namespace: string): boolean {
  return (
    entry.id === id &&
    (entry.namespace === undefined || entry.namespace === namespace) &&
    (entry.object === undefined || entry.object === object)
  );
}

function sayingOf({ until, reason, by }: Acknowledged, over: string): string {
  const who = by === undefined ? '' : ` by ${by}`;
  return `acknowledged${who} until ${until}${over}, because ${reason}: `;
}

/** What `spec.acknowledge` makes of a critical finding: of several entries one counts whose time is not over. */
export function answerTo(subject: Subject, { acknowledged = [], namespace, itinerary }: Surroundings): Answer {
  const about = acknowledged.filter((entry) => isAbout(entry, subject, namespace.name));
  const entry = about.find(({ isOver }) => !isOver) ?? about.at(0);
  if (entry === undefined) return { kind: 'None' };
  if (!entry.isOver) return { kind: 'Acknowledged', said: sayingOf(entry, ''), entry };
  // Whoever has started by it is taken nowhere by the end of its time: he would be half-way for a date.
  return { kind: itinerary === undefined ? 'Blocks' : 'Acknowledged', said: sayingOf(entry, ', which is over'), entry };
}

import type { Finding } from '../api/common.ts';
import { cutText } from '../base/cut-text.ts';

/** As many as the API admits. */
const most = 100;

const longest = 1024;

/** Whether there may be more than are told. */
export function isFull(findings: readonly Finding[]): boolean {
  return findings.length >= most;
}

/** The finding, with how many of its kind are not told. */
function withMore(finding: Finding, count: number): Finding {
  const more = ` (and ${count} more of ${finding.id})`;
  return { ...finding, message: `${cutText(finding.message, longest - more.length)}${more}` };
}

/**
 * As many findings as are told, in the order that they have. Of each id at least the first is among them, and the last
 * of it says how many there are besides. Those that are `late` have a place only where all others have one: whoever
 * makes many things has many findings, and must hide none by them. Those of its own that somebody has answered for come first:
 * whoever approves of its plan reads them there.
 */
export function fewFindings(
  findings: readonly Finding[],
  isAnswered: (finding: Finding) => boolean = () => false,
  late: ReadonlySet<Finding> = new Set(),
): readonly Finding[] {
  if (findings.length <= most) return findings;
  const firsts = [...Map.groupBy(findings, ({ id }) => id).values()].flatMap(([first]) => first ?? []);
  const inTurn = [
    ...firsts,
    ...findings.filter(isAnswered),
    ...findings.filter((each) => !late.has(each)),
    ...findings.filter((each) => late.has(each)),
  ];
  const kept = new Set([...new Set(inTurn)].slice(0, most));
  const left = Map.groupBy(
    findings.filter((each) => !kept.has(each)),
    ({ id }) => id,
  );
  const told = findings.filter((each) => kept.has(each));
  return told.map((finding, at) => {
    const more = told.slice(at + 1).some(({ id }) => id === finding.id) ? [] : (left.get(finding.id) ?? []);
    return more.length === 0 ? finding : withMore(finding, more.length);
  });
}

/** Levels that an object may have: no kind has a tenth of them, and whatever reads one recurses. */
const most = 200;

function isBranch(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/**
 * Whether a value has more levels than anybody needs, or ends nowhere: an alias of YAML may stand within its own
 * anchor. Level by level, because to recurse is what it must not; what stands on a level twice is looked into once.
 */
export function isTooDeep(value: unknown): boolean {
  let level = isBranch(value) ? new Set<object>([value]) : new Set<object>();
  for (let depth = 0; level.size > 0; depth += 1) {
    if (depth === most) return true;
    const next = new Set<object>();
    for (const branch of level) for (const member of Object.values(branch)) if (isBranch(member)) next.add(member);
    level = next;
  }
  return false;
}

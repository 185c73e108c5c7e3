/** What each machine does at its own pace: some ten milliseconds of reading, writing and looking up. */
function measure(): void {
  const text = JSON.stringify(
    Array.from({ length: 12_000 }, (_, index) => ({ name: `n${index}`, labels: { a: 'b' } })),
  );
  const read = JSON.parse(text) as readonly { readonly name: string }[];
  const names = new Map(read.map((each) => [each.name, each]));
  if (names.size !== 12_000) throw new Error('a Map has lost a key');
}

function cpuOf(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  return process.cpuUsage(before).user;
}

/** The least of three: the first is not compiled yet, and any may meet a garbage collection. */
function leastCpuOf(work: () => unknown): number {
  return Math.min(cpuOf(work), cpuOf(work), cpuOf(work));
}

/**
 * How much CPU some work takes, in measures of a fixed piece of work that is done right before it. For what no count of
 * steps can tell, a regular expression above all: the difference has to be one of a hundred times, so that neither a
 * slow machine nor a busy one decides.
 */
export function costOf(work: () => unknown): number {
  const one = leastCpuOf(measure);
  return cpuOf(work) / one;
}

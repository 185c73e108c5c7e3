/**
 * What a bare `npm test` leaves out: of the files under a path all but one in so many, and in each of these all tests but
 * one in so many. The first row that fits counts; docs/testing.md says the same.
 */
const rows = [
  { path: 'test/sim/crash.test.ts', files: 1, tests: 1 },
  { path: 'test/sim/crash-to-waypoint.test.ts', files: 1, tests: 1 },
  { path: 'test/sim/crash-from-waypoint.test.ts', files: 1, tests: 1 },
  { path: 'test/sim/scenarios.test.ts', files: 1, tests: 30 },
  { path: 'test/sim/', files: 3, tests: 4 },
  { path: 'src/mesh/istio/network/cuts', files: 1, tests: 6 },
  { path: 'src/mesh/istio/findings/cost-of', files: 1, tests: 3 },
  { path: 'src/mesh/istio/findings/wide-selectors', files: 1, tests: 3 },
  { path: 'src/mesh/istio/waypoint/effort', files: 1, tests: 3 },
  { path: 'src/mesh/istio/policy/translate/to-sidecar/', files: 1, tests: 3 },
  { path: 'src/plan/windows', files: 1, tests: 2 },
  { path: 'test/manifests/parity', files: 1, tests: 3 },
];

function rowOf(file) {
  return rows.find(({ path }) => file.startsWith(path)) ?? { files: 1, tests: 1 };
}

/** Where a file begins to count: always at the same test, and not all files at their first. */
function offsetOf(file) {
  let sum = 0;
  for (const byte of Buffer.from(file)) sum = (sum * 31 + byte) % 65_521;
  return sum;
}

/** Whoever names a test or a file means all of it. */
function isNamed({ nonFlagArgs, testNamePattern }) {
  return nonFlagArgs.length > 0 || (testNamePattern ?? '') !== '';
}

/**
 * How large a part is left of what is sampled: everything with EVERY_CASE=1, every second with EVERY_SECOND_CASE=0 or 1
 * (the one half or the other), and otherwise what each sample says.
 */
export function sampleOf(config) {
  if (isNamed(config) || process.env.EVERY_CASE === '1') return { most: 1, from: 0 };
  const half = process.env.EVERY_SECOND_CASE ?? '';
  return half === '' ? { most: Infinity, from: 0 } : { most: 2, from: Number(half) };
}

/** Whether a file is left out as a whole; never where more than a bare run is asked for. */
export function isLeftOut(file, { most }) {
  return most === Infinity && offsetOf(file) % rowOf(file).files !== 0;
}

/** Which tests of a file are taken: one in `share`, counted from `offset`. */
export function partOf(file, { most, from }) {
  const { files, tests } = rowOf(file);
  return { share: Math.min(tests, most), offset: Math.floor(offsetOf(file) / files) + from };
}

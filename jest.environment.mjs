import { relative } from 'node:path';
import vm from 'node:vm';
import { TestEnvironment } from 'jest-environment-node';

/**
 * Of which files a bare `npm test` takes one test in so many; the first row that fits counts. docs/testing.md says the
 * same.
 */
const shares = [
  ['test/sim/crash', 1],
  ['test/sim/scenarios.test.ts', 24],
  ['test/sim/', 12],
  ['src/mesh/istio/network/cuts', 3],
  ['src/mesh/istio/findings/cost-of', 3],
  ['src/mesh/istio/findings/wide-selectors', 3],
  ['src/mesh/istio/waypoint/effort', 3],
  ['src/mesh/istio/policy/translate/to-sidecar/', 3],
  ['test/manifests/parity', 3],
];

function shareOf(file) {
  return shares.find(([start]) => file.startsWith(start))?.[1] ?? 1;
}

/** Where a file begins to count: always at the same test, and not all files at their first. */
function offsetOf(file) {
  let sum = 0;
  for (const byte of Buffer.from(file)) sum = (sum * 31 + byte) % 65_521;
  return sum;
}

/** Every context has its own; those outside stand in for them, because what Node.js returns is made of these. */
const shared = ['ArrayBuffer', 'Buffer', 'Uint8Array'];

/** What a property of Node.js is inside: the lazy ones stay so. */
function inside(sandbox, key) {
  const outside = Object.getOwnPropertyDescriptor(globalThis, key);
  const { enumerable, ...own } = Object.getOwnPropertyDescriptor(sandbox, key);
  if ('value' in own) return { ...own, enumerable };
  if (outside !== undefined && 'value' in outside)
    return { configurable: true, enumerable, writable: true, value: outside.value };
  return { configurable: true, enumerable, get: () => globalThis[key] };
}

function globalLike(sandbox) {
  const global = vm.createContext(vm.constants.DONT_CONTEXTIFY);
  for (const key of Reflect.ownKeys(sandbox)) {
    if (!Object.hasOwn(global, key) || shared.includes(key)) Object.defineProperty(global, key, inside(sandbox, key));
  }
  global.global = global;
  global.Error.stackTraceLimit = sandbox.Error.stackTraceLimit;
  return global;
}

/** Whoever names a test or a file means all of it. */
function isNamed({ nonFlagArgs, testNamePattern }) {
  return nonFlagArgs.length > 0 || (testNamePattern ?? '') !== '';
}

/**
 * How large a part is left of what is sampled: everything with EVERY_CASE=1, every second with EVERY_SECOND_CASE=0 or 1
 * (the one half or the other), and otherwise what each sample says.
 */
function sampleOf(config) {
  if (isNamed(config) || process.env.EVERY_CASE === '1') return { most: 1, from: 0 };
  const half = process.env.EVERY_SECOND_CASE ?? '';
  return half === '' ? { most: Infinity, from: 0 } : { most: 2, from: Number(half) };
}

function testsIn({ children }) {
  return children.flatMap((child) => (child.type === 'test' ? [child] : testsIn(child)));
}

/**
 * Jest's environment for Node.js on an ordinary global object. Jest's own is a Proxy behind interceptors, through which
 * every mention of `Map`, `Array` or `Promise` goes: some twenty times as slow as in a program, and half of the time of
 * tests that compute much.
 */
export default class OrdinaryGlobal extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    this.global = globalLike(this.global);
    this.context = this.global;
    this.global.sample = sampleOf(config.globalConfig);
    this.simulates = /\/test\/(?:sim|campaign)\//.test(context.testPath);
    const file = relative(config.globalConfig.rootDir, context.testPath);
    this.share = Math.min(shareOf(file), this.global.sample.most);
    this.offset = offsetOf(file) + this.global.sample.from;
  }

  async setup() {
    await super.setup();
    if (this.simulates) this.global.modelClasses = (await import('./test/sim/model-classes.ts')).modelClasses;
  }

  /** What is left out is reported as skipped. */
  handleTestEvent({ name }, { rootDescribeBlock }) {
    if (name !== 'run_start') return;
    for (const [index, test] of testsIn(rootDescribeBlock).entries()) {
      if ((index + this.offset) % this.share !== 0) test.mode = 'skip';
    }
  }
}

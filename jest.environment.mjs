import vm from 'node:vm';
import { TestEnvironment } from 'jest-environment-node';

/**
 * Of these, which run a whole cluster in each test, a bare `npm test` takes one test in three, always the same ones.
 */
const sampled = [
  'scenarios',
  'ways-out',
  'order.mutations',
  'service-records',
  'relabelled',
  'back-together',
  'courses',
  'fights',
  'callers-from-prometheus',
  'mesh-config',
  'true-endings',
  'records-refused',
  'lost-journal',
  'lost-journal-early',
  'late-writes',
  'foreign-time',
].map((name) => `/test/sim/${name}.test.ts`);
const share = 3;

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

/** Whoever names a test or a file means all of it, and EVERY_CASE=1 means everything. */
function isEveryCase({ nonFlagArgs, testNamePattern }) {
  return process.env.EVERY_CASE === '1' || nonFlagArgs.length > 0 || (testNamePattern ?? '') !== '';
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
    this.global.everyCase = isEveryCase(config.globalConfig);
    this.isSample = !this.global.everyCase && sampled.some((file) => context.testPath.endsWith(file));
  }

  /** What is left out is reported as skipped. */
  handleTestEvent({ name }, { rootDescribeBlock }) {
    if (name !== 'run_start' || !this.isSample) return;
    for (const [index, test] of testsIn(rootDescribeBlock).entries()) {
      if (index % share !== 0) test.mode = 'skip';
    }
  }
}

import { relative } from 'node:path';
import vm from 'node:vm';
import { TestEnvironment } from 'jest-environment-node';
import { partOf, sampleOf } from './jest.sample.mjs';

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
    this.part = partOf(file, this.global.sample);
  }

  async setup() {
    await super.setup();
    if (this.simulates) this.global.modelClasses = (await import('./test/sim/model-classes.ts')).modelClasses;
  }

  /** What is left out is reported as skipped. */
  handleTestEvent({ name }, { rootDescribeBlock }) {
    if (name !== 'run_start') return;
    const { share, offset } = this.part;
    for (const [index, test] of testsIn(rootDescribeBlock).entries()) {
      if ((index + offset) % share !== 0) test.mode = 'skip';
    }
  }
}

import { relative } from 'node:path';
import TestSequencer from '@jest/test-sequencer';
import { isLeftOut, sampleOf } from './jest.sample.mjs';

const Base = TestSequencer.default ?? TestSequencer;

/** Where whole migrations are run, or many: minutes where others take seconds. The longest first. */
const long = [
  'test/sim/scenarios',
  'test/sim/ways-out',
  'test/sim/crash-to-waypoint',
  'test/sim/taken-back',
  'src/engine/decide.model',
  'test/sim/crash',
  'test/sim/faults',
  'src/mesh/istio/waypoint/effort',
  'test/sim/order.mutations',
  'test/sim/',
];

function rank({ path }) {
  const place = long.findIndex((each) => path.includes(`/${each}`));
  return place < 0 ? long.length : place;
}

/**
 * On a fresh clone Jest begins with the largest files, and the longest tests are not in them: the last would run alone,
 * on one core. What a bare run leaves out as a whole (jest.sample.mjs) is not even loaded.
 */
export default class LongestFirst extends Base {
  constructor(options) {
    super(options);
    this.config = options.globalConfig;
  }

  sort(tests) {
    const sample = sampleOf(this.config);
    const taken = [...super.sort(tests)].filter(({ path }) => !isLeftOut(relative(this.config.rootDir, path), sample));
    return taken.sort((a, b) => rank(a) - rank(b));
  }
}

import { clientNode } from './jest.client-node.mjs';

export default {
  testEnvironment: '<rootDir>/jest.environment.mjs',
  testSequencer: '<rootDir>/jest.sequencer.mjs',
  injectGlobals: false,
  extensionsToTreatAsEsm: ['.ts'],
  testMatch: ['<rootDir>/src/**/*.test.ts', '<rootDir>/test/**/*.test.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, module: { type: 'es6' } },
    ],
  },
  moduleNameMapper: { '^@kubernetes/client-node$': await clientNode() },
  workerIdleMemoryLimit: '700MB',
  // Jest leaves one core idle by default, which is half of a small machine.
  maxWorkers: '100%',
  testTimeout: 60_000,
};

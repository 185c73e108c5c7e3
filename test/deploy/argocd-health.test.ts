import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LuaFactory, type LuaEngine } from 'wasmoon';
import { parse } from 'yaml';

const folder = 'deploy/argocd';

interface HealthTests {
  readonly tests: readonly { readonly healthStatus: Readonly<Record<string, string>>; readonly inputPath: string }[];
}

function read(path: string): string {
  return readFileSync(`${folder}/${path}`, 'utf8');
}

const { tests } = parse(read('health_test.yaml')) as HealthTests;

/** As Argo CD runs the script: the object is the global `obj`, the health is what it returns. */
describe('health.lua', () => {
  let lua: LuaEngine;
  beforeAll(async () => {
    lua = await new LuaFactory().createEngine();
  });
  afterAll(() => {
    lua.global.close();
  });

  it.each(tests.map((test) => [test.inputPath, test] as const))(
    'says of %s what health_test.yaml expects',
    (_path, { healthStatus, inputPath }) => {
      lua.global.set('obj', parse(read(inputPath)));
      expect(lua.doStringSync(read('health.lua'))).toEqual(healthStatus);
    },
  );
});

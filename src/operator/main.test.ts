import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { oneIn } from '../../test/support/sample.ts';
import { version } from '../base/version.ts';

const root = join(import.meta.dirname, '..', '..');

/** A process loads a thousand modules; what compiling them gave is kept from one to the next. */
const compiled = join(root, 'node_modules', '.cache', 'mesh-migration-operator', 'compiled');

function operator(...args: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(root, 'src', 'operator', 'main.ts'), ...args],
    { encoding: 'utf8', env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: compiled } },
  );
}

describe('the command line of the operator', () => {
  it('prints the version of package.json', () => {
    const { version: published } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      readonly version: string;
    };
    expect(version).toBe(published);
    expect(operator('--version')).toMatchObject({ stdout: `${published}\n`, status: 0 });
  });

  it.each([[['--prometheus-url', 'u:S3CRET@h:9090']], [['--prometheus-url=', 'http://u:S3CRET@h']]])(
    '%j ends it without a word of the secret',
    (args) => {
      const { stdout, stderr, status } = operator(...args);
      expect(`${stdout}${stderr}`).not.toContain('S3CRET');
      expect(stderr).not.toBe('');
      expect(status).toBe(2);
    },
  );

  it.each(
    oneIn<[readonly string[], string]>(3, [
      [['--log-level', 'loud'], '--log-level must be one of debug, info, warn, error, not "loud"'],
      [['--max-concurrent-namespaces', '0'], '--max-concurrent-namespaces must be a whole number, not "0"'],
      [['--health-port', 'http'], '--health-port must be a whole number, not "http"'],
      [['--metrics-port='], '--metrics-port must be a whole number, not ""'],
      [['--colour'], 'colour'],
      [['--kubeconfig', '/no/such/file'], '/no/such/file'],
      [
        ['--prometheus-url', 'prometheus:9090'],
        '--prometheus-url must begin with http:// or https://, not "prometheus:9090"',
      ],
    ]),
  )('%j ends it with a message', (args, message) => {
    const { stderr, status } = operator(...args);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(status).toBeGreaterThan(0);
  });
});

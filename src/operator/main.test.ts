import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { version } from '../base/version.ts';

const root = join(import.meta.dirname, '..', '..');

function operator(...args: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', join(root, 'src', 'operator', 'main.ts'), ...args], { encoding: 'utf8', env: { PATH: process.env['PATH'] } });
}

describe('the command line of the operator', () => {
  it('prints the version of package.json', () => {
    const { version: published } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string };
    expect(version).toBe(published);
    expect(operator('--version')).toMatchObject({ stdout: `${published}\n`, status: 0 });
  });

  it.each([
    [['--log-level', 'loud'], '--log-level must be one of debug, info, warn, error, not "loud"'],
    [['--max-concurrent-namespaces', '0'], '--max-concurrent-namespaces must be a whole number, not "0"'],
    [['--health-port', 'http'], '--health-port must be a whole number, not "http"'],
    [['--colour'], 'colour'],
    [['--kubeconfig', '/no/such/file'], '/no/such/file'],
    [['--prometheus-url', 'prometheus:9090'], '--prometheus-url must begin with http:// or https://, not "prometheus:9090"'],
    [['--prometheus-url', 'https://p/?tenant=a'], 'without query or fragment'],
    [['--callers-window', '7d'], '--callers-window needs --prometheus-url'],
    [['--prometheus-url', 'http://p', '--callers-window', '7m'], '--callers-window must be hours or days, at most 90 days, for example 36h or 7d, not "7m"'],
    [['--prometheus-url', 'http://p', '--callers-window', '91d'], 'at most 90 days'],
    [['--prometheus-url', 'http://p', '--callers-window', '0h'], 'hours or days'],
    [['--prometheus-url', 'https://p', '--prometheus-token-file', '/no/such/token'], "--prometheus-token-file: ENOENT: no such file or directory, access '/no/such/token'"],
    [['--prometheus-url', 'https://p', '--prometheus-ca-file', '/no/such/ca'], '--prometheus-ca-file: ENOENT'],
    [['--prometheus-url', 'http://p', '--prometheus-token-file', join(root, 'package.json')], '--prometheus-token-file needs a --prometheus-url with https://'],
  ])('%j ends it with a message', (args, message) => {
    const { stderr, status } = operator(...args);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(status).toBeGreaterThan(0);
  });
});

it('does not repeat the password of a URL', () => {
  const { stderr, status } = operator('--prometheus-url', 'https://me:hunter2@prometheus');
  expect(stderr).toBe('--prometheus-url must not hold a user or password: use --prometheus-token-file\n');
  expect(status).toBe(2);
});

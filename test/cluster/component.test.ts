import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ComponentError, componentHealth, componentRecords, startComponent, stopComponents } from './component.ts';
import { withFileLock } from './file-lock.ts';
import { freePorts } from './ports.ts';
import { identityOf, isRunning, signalProcess } from './process-identity.ts';

const signal = new AbortController().signal;
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'component-'));
});
afterEach(async () => {
  await stopComponents(directory, componentRecords(directory));
  rmSync(directory, { recursive: true });
});

function server(port: number): { readonly file: string; readonly args: readonly string[]; readonly healthUrl: string } {
  const script = `require('node:http').createServer((q, s) => s.end()).listen(${port}, '127.0.0.1')`;
  return { file: process.execPath, args: ['-e', script], healthUrl: `http://127.0.0.1:${port}/` };
}

describe('components', () => {
  it('are healthy once started, can be found again by their record, and are gone after stopping', async () => {
    const { apiServer } = await freePorts();
    await startComponent(directory, { name: 'one', ...server(apiServer) }, signal);
    const records = componentRecords(directory);
    expect(records.map(({ name }) => name)).toEqual(['one']);
    const [record] = records;
    if (record === undefined) throw new Error('no record');
    await expect(componentHealth(record, signal)).resolves.toBe('healthy');
    await stopComponents(directory, records);
    await expect(componentHealth(record, signal)).resolves.toBe('ended');
    expect(componentRecords(directory)).toEqual([]);
  });

  it('that end at once fail with the end of their log', async () => {
    const spec = {
      name: 'bad',
      file: process.execPath,
      args: ['-e', 'console.error("no such flag"); process.exit(2)'],
      healthUrl: 'http://127.0.0.1:1/',
    };
    const failure = startComponent(directory, spec, signal);
    await expect(failure).rejects.toThrow(/bad ended while it was starting.*no such flag/s);
  });

  it('that find their port taken say so', async () => {
    const { apiServer, scheduler } = await freePorts();
    await startComponent(directory, { name: 'first', ...server(apiServer) }, signal);
    const second = { name: 'second', ...server(apiServer), healthUrl: `http://127.0.0.1:${scheduler}/` };
    const failure: unknown = await startComponent(directory, second, signal).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ComponentError);
    expect((failure as ComponentError).portClash).toBe(true);
  });

  it('are the same process after an exec, during which the kernel shows an empty command line for an instant', async () => {
    const child = spawn('sh', ['-c', 'echo ready; read line; exec sleep 60'], { stdio: ['pipe', 'pipe', 'ignore'] });
    await once(child.stdout, 'data');
    const identity = identityOf(child.pid ?? -1);
    if (identity === undefined) throw new Error('the shell is not running');
    child.stdin.end('go\n');
    while (!readFileSync(`/proc/${identity.pid}/cmdline`, 'utf8').startsWith('sleep')) await new Promise(setImmediate);
    expect(isRunning(identity)).toBe(true);
    signalProcess(identity, 'SIGKILL');
    await once(child, 'exit');
    expect(isRunning(identity)).toBe(false);
  });

  it('that ignore SIGTERM are ended by force', async () => {
    const {
      file,
      args: [flag = '', script = ''],
      healthUrl,
    } = server((await freePorts()).apiServer);
    const args = [flag, `process.on('SIGTERM', () => {}); ${script}`];
    await startComponent(directory, { name: 'stubborn', file, args, healthUrl }, signal);
    const records = componentRecords(directory);
    await stopComponents(directory, records, 200);
    expect(records.map(({ process }) => isRunning(process))).toEqual([false]);
  });
});

describe('a process with a reused pid', () => {
  it('is not taken for the one that was recorded, and not ended', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    try {
      await once(child, 'spawn');
      const identity = identityOf(child.pid ?? 0);
      if (identity === undefined) throw new Error('the child does not run');
      const earlier = { pid: identity.pid, birth: `0 ${identity.birth}` };
      expect([isRunning(identity), isRunning(earlier)]).toEqual([true, false]);
      signalProcess(earlier, 'SIGKILL');
      expect(isRunning(identity)).toBe(true);
    } finally {
      child.kill('SIGKILL');
      await once(child, 'close');
    }
  });
});

describe('withFileLock', () => {
  it('lets one in at a time', async () => {
    const lock = join(directory, 'lock');
    const seen: string[] = [];
    await Promise.all(
      ['a', 'b'].map(
        async (name) =>
          await withFileLock(
            lock,
            () => undefined,
            signal,
            async () => {
              seen.push(`${name} in`);
              await new Promise(setImmediate);
              seen.push(`${name} out`);
            },
          ),
      ),
    );
    expect(seen).toEqual(['a in', 'a out', 'b in', 'b out']);
    expect(existsSync(lock)).toBe(false);
  });

  it('takes over what a dead process left', async () => {
    const lock = join(directory, 'lock');
    writeFileSync(lock, JSON.stringify({ pid: process.pid, birth: 'an earlier process with our pid' }));
    const holder = await withFileLock(
      lock,
      () => undefined,
      signal,
      async () => await Promise.resolve(readFileSync(lock, 'utf8')),
    );
    expect(JSON.parse(holder)).toEqual(identityOf(process.pid));
  });
});

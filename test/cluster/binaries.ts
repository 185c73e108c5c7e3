import { createHash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { sleep, systemClock } from '../../src/base/clock.ts';
import { cacheRoot } from './cache.ts';
import { CommandError, runCommand } from './command.ts';
import { withFileLock } from './file-lock.ts';
import { sharedFolders, tools, type SharedFolder, type Tool } from './tool-set.ts';

/** Occurs when a binary is missing from the cache and there is no Go toolchain to build it with. */
export class GoMissingError extends Error {
  override readonly name = 'GoMissingError';
}

/** The built programs and the files that belong to them. */
export interface Binaries {
  /** Holds one executable for each entry of `tools`. */
  readonly binDir: string;
  /** Holds `istio/charts`, `istio/samples` and `gateway-api/crds`. */
  readonly shareDir: string;
}

const toolsDir = join(import.meta.dirname, 'tools');
const buildFlags: readonly string[] = ['-trimpath', '-buildvcs=false'];

/** What is built together. */
export interface ToolSet {
  readonly tools: readonly Tool[];
  readonly folders: readonly SharedFolder[];
}

const controlPlane: ToolSet = { tools, folders: sharedFolders };

/**
 * Builds what the cache lacks. Each program gets its name only when it is complete, so an interrupted build goes on
 * where it stopped; two processes that build at once wait for each other.
 */
export async function ensureBinaries(
  log: (line: string) => void,
  signal: AbortSignal,
  set: ToolSet = controlPlane,
): Promise<Binaries> {
  const binDir = join(cacheRoot(), `bin-${fingerprint(set)}`);
  const binaries = { binDir, shareDir: join(binDir, 'share') };
  if (missingTools(set, binDir).length === 0 && missingFolders(set, binaries.shareDir).length === 0) return binaries;
  mkdirSync(binDir, { recursive: true });
  await withFileLock(join(binDir, '.lock'), log, signal, async () => {
    const missing = missingTools(set, binDir);
    for (const [index, tool] of missing.entries()) {
      await build(tool, binDir, `building ${tool.name} (${index + 1} of ${missing.length})`, log, signal);
    }
    for (const folder of missingFolders(set, binaries.shareDir)) await copyFolder(folder, binaries.shareDir, signal);
  });
  return binaries;
}

/** Changes with everything that decides what is built, so an old cache is never mistaken for a new one. */
function fingerprint({ tools: wanted, folders }: ToolSet): string {
  const hash = createHash('sha256').update(
    JSON.stringify([wanted, folders, buildFlags, process.platform, process.arch]),
  );
  for (const module of new Set(wanted.map((tool) => tool.module))) {
    for (const file of ['go.mod', 'go.sum']) hash.update(readFileSync(join(toolsDir, module, file)));
  }
  for (const { module, package: folder } of wanted.filter((tool) => tool.package.startsWith('./'))) {
    for (const file of readdirSync(join(toolsDir, module, folder)).sort())
      hash.update(file).update(readFileSync(join(toolsDir, module, folder, file)));
  }
  return hash.digest('hex').slice(0, 12);
}

function missingTools({ tools: wanted }: ToolSet, binDir: string): Tool[] {
  return wanted.filter((tool) => !existsSync(join(binDir, tool.name)));
}

function missingFolders({ folders }: ToolSet, shareDir: string): SharedFolder[] {
  return folders.filter((folder) => !existsSync(join(shareDir, folder.to)));
}

async function build(
  tool: Tool,
  binDir: string,
  title: string,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const started = systemClock.monotonic();
  const seconds = (): string => `${Math.round((systemClock.monotonic() - started) / 1000)} s`;
  const unfinished = join(binDir, `.${tool.name}.unfinished`);
  const settings = Object.entries(tool.variables).map(([name, value]) => `-X ${name}=${value}`);
  log(`${title}...`);
  const done = new AbortController();
  const heartbeat = (async () => {
    for (;;) {
      await sleep(systemClock, 20_000, done.signal);
      log(`${title}... ${seconds()}`);
    }
  })().catch(() => {
    /* Ends with the build. */
  });
  try {
    const args = ['build', ...buildFlags, '-ldflags', ['-s -w', ...settings].join(' '), '-o', unfinished, tool.package];
    await runGo(args, tool.module, signal);
  } finally {
    done.abort();
    await heartbeat;
  }
  renameSync(unfinished, join(binDir, tool.name));
  log(`built ${tool.name} in ${seconds()}`);
}

/** A pinned Go module in the module cache, where it is downloaded if it has to be. */
export async function goModule(
  module: Tool['module'],
  modulePath: string,
  signal: AbortSignal,
): Promise<{ readonly Dir: string; readonly Version: string }> {
  const answer = await runGo(['mod', 'download', '-json', modulePath], module, signal);
  return JSON.parse(answer) as { readonly Dir: string; readonly Version: string };
}

async function copyFolder(folder: SharedFolder, shareDir: string, signal: AbortSignal): Promise<void> {
  const { Dir: moduleDir } = await goModule(folder.module, folder.modulePath, signal);
  const target = join(shareDir, folder.to);
  const unfinished = `${target}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  cpSync(join(moduleDir, folder.from), unfinished, { recursive: true });
  makeWritable(unfinished);
  renameSync(unfinished, target);
}

/** The module cache is read-only, and a copy keeps that; then not even its owner could remove it again. */
function makeWritable(directory: string): void {
  chmodSync(directory, 0o755);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) makeWritable(path);
    else chmodSync(path, 0o644);
  }
}

async function runGo(args: readonly string[], module: string, signal: AbortSignal): Promise<string> {
  try {
    // CGO off: the programs then need no C compiler and no shared library.
    const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' };
    return await runCommand('go', args, { cwd: join(toolsDir, module), env, signal });
  } catch (error) {
    if (error instanceof CommandError && error.code === 'ENOENT') {
      throw new GoMissingError(
        'The programs of the real control plane are built with Go, and there is no `go` on the PATH. Install Go 1.26 or later (https://go.dev/dl), or run the tests on the simulated cluster: npm test',
      );
    }
    throw error;
  }
}

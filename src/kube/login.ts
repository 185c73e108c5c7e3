import type { ChildProcess } from 'node:child_process';
import type { RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';

/**
 * The kubeconfig cannot be read, names no cluster, asks for something that is not supported, or does not give
 * credentials.
 */
export class KubeconfigError extends Error {
  override readonly name = 'KubeconfigError';
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

type Spawn = (...args: unknown[]) => ChildProcess;

/** How the last exec plugin ended, by its kubeconfig. */
const endings = new WeakMap<KubeConfig, number | null>();
const watched = new WeakSet<KubeConfig>();

/**
 * The library tells what a plugin wrote and not how it ended, so its child is looked at. A library that is made
 * otherwise only costs the code.
 */
function watchEndings(config: KubeConfig): void {
  if (watched.has(config)) return;
  watched.add(config);
  const { authenticators = [] } = config as unknown as { readonly authenticators?: readonly { execFn?: unknown }[] };
  for (const authenticator of authenticators) {
    const { execFn } = authenticator;
    if (typeof execFn !== 'function') continue;
    authenticator.execFn = (...args: unknown[]): ChildProcess => {
      const child = (execFn as Spawn)(...args);
      child.once('close', (code) => {
        endings.set(config, code);
      });
      return child;
    };
  }
}

/** What a plugin wrote, to either stream, may hold the token: only how it ended is told. */
function pluginFailed(
  command: string,
  user: string,
  error: unknown,
  ending: number | null | undefined,
): KubeconfigError {
  const { code } = error as { readonly code?: unknown };
  const plugin = `The exec plugin "${command}" of user "${user}"`;
  if (typeof code === 'string') return new KubeconfigError(`${plugin} cannot be run (${code}).`);
  if (ending === 0) return new KubeconfigError(`${plugin} printed no ExecCredential in JSON.`);
  return new KubeconfigError(
    `${plugin} ended ${typeof ending === 'number' ? `with code ${ending}` : 'by a signal'}; run it by hand to see what it says.`,
  );
}

/** Errors of the system name a file, and nothing that is in it. */
function otherFailed(user: string, error: unknown): KubeconfigError {
  const { code, path, message } = error as {
    readonly code?: unknown;
    readonly path?: unknown;
    readonly message?: unknown;
  };
  const why =
    typeof code === 'string' && typeof path === 'string'
      ? String(message)
      : 'the kubeconfig has no valid ones, or the provider that it names gives none';
  return new KubeconfigError(`The credentials of user "${user}" cannot be read: ${why}`);
}

/**
 * Puts the credentials of the current user into `options`. Throws a {@link KubeconfigError} that holds none of them,
 * nor what it was made from.
 */
export async function login(config: KubeConfig, options: RequestOptions): Promise<void> {
  watchEndings(config);
  endings.delete(config);
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    const user = record(config.getCurrentUser());
    const name = String(user['name']);
    const plugin = record(user['exec'] ?? record(record(user['authProvider'])['config'])['exec'])['command'];
    throw typeof plugin === 'string'
      ? pluginFailed(plugin, name, error, endings.get(config))
      : otherFailed(name, error);
  }
}

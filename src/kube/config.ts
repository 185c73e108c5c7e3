import { KubeConfig } from '@kubernetes/client-node';
import type { RequestOptions } from 'node:https';
import { listed } from '../base/counted.ts';
import { nearest } from '../base/nearest.ts';
import { quoted, shown } from '../base/shown.ts';
import { login, KubeconfigError } from './login.ts';
import type { SecureContextOptions } from 'node:tls';

/** TLS material as `node:tls` takes it. */
export interface TlsOptions {
  readonly ca?: SecureContextOptions['ca'];
  readonly cert?: SecureContextOptions['cert'];
  readonly key?: SecureContextOptions['key'];
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

/** What proves who we are, as of now: files and tokens are renewed behind our back. */
export interface Credentials {
  readonly tls: TlsOptions;
  /** `authorization` and the like; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** An API server and how to log in there. */
export interface ClusterConnection {
  /** `https://10.0.0.1:6443`, maybe with a path prefix. */
  readonly server: string;
  /**
   * Reads the files, or runs the exec plugin. What was given a while ago and is still good may be given again, unless
   * the server has refused it.
   */
  credentials(given?: 'Refused'): Promise<Credentials>;
}

/** What KubeConfig calls the context for http://localhost:8080, which it makes up when it finds nothing. */
const fallbackContext = 'loaded-context';

/** Where a connection leads and in whose name, as kubectl's options of the same names say it. */
export interface ConnectionOptions {
  readonly kubeconfig?: string | undefined;
  /** Default: the current context. */
  readonly context?: string | undefined;
  /** The user to impersonate, instead of one that the kubeconfig names. */
  readonly as?: string | undefined;
}

/**
 * Finds the cluster as kubectl does: the given file, `$KUBECONFIG`, `~/.kube/config`, and then the ServiceAccount of
 * the pod that this process runs in.
 */
export async function loadConnection(options: ConnectionOptions = {}): Promise<ClusterConnection> {
  const config = load(options.kubeconfig);
  if (options.context !== undefined) useContext(config, options.context);
  if (options.as !== undefined) impersonate(config, options.as);
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new KubeconfigError(
      `The context "${config.getCurrentContext()}" names no cluster; choose one with \`kubectl config use-context\`.`,
    );
  }
  if (cluster.proxyUrl !== undefined && cluster.proxyUrl !== '') {
    throw new KubeconfigError(
      `Cluster "${cluster.name}" sets proxy-url, which is not supported; connect to the API server directly.`,
    );
  }
  checkServer(cluster.name, cluster.server);
  let remembering = config;
  const connection: ClusterConnection = {
    server: cluster.server,
    async credentials(given) {
      if (given === 'Refused') remembering = forgetful(remembering);
      return await credentialsOf(remembering);
    },
  };
  await connection.credentials(); // a missing file or plugin shows here, not in the middle of the work
  return connection;
}

/**
 * The same without what the library remembers: tokens of files for a minute (file_auth.js), those of exec plugins until
 * they expire, or for ever if they do not say when (exec_auth.js).
 */
function forgetful({ clusters, users, contexts, currentContext }: KubeConfig): KubeConfig {
  const config = new KubeConfig();
  config.loadFromOptions({ clusters, users, contexts, currentContext });
  return config;
}

function useContext(config: KubeConfig, name: string): void {
  const names = config.getContexts().map((context) => context.name);
  if (!names.includes(name)) {
    const near = nearest(name, names);
    const hint = near === undefined ? '' : ` Did you mean ${quoted(near)}?`;
    throw new KubeconfigError(
      `The kubeconfig has no context ${quoted(name)}, only ${listed(names.map(shown), 10)}.${hint}`,
    );
  }
  config.setCurrentContext(name);
}

/** What Node.js sends as the value of a header, and a server reads as it was meant. */
const headerText = /^[!-~](?:[ -~]*[!-~])?$/;

/**
 * In the kubeconfig, because what that says of impersonation would else be sent in the place of what is asked for: the
 * credentials have the last word on headers.
 */
function impersonate(config: KubeConfig, user: string): void {
  if (!headerText.test(user))
    throw new KubeconfigError(`${quoted(user)} is no name that can be impersonated: printable ASCII only.`);
  config.users = config.users.map((each) => ({ ...each, impersonateUser: user }));
}

/** The address is in many messages, so it must hold nothing secret; what is wrong with it is not repeated. */
function checkServer(name: string, server: string): void {
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (
    url !== undefined &&
    ['http:', 'https:'].includes(url.protocol) &&
    `${url.username}${url.password}${url.search}${url.hash}` === ''
  )
    return;
  throw new KubeconfigError(
    `Cluster "${name}": its server must be an address without user, password, query or fragment, such as https://10.0.0.1:6443; credentials belong under users.`,
  );
}

function load(file: string | undefined): KubeConfig {
  const config = new KubeConfig();
  try {
    if (file === undefined) config.loadFromDefault();
    else config.loadFromFile(file);
  } catch (error) {
    const from = file ?? process.env.KUBECONFIG ?? '~/.kube/config';
    throw new KubeconfigError(`Cannot read the kubeconfig ${from}: ${whyUnreadable(error)}`);
  }
  if (config.getCurrentContext() === fallbackContext) {
    throw new KubeconfigError(
      'No cluster is configured: give a kubeconfig, set $KUBECONFIG, or run in a pod with a ServiceAccount.',
    );
  }
  // KubeConfig refuses http:// unless verification is off, although there is no certificate to verify.
  config.clusters = config.clusters.map((cluster) =>
    cluster.server.startsWith('http:') ? { ...cluster, skipTLSVerify: true } : cluster,
  );
  return config;
}

/**
 * What the library says about its form names fields; the YAML parser quotes the file, with the tokens in it, and is not
 * repeated.
 */
function whyUnreadable(error: unknown): string {
  const { code, message, mark } = error as {
    readonly code?: unknown;
    readonly message?: unknown;
    readonly mark?: { readonly line?: unknown };
  };
  if (typeof code === 'string') return String(message);
  const line = mark?.line;
  if (mark !== undefined) return `it is no valid YAML${typeof line === 'number' ? ` (line ${line + 1})` : ''}`;
  const named = /^(?:clusters|users|contexts)\[\d+\](?:\.\w+)* is missing$/.exec(String(message));
  return named?.[0] ?? 'it is no kubeconfig';
}

async function credentialsOf(config: KubeConfig): Promise<Credentials> {
  const options: RequestOptions = {};
  await login(config, options);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (value !== undefined) headers[name.toLowerCase()] = String(value).trim(); // token files often end with a newline
  }
  if (options.auth) headers.authorization = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  return { headers, tls: tlsOf(options) };
}

function tlsOf(options: RequestOptions): TlsOptions {
  const { ca, cert, key, servername, rejectUnauthorized } = options;
  return {
    ...(ca ? { ca } : {}),
    ...(cert ? { cert } : {}),
    ...(key ? { key } : {}),
    ...(servername === undefined ? {} : { servername }),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
  };
}

import { KubeConfig } from '@kubernetes/client-node';
import type { RequestOptions } from 'node:https';
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
  /** Reads the files, or runs the exec plugin, anew. */
  credentials(): Promise<Credentials>;
}

/** What KubeConfig calls the context for http://localhost:8080, which it makes up when it finds nothing. */
const fallbackContext = 'loaded-context';

/**
 * Finds the cluster as kubectl does: the given file, `$KUBECONFIG`, `~/.kube/config`, and then the ServiceAccount of
 * the pod that this process runs in.
 */
export async function loadConnection(options: { readonly kubeconfig?: string } = {}): Promise<ClusterConnection> {
  const config = load(options.kubeconfig);
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
  const connection: ClusterConnection = { server: cluster.server, credentials: () => credentialsOf(config) };
  await connection.credentials(); // a missing file or plugin shows here, not in the middle of the work
  return connection;
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

import { KubeConfig } from '@kubernetes/client-node';
import type { RequestOptions } from 'node:https';
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

/** The kubeconfig cannot be read, names no cluster, or asks for something that is not supported. */
export class KubeconfigError extends Error {
  override readonly name = 'KubeconfigError';
}

/** What KubeConfig calls the context for http://localhost:8080, which it makes up when it finds nothing. */
const fallbackContext = 'loaded-context';

/**
 * Finds the cluster as kubectl does: the given file, `$KUBECONFIG`, `~/.kube/config`, and then the ServiceAccount of the
 * pod that this process runs in.
 */
export async function loadConnection(options: { readonly kubeconfig?: string } = {}): Promise<ClusterConnection> {
  const config = load(options.kubeconfig);
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new KubeconfigError(`The context "${config.getCurrentContext()}" names no cluster; choose one with \`kubectl config use-context\`.`);
  }
  if (cluster.proxyUrl !== undefined && cluster.proxyUrl !== '') {
    throw new KubeconfigError(`Cluster "${cluster.name}" sets proxy-url, which is not supported; connect to the API server directly.`);
  }
  const connection: ClusterConnection = { server: cluster.server, credentials: () => credentialsOf(config) };
  await connection.credentials(); // a missing file or plugin shows here, not in the middle of the work
  return connection;
}

function load(file: string | undefined): KubeConfig {
  const config = new KubeConfig();
  try {
    if (file === undefined) config.loadFromDefault();
    else config.loadFromFile(file);
  } catch (error) {
    const from = file ?? process.env.KUBECONFIG ?? '~/.kube/config';
    throw new KubeconfigError(`Cannot read the kubeconfig ${from}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  if (config.getCurrentContext() === fallbackContext) {
    throw new KubeconfigError('No cluster is configured: give a kubeconfig, set $KUBECONFIG, or run in a pod with a ServiceAccount.');
  }
  // KubeConfig refuses http:// unless verification is off, although there is no certificate to verify.
  config.clusters = config.clusters.map((cluster) => (
    cluster.server.startsWith('http:') ? { ...cluster, skipTLSVerify: true } : cluster
  ));
  return config;
}

async function credentialsOf(config: KubeConfig): Promise<Credentials> {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
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

#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { systemClock } from '../base/clock.ts';
import { printable } from '../base/printable.ts';
import { systemRandom } from '../base/random.ts';
import { redacted, redactedError } from '../base/redact.ts';
import { loadConnection } from '../kube/config.ts';
import { createHttpTransport } from '../kube/http-transport.ts';
import { KubeconfigError } from '../kube/login.ts';
import { serveHealth } from './health.ts';
import { Metrics } from './metrics/metrics.ts';
import { serveMetrics } from './metrics/serve.ts';
import { meshes } from '../mesh/meshes.ts';
import { createOperator, type PrometheusOptions } from './operator.ts';
import { PrometheusOptionsError, readPrometheusOptions } from './prometheus-options.ts';
import { version } from '../base/version.ts';

const usage = `mesh-migration-operator ${version}

Moves the namespaces that MeshMigrations select from one service mesh data plane to another.

  --kubeconfig FILE                 default: $KUBECONFIG, ~/.kube/config, or the pod's ServiceAccount
  --namespace NAME                  namespace of the Lease (default: $POD_NAMESPACE or mesh-migration-system)
  --istio-namespace NAME            namespace of istiod (default: istio-system)
  --node-agents-namespace NAME      one more namespace of ztunnel or istio-cni, if they are in none that is known
  --max-concurrent-namespaces N     namespaces of one migration under way at once (default: 5)
  --prometheus-url URL              ask this Prometheus who calls whom, and what spec.gates counts (default: nobody)
  --prometheus-token-file FILE      bearer token for it, read anew for each question; needs https
  --prometheus-ca-file FILE         certificate authorities in PEM for it
  --callers-window DURATION         how far back a call counts, for example 36h or 14d (default: 7d)
  --health-host HOST                address of /livez, /readyz and /metrics (default: 0.0.0.0)
  --health-port PORT                port of /livez and /readyz, 0 for any (default: 8081)
  --metrics-port PORT               port of /metrics, 0 for any (default: 8080)
  --log-level LEVEL                 debug, info, warn or error (default: info)
  --version, --help
`;

/** What is given by mistake may be a secret: an address with a password in the place of something else. */
function endWith(message: string, code: number): never {
  process.stderr.write(`${printable(redacted(message))}\n`);
  process.exit(code);
}

function readOptions(): Options {
  try {
    return parse();
  } catch (error) {
    return endWith(`${(error as Error).message}\nTry --help.`, 2);
  }
}

interface Options {
  readonly kubeconfig?: string | undefined;
  readonly namespace: string;
  readonly 'istio-namespace': string;
  readonly 'node-agents-namespace'?: string | undefined;
  readonly 'max-concurrent-namespaces': string;
  readonly 'prometheus-url'?: string | undefined;
  readonly 'prometheus-token-file'?: string | undefined;
  readonly 'prometheus-ca-file'?: string | undefined;
  readonly 'callers-window'?: string | undefined;
  readonly 'health-host': string;
  readonly 'health-port': string;
  readonly 'metrics-port': string;
  readonly 'log-level': string;
  readonly version?: boolean | undefined;
  readonly help?: boolean | undefined;
}

function parse(): Options {
  return parseArgs({
    options: {
      kubeconfig: { type: 'string' },
      namespace: { type: 'string', default: process.env['POD_NAMESPACE'] ?? 'mesh-migration-system' },
      'istio-namespace': { type: 'string', default: 'istio-system' },
      'node-agents-namespace': { type: 'string' },
      'max-concurrent-namespaces': { type: 'string', default: '5' },
      'prometheus-url': { type: 'string' },
      'prometheus-token-file': { type: 'string' },
      'prometheus-ca-file': { type: 'string' },
      'callers-window': { type: 'string' },
      'health-host': { type: 'string', default: '0.0.0.0' },
      'health-port': { type: 'string', default: '8081' },
      'metrics-port': { type: 'string', default: '8080' },
      'log-level': { type: 'string', default: 'info' },
      version: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  }).values;
}

function wholeNumber(name: string, value: string, least: number): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= least && value !== '') return number;
  return endWith(`${name} must be a whole number, not "${value}"`, 2);
}

function oneOf(name: string, value: string, known: readonly string[]): string {
  if (known.includes(value)) return value;
  return endWith(`${name} must be one of ${known.join(', ')}, not "${value}"`, 2);
}

function prometheusFrom(options: Options): PrometheusOptions | undefined {
  try {
    return readPrometheusOptions(options);
  } catch (error) {
    if (!(error instanceof PrometheusOptionsError)) throw error;
    return endWith(error.message, 2);
  }
}

/**
 * As the Deployment says it, else as the kubelet writes it beside the token of the ServiceAccount; undefined outside of
 * a pod.
 */
function podNamespace(): string | undefined {
  try {
    return (
      process.env['POD_NAMESPACE'] ??
      readFileSync('/var/run/secrets/kubernetes.io/serviceaccount/namespace', 'utf8').trim()
    );
  } catch {
    return undefined;
  }
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options.help === true) {
    process.stdout.write(usage);
    return;
  }
  if (options.version === true) {
    process.stdout.write(`${version}\n`);
    return;
  }
  const slots = wholeNumber('--max-concurrent-namespaces', options['max-concurrent-namespaces'], 1);
  const port = wholeNumber('--health-port', options['health-port'], 0);
  const metricsPort = wholeNumber('--metrics-port', options['metrics-port'], 0);
  const level = oneOf('--log-level', options['log-level'], ['debug', 'info', 'warn', 'error']);
  const prometheus = prometheusFrom(options);
  const log = pino(
    { level, base: {}, serializers: { err: (error: unknown) => redactedError(error) } },
    { write: (line) => process.stdout.write(printable(line)) },
  );

  const transport = createHttpTransport(
    await loadConnection(options.kubeconfig === undefined ? {} : { kubeconfig: options.kubeconfig }),
  );
  const metrics = new Metrics();
  const operator = createOperator({
    transport,
    clock: systemClock,
    random: systemRandom,
    log,
    meshes,
    identity: `${hostname()}_${crypto.randomUUID()}`,
    namespace: options.namespace,
    podNamespace: podNamespace(),
    istioNamespace: options['istio-namespace'],
    nodeAgentsNamespace: options['node-agents-namespace'],
    maxConcurrentNamespaces: slots,
    ...(prometheus && { prometheus }),
    observer: metrics.observer,
  });
  metrics.readFrom(operator);
  metrics.addProcess();
  const stopping = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    // The second signal ends the process at once: everything needed to go on is in the cluster.
    process.on(signal, () => {
      if (stopping.signal.aborted) process.exit(1);
      stopping.abort(new Error(signal));
    });
  }
  const host = options['health-host'];
  const health = await serveHealth(operator, host, port);
  const measured = await serveMetrics(metrics, systemClock, host, metricsPort);
  log.info({ server: transport.server, health: health.port, metrics: measured.port, version }, 'Starting');
  try {
    await operator.run(stopping.signal);
    log.info({}, 'Stopped');
  } finally {
    health.close();
    measured.close();
  }
}

main().then(
  () => {
    process.exit(0);
  },
  (error: unknown) => {
    const message = error instanceof KubeconfigError ? error.message : ((error as Error).stack ?? String(error));
    endWith(message, 1);
  },
);

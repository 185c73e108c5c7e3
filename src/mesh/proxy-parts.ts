import { record, records, strings, text, type Json } from './json.ts';
import type { ProxyParts } from './views.ts';

/** Names that the injector of Istio gives to what it puts into a pod; a template that has one of them customizes it. */
const injected = ['istio-proxy', 'istio-init', 'istio-validation'];

/** An image that the injector replaces; nobody can pull it. */
const placeholderImage = 'auto';

/** Ports of a sidecar for its own pod: it is told there to end, asked whether it is ready, and asked about itself. */
const sidecarPorts: readonly unknown[] = [15000, 15020, 15021];
const localCall = /(?:localhost|127\.0\.0\.1|\[::1\]):150(?:00|2[01])(?!\d)/;
const probes = ['readinessProbe', 'livenessProbe', 'startupProbe'];

function isForProxy({ name, image }: Json): boolean {
  return injected.includes(text(name) ?? '') || image === placeholderImage;
}

function probesProxy(container: Json): boolean {
  return probes
    .map((probe) => record(container[probe]))
    .some(({ httpGet, tcpSocket }) =>
      [httpGet, tcpSocket].some((asked) => sidecarPorts.includes(record(asked)['port'])),
    );
}

function callsProxy({ command, args, env, lifecycle }: Json): boolean {
  const hooks = Object.values(record(lifecycle)).map((hook) => record(record(hook)['exec'])['command']);
  const values = records(env).map(({ value }) => text(value) ?? '');
  return [...[command, args, ...hooks].flatMap(strings), ...values].some((said) => localCall.test(said));
}

function namesOf(containers: readonly Json[]): readonly string[] {
  return containers.map(({ name }) => text(name) ?? '');
}

/** What the template of a pod has that only the proxy of a mesh beside it completes or answers; nothing for most. */
export function proxyParts(podSpec: Json): { readonly proxyParts?: ProxyParts } {
  const containers = [...records(podSpec['containers']), ...records(podSpec['initContainers'])];
  const own = containers.filter((container) => !isForProxy(container));
  const parts: ProxyParts = {
    containers: namesOf(containers.filter(isForProxy)),
    probing: namesOf(own.filter(probesProxy)),
    calling: namesOf(own.filter(callsProxy)),
  };
  return Object.values(parts).some((names: readonly string[]) => names.length > 0) ? { proxyParts: parts } : {};
}

import { record, records, strings, text, type Json } from './json.ts';
import type { ProxyParts } from './views.ts';

/** Names that the injector of Istio gives to what it puts into a pod; a template that has one of them customizes it. */
const injected = ['istio-proxy', 'istio-init', 'istio-validation'];

/** An image that the injector replaces; nobody can pull it. */
const placeholderImage = 'auto';

/** Ports of a sidecar for its own pod: it is told there to end, asked whether it is ready, and asked about itself. */
const sidecarPorts: readonly unknown[] = [15000, 15004, 15020, 15021, 15090];
const onLocalhost =
  /(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|0\.0\.0\.0|\[::1\])(?:[:\s]|\/)\s?150(?:00|04|20|21|90)(?!\d)/;
const byPath = /:150(?:00|20|21)\/(?:quitquitquit|healthz\/ready|ready)(?!\w)/;
const agent = /(?:^|[\s/;&|])pilot-agent\s+(?:wait|request)(?!\w)/;
const call = new RegExp([onLocalhost, byPath, agent].map(({ source }) => source).join('|'));

/** What comes to nothing, or never to an end, where nobody answers: it waits for the sidecar, or has to end it. */
const depends =
  /quitquitquit|healthz\/ready|(?:^|[\s;&|])(?:until|while)\s|wait-for|(?:^|[\s/;&|])nc\s+-\w*z|pilot-agent\s+wait/;

/** Said after it: then it may fail. What else a shell makes of it nobody can tell from here. */
const mayFail = /\|\|\s*(?:true|:|exit\s+0)(?![\w.])/;

/** By which a wrapper of the application (scuttle, envoy-preflight) waits for Envoy, and what has it go on without. */
const waitsByEnv = 'ENVOY_ADMIN_API';
const goesOnByEnv: readonly string[] = ['START_WITHOUT_ENVOY', 'WAIT_FOR_ENVOY_TIMEOUT'];
const quitsByEnv = 'ISTIO_QUIT_API';

const probes = ['readinessProbe', 'livenessProbe', 'startupProbe'];

/** A command that is written as words is one line too. */
function lineOf(...words: readonly unknown[]): string {
  return words.flatMap(strings).join(' ');
}

function calls(line: string): boolean {
  return call.test(line);
}

/** Whether each call in a line may fail. */
function goesOn(line: string): boolean {
  return line
    .split(call)
    .slice(1)
    .every((rest) => mayFail.test(rest));
}

/** Whether a line has no other end than a failure, or none at all, without the sidecar. */
function failsIn(line: string): boolean {
  return calls(line) && depends.test(line) && !goesOn(line);
}

function isForProxy({ name, image }: Json): boolean {
  return injected.includes(text(name) ?? '') || image === placeholderImage;
}

function asksPort(action: Json): boolean {
  return ['httpGet', 'tcpSocket', 'grpc'].some((field) => sidecarPorts.includes(record(action[field])['port']));
}

function execOf(action: Json): string {
  return lineOf(record(action['exec'])['command']);
}

function probesProxy(container: Json): boolean {
  return probes.map((probe) => record(container[probe])).some((probe) => asksPort(probe) || !goesOn(execOf(probe)));
}

/** Its command fails or waits for ever, or what has to succeed before it counts as started. */
function failsWithoutProxy({ command, args, env, lifecycle }: Json): boolean {
  const started = record(record(lifecycle)['postStart']);
  const set = new Map(records(env).map(({ name, value }) => [text(name) ?? '', text(value) ?? '']));
  const isSpared = goesOnByEnv.some((name) => set.has(name) && set.get(name) !== 'false');
  return (
    failsIn(lineOf(command, args)) ||
    failsIn(execOf(started)) ||
    asksPort(started) ||
    (set.has(waitsByEnv) && !isSpared)
  );
}

function callsProxy({ command, args, env, lifecycle }: Json): boolean {
  const hooks = Object.values(record(lifecycle)).map(record);
  return (
    [lineOf(command, args), ...hooks.map(execOf)].some(calls) ||
    hooks.some(asksPort) ||
    records(env).some(({ name, value }) => calls(text(value) ?? '') || name === waitsByEnv || name === quitsByEnv)
  );
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
    failing: namesOf(own.filter(failsWithoutProxy)),
    calling: namesOf(own.filter((container) => callsProxy(container) && !failsWithoutProxy(container))),
  };
  return Object.values(parts).some((names: readonly string[]) => names.length > 0) ? { proxyParts: parts } : {};
}

/** What sends dynamic updates to a DNS server: external-dns by its options, or the tool of BIND. */
const updates = /(?<![\w.])rfc2136(?![\w.])|(?:^|[\s/;&|(])nsupdate(?![\w.-])/i;

/** Which containers send such updates, by what they are started with; none for most. */
export function nameUpdaters(podSpec: Json): { readonly updatesNames?: readonly string[] } {
  const containers = [...records(podSpec['containers']), ...records(podSpec['initContainers'])];
  const found = containers.filter((container) => !isForProxy(container) && saidTo(container).some(isUpdate));
  return found.length === 0 ? {} : { updatesNames: namesOf(found) };
}

function isUpdate(said: string): boolean {
  return updates.test(said);
}

/** What a container is started with, as far as it is written in the template. */
function saidTo({ command, args, env }: Json): readonly string[] {
  return [...strings(command), ...strings(args), ...records(env).map(({ value }) => text(value) ?? '')];
}

/** The header that a sidecar writes by the certificate of the caller, in any case of letters. */
const ofCertificate = /x-forwarded-client-cert/i;

/** Which containers are told of it, by what they are started with; none for most. */
export function certificateReaders(podSpec: Json): { readonly readsCertificate?: readonly string[] } {
  const containers = [...records(podSpec['containers']), ...records(podSpec['initContainers'])];
  const told = containers.filter((container) => saidTo(container).some((said) => ofCertificate.test(said)));
  return told.length === 0 ? {} : { readsCertificate: namesOf(told.filter((each) => !isForProxy(each))) };
}

import { describe, expect, it } from '@jest/globals';
import { nameUpdaters, proxyParts } from './proxy-parts.ts';
import { costOf } from '../../test/support/cost.ts';

type Container = Readonly<Record<string, unknown>>;

function partsOf(container: Container): readonly string[] {
  const { proxyParts: parts = {} } = proxyParts({ containers: [{ name: 'app', image: 'app:1', ...container }] });
  return Object.entries(parts as Readonly<Record<string, readonly string[]>>)
    .filter(([, names]) => names.length > 0)
    .map(([part]) => part);
}

function shell(script: string, options = '-c'): Container {
  return { command: ['sh', options], args: [script] };
}

const quit = 'curl -fsS -X POST http://localhost:15020/quitquitquit';
const wait = 'until curl -fs http://127.0.0.1:15021/healthz/ready; do sleep 1; done; run';
const adminApi = { name: 'ENVOY_ADMIN_API', value: 'http://127.0.0.1:15000' };

describe('dynamic updates of names', () => {
  const updaters = (container: Container): unknown => nameUpdaters({ containers: [{ name: 'app', ...container }] });

  it.each<[string, Container]>([
    ['a provider', { args: ['--provider=rfc2136'] }],
    ['an option of it', { args: ['--rfc2136-host=ns.example.com'] }],
    ['a path to the tool', shell('/usr/bin/nsupdate -v /zone')],
    ['the tool behind another command', shell('cat /zone | nsupdate')],
  ])('are told by %s', (_, container) => {
    expect(updaters(container)).toEqual({ updatesNames: ['app'] });
  });

  it.each<[string, Container]>([
    ['another provider', { args: ['--provider=aws', '--txt-owner-id=rfc21360'] }],
    ['a tool that is called nearly so', shell('nsupdate-exporter; my-nsupdate.sh')],
    ['the sidecar', { name: 'istio-proxy', args: ['rfc2136'] }],
    ['nothing at all', {}],
  ])('are not told by %s', (_, container) => {
    expect(updaters(container)).toEqual({});
  });
});

describe('what comes to no good end without a sidecar', () => {
  it.each<[string, Container]>([
    ['a Job that ends its sidecar', shell(`run; ${quit}`)],
    ['the same where each failure counts', shell(`run\n${quit}`, '-ec')],
    ['the same after the application alone', shell(`run && ${quit}`)],
    ['the same at another port', shell('run; wget --post-data= -O- http://127.0.0.1:15000/quitquitquit')],
    ['the same by the address of the pod', shell('run; curl -X POST http://$(POD_IP):15020/quitquitquit')],
    ['the same by IPv6', shell('run; curl -X POST http://[::1]:15020/quitquitquit')],
    ['waiting until it is ready', shell(wait)],
    ['waiting for the port', shell('until nc -z localhost 15021; do sleep 1; done; run')],
    ['the same by words', { command: ['nc', '-z', 'localhost', '15021'] }],
    ['the same by a script of others', { command: ['wait-for-it.sh', 'localhost:15021', '--', 'run'] }],
    ['the same of bash', shell('while ! </dev/tcp/127.0.0.1/15021; do sleep 1; done; run')],
    ['the agent', shell('pilot-agent wait && run')],
    ['the agent by its path', { command: ['/usr/local/bin/pilot-agent', 'wait'] }],
    ['a wrapper', { command: ['scuttle', 'run'], env: [adminApi] }],
    ['a wrapper in the image', { env: [{ name: 'ENVOY_ADMIN_API', valueFrom: {} }] }],
    ['a hook that has to succeed', { lifecycle: { postStart: { exec: { command: ['sh', '-c', wait] } } } }],
    ['a hook by HTTP', { lifecycle: { postStart: { httpGet: { port: 15021, path: '/healthz/ready' } } } }],
    ['one of two that may fail', shell(`${wait}; ${quit} || true`)],
    ['something else that may fail before', shell(`prepare || true; run; ${quit}`)],
  ])('%s', (_, container) => {
    expect(partsOf(container)).toEqual(['failing']);
  });

  it.each<[string, Container]>([
    ['that may fail', shell(`run; ${quit} || true`)],
    ['that may fail by nothing', shell(`run; ${quit} ||:`)],
    ['that asks for something', shell('curl -s localhost:15000/stats; run')],
    ['before the pod ends', { lifecycle: { preStop: { exec: { command: ['sh', '-c', quit] } } } }],
    ['by a value', { env: [{ name: 'READY', value: 'http://localhost:15021/healthz/ready' }] }],
    ['by a wrapper that does not wait', { env: [adminApi, { name: 'START_WITHOUT_ENVOY', value: 'true' }] }],
    ['by one that waits for a time', { env: [adminApi, { name: 'WAIT_FOR_ENVOY_TIMEOUT', value: '10s' }] }],
    ['by one that only ends it', { env: [{ name: 'ISTIO_QUIT_API', value: 'http://127.0.0.1:15020' }] }],
    ['by the agent', shell('pilot-agent request GET stats || true')],
  ])('is none of a call %s', (_, container) => {
    expect(partsOf(container)).toEqual(['calling']);
  });

  it.each<[string, Container]>([
    ['HTTP', { readinessProbe: { httpGet: { port: 15021 } } }],
    ['its metrics', { livenessProbe: { httpGet: { port: 15090 } } }],
    ['gRPC', { startupProbe: { grpc: { port: 15021 } } }],
    ['a command', { readinessProbe: { exec: { command: ['curl', '-f', 'localhost:15021/healthz/ready'] } } }],
  ])('is told of probes by %s', (_, container) => {
    expect(partsOf(container)).toEqual(['probing']);
  });

  it.each<[string, Container]>([
    ['another proxy', shell('run; curl -X POST http://localhost:9091/quitquitquit')],
    ['other ports', shell('curl localhost:15022; curl localhost:150210; run')],
    ['another host', shell('curl http://metrics.example.com:15000/stats; run')],
    ['an own loop', shell('until nc -z postgres 5432; do sleep 1; done; run')],
    ['an application of that name', shell('pilot-agentless wait')],
    ['a probe that may fail', { readinessProbe: { exec: { command: ['sh', '-c', `${quit} || true`] } } }],
    ['nothing at all', {}],
  ])('is none of %s', (_, container) => {
    expect(partsOf(container)).toEqual([]);
  });

  it('takes no longer with what somebody makes long', () => {
    const long = [
      'localhost '.repeat(50_000),
      '|| '.repeat(100_000),
      'pilot-agent '.repeat(50_000),
      `nc -${'z'.repeat(300_000)}`,
      '127.0.0.'.repeat(50_000),
      `${quit} `.repeat(5000),
    ];
    const cost = costOf(() => {
      for (const script of long) partsOf(shell(script));
    });

    expect(cost).toBeLessThan(150);
  });
});

import { describe, expect, it } from '@jest/globals';
import { askedOf, askingAnnotations, meshIn, ofOtherMeshes, otherMeshes } from './other-meshes.ts';

function meshNamed(name: string): (typeof otherMeshes)[number] {
  const mesh = otherMeshes.find((each) => each.name === name);
  if (mesh === undefined) throw new Error(name);
  return mesh;
}

describe('the mesh of some containers', () => {
  it.each([
    [['app', 'linkerd-proxy'], 'Linkerd', 'linkerd-proxy'],
    [['linkerd-init', 'linkerd-proxy', 'app'], 'Linkerd', 'linkerd-proxy'],
    [['linkerd-network-validator', 'app'], 'Linkerd', 'linkerd-network-validator'],
    [['app', 'consul-dataplane-web'], 'Consul', 'consul-dataplane-web'],
    [['consul-connect-inject-init', 'app'], 'Consul', 'consul-connect-inject-init'],
    [['app', 'consul-connect-envoy-sidecar'], 'Consul', 'consul-connect-envoy-sidecar'],
    [['app', 'kuma-gateway'], 'Kuma', 'kuma-gateway'],
    [['proxyinit', 'envoy'], 'App Mesh', 'envoy'],
    [['osm-init', 'envoy'], 'Open Service Mesh', 'osm-init'],
    [['app', 'nginx-mesh-sidecar'], 'NGINX Service Mesh', 'nginx-mesh-sidecar'],
    [['istio-proxy', 'linkerd-proxy'], 'Linkerd', 'linkerd-proxy'],
  ])('%j is %s', (names, mesh, container) => {
    expect(meshIn(names)).toEqual({ mesh: meshNamed(mesh), container });
  });

  it.each([
    [[]],
    [['app', 'istio-proxy', 'istio-init']],
    [['envoy']],
    [['proxyinit']],
    [['linkerd', 'linkerd-proxy-x', 'xlinkerd-proxy', 'Linkerd-Proxy']],
    [['consul', 'consul-data', 'consul-agent']],
    [['constructor', '__proto__', '']],
  ])('%j is none', (names) => {
    expect(meshIn(names)).toBeUndefined();
  });

  it('is told by few of the names, which a template keeps', () => {
    expect(ofOtherMeshes(['app', 'envoy', 'linkerd-proxy', 'istio-proxy'])).toEqual(['envoy', 'linkerd-proxy']);
  });
});

describe('what asks for a mesh', () => {
  const none = { labels: {}, annotations: {} };

  it.each([
    ['Linkerd', 'pod', { annotations: { 'linkerd.io/inject': 'enabled' } }, true],
    ['Linkerd', 'pod', { annotations: { 'linkerd.io/inject': 'Enabled' } }, false],
    ['Linkerd', 'pod', { labels: { 'linkerd.io/inject': 'enabled' } }, undefined],
    ['Consul', 'pod', { annotations: { 'consul.hashicorp.com/connect-inject': 'T' } }, true],
    ['Consul', 'pod', { annotations: { 'consul.hashicorp.com/connect-inject': 'yes' } }, false],
    ['Consul', 'namespace', { annotations: { 'consul.hashicorp.com/connect-inject': 'true' } }, undefined],
    [
      'Kuma',
      'pod',
      {
        labels: { 'kuma.io/sidecar-injection': 'disabled' },
        annotations: { 'kuma.io/sidecar-injection': 'enabled' },
      },
      false,
    ],
    ['App Mesh', 'namespace', { labels: { 'appmesh.k8s.aws/sidecarInjectorWebhook': 'enabled' } }, true],
    ['Cilium', 'pod', { labels: { 'io.cilium/mtls-enabled': 'true' } }, undefined],
    ['Cilium', 'namespace', { labels: { 'io.cilium/mtls-enabled': 'true' } }, true],
  ] as const)('%s, of a %s that has %j: %s', (name, of, holder, yes) => {
    expect(askedOf(meshNamed(name), of, { ...none, ...holder })?.yes).toBe(yes);
  });

  it('is said as one word, however long somebody has made it', () => {
    const value = `enabled; ${'x'.repeat(100_000)}`;
    const annotations = { 'linkerd.io/inject': value, 'example.com/other': 'x' };

    expect(askedOf(meshNamed('Linkerd'), 'pod', { ...none, annotations })?.sign).toBe(
      'annotation linkerd.io/inject=enabled…',
    );
    expect(askingAnnotations(annotations)).toEqual({ 'linkerd.io/inject': value.slice(0, 32) });
  });
});

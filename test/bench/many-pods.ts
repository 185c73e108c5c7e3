/*
 * Pods as an API server sends them, with a sidecar, probes and the fields' owners: what a cache keeps of each counts.
 */

const container = (name: string, image: string): Readonly<Record<string, unknown>> => ({
  name,
  image,
  ports: [{ containerPort: 8080, name: 'http', protocol: 'TCP' }],
  env: Array.from({ length: 20 }, (_, at) => ({ name: `VARIABLE_${at}`, value: `a value of some length ${at}` })),
  resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
  readinessProbe: { httpGet: { path: '/ready', port: 8080 }, periodSeconds: 10, failureThreshold: 3 },
  volumeMounts: Array.from({ length: 6 }, (_, at) => ({ name: `volume-${at}`, mountPath: `/var/run/mounted/${at}` })),
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
  imagePullPolicy: 'IfNotPresent',
});

const owned = Object.fromEntries(
  ['metadata', 'spec', 'status'].map((part) => [
    `f:${part}`,
    Object.fromEntries(
      Array.from({ length: 40 }, (_, at) => [`f:field${at}`, { '.': {}, 'f:name': {}, 'f:value': {} }]),
    ),
  ]),
);

/** One pod; ten of them have one ReplicaSet, and a hundred a namespace. */
export function podAt(at: number): Readonly<Record<string, unknown>> {
  const [home, app] = [`ns-${Math.floor(at / 100)}`, `app-${Math.floor(at / 10) % 10}`];
  const hash = `5d9c7b${(Math.floor(at / 10) % 10).toString(36)}f8`;
  const name = `${app}-${hash}-${at.toString(36)}`;
  const conditions = ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => ({
    type,
    status: 'True',
    lastProbeTime: null,
    lastTransitionTime: '2030-01-01T00:00:00Z',
  }));
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {
      name,
      generateName: `${app}-${hash}-`,
      namespace: home,
      uid: `00000000-0000-4000-8000-${at.toString(16).padStart(12, '0')}`,
      resourceVersion: String(1000 + at),
      creationTimestamp: '2030-01-01T00:00:00Z',
      labels: { app, version: 'v1', 'pod-template-hash': hash, 'security.istio.io/tlsMode': 'istio' },
      annotations: { 'sidecar.istio.io/status': JSON.stringify({ containers: ['istio-proxy'], revision: 'default' }) },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${app}-${hash}`, uid: `rs-${app}`, controller: true },
      ],
      managedFields: [
        {
          manager: 'kube-controller-manager',
          operation: 'Update',
          apiVersion: 'v1',
          fieldsType: 'FieldsV1',
          fieldsV1: owned,
        },
        {
          manager: 'kubelet',
          operation: 'Update',
          apiVersion: 'v1',
          subresource: 'status',
          fieldsType: 'FieldsV1',
          fieldsV1: owned,
        },
      ],
    },
    spec: {
      nodeName: `node-${at % 50}`,
      serviceAccountName: app,
      containers: [
        container('app', `registry.example/${app}:1`),
        container('istio-proxy', 'registry.example/proxyv2:1.31.0'),
      ],
      initContainers: [container('istio-init', 'registry.example/proxyv2:1.31.0')],
      volumes: Array.from({ length: 6 }, (_, each) => ({ name: `volume-${each}`, emptyDir: {} })),
      tolerations: [
        { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
      ],
    },
    status: {
      phase: 'Running',
      podIP: `10.${(at >> 16) & 255}.${(at >> 8) & 255}.${at & 255}`,
      hostIP: '192.0.2.1',
      conditions,
      containerStatuses: ['app', 'istio-proxy'].map((each) => ({
        name: each,
        ready: true,
        restartCount: 0,
        state: { running: {} },
      })),
    },
  };
}

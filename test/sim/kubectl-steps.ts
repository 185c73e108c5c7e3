import { fileURLToPath } from 'node:url';

/** One command, what it reads from standard input, and what it must print. */
export interface KubectlStep {
  readonly args: readonly string[];
  readonly input?: string;
  readonly prints: readonly RegExp[];
  /** Whether it has to fail. */
  readonly fails?: true;
}

function command(line: string, ...prints: readonly RegExp[]): KubectlStep {
  return { args: line.split(' '), prints };
}

function definition(name: string): string {
  return fileURLToPath(new URL(`../../crds/meshmigration.dev_${name}.yaml`, import.meta.url));
}

const workload = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop, labels: {app: cart}}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec: {containers: [{name: app, image: nginx:1, ports: [{containerPort: 80}]}]}
`;

const pod = `
apiVersion: v1
kind: Pod
metadata: {name: solo, namespace: shop, labels: {app: solo}}
spec: {containers: [{name: app, image: nginx:1}]}
`;

const migration = `
apiVersion: meshmigration.dev/v1alpha1
kind: MeshMigration
metadata: {name: shop}
spec: {from: IstioSidecar, to: IstioAmbient, namespaces: {names: [shop]}}
`;

const rolledOut = JSON.stringify({
  status: {
    observedGeneration: 3,
    replicas: 3,
    updatedReplicas: 3,
    availableReplicas: 3,
    readyReplicas: 3,
    conditions: [{ type: 'Available', status: 'True' }],
  },
});

/** What a person does with kubectl, in an order in which each step has what it needs. */
export const kubectlSteps: readonly KubectlStep[] = [
  command('version', /Server Version: v1\.36/),
  {
    args: ['apply', '-f', definition('meshmigrations'), '-f', definition('namespacemigrations')],
    prints: [/meshmigrations\.meshmigration\.dev created/, /namespacemigrations\.meshmigration\.dev created/],
  },
  command('wait crd/meshmigrations.meshmigration.dev --for=condition=Established --timeout=10s', /condition met/),
  command(
    'api-resources',
    /meshmigrations +mm +meshmigration\.dev\/v1alpha1 +false +MeshMigration/,
    /deployments +deploy +apps\/v1/,
  ),
  command('explain mm.spec', /KIND: +MeshMigration/, /action\t<string>/),
  command('create ns shop', /namespace\/shop created/),
  command('create configmap -n shop settings --from-literal=a=b', /configmap\/settings created/),
  { args: ['apply', '-f', '-'], input: workload, prints: [/deployment\.apps\/cart created/] },
  { args: ['apply', '-f', '-'], input: workload, prints: [/deployment\.apps\/cart unchanged/] },
  {
    args: ['apply', '-f', '-'],
    input: workload.replace('nginx:1', 'nginx:2'),
    prints: [/deployment\.apps\/cart configured/],
  },
  { args: ['apply', '--server-side', '-f', '-'], input: pod, prints: [/pod\/solo serverside-applied/] },
  {
    args: ['apply', '--server-side', '--force-conflicts', '-f', '-'],
    input: migration,
    prints: [/meshmigration\.meshmigration\.dev\/shop serverside-applied/],
  },
  {
    args: ['apply', '-f', '-'],
    input: migration.replace('namespaces: {', 'namespaces: {typo: 1, '),
    prints: [/strict decoding error: unknown field "spec\.namespaces\.typo"/],
    fails: true,
  },
  {
    args: ['apply', '-f', '-'],
    input: migration.replace('from: IstioSidecar', 'from: IstioAmbient'),
    prints: [/from and to are the same/],
    fails: true,
  },
  command('get mm', /NAME +PHASE +FROM/, /shop +IstioSidecar +IstioAmbient/),
  command('get mm shop -o wide', /MESSAGE/),
  command('get mm shop -o yaml', /kind: MeshMigration/, /action: Plan/),
  command('get mm,deploy -A -o json', /"kind": "List"/),
  command('patch mm shop --subresource=status --type=merge -p {"status":{"phase":"RollingBack"}}', /patched/),
  command('get mm shop -o jsonpath={.status.phase}', /^RollingBack$/),
  command('describe mm shop', /Phase: +RollingBack/, /Events: +<none>/),
  command('describe pod -n shop solo', /Image: +nginx:1/, /Status: +Pending/),
  command('get pods -n shop', /solo +0\/1 +Pending/),
  command('label ns shop istio-injection=enabled', /labeled/),
  command('annotate ns shop note=x', /annotated/),
  command('get ns -l istio-injection=enabled', /^shop +Active/m),
  command('scale -n shop deploy cart --replicas=3', /scaled/),
  command('rollout restart -n shop deploy cart', /restarted/),
  {
    args: [
      'patch',
      '-n',
      'shop',
      'deploy',
      'cart',
      '--subresource=status',
      '--type=merge',
      '-p',
      rolledOut.replace('"observedGeneration":3', '"observedGeneration":9'),
    ],
    prints: [/patched/],
  },
  command('rollout status -n shop deploy cart --timeout=10s', /successfully rolled out/),
  command('wait -n shop deploy/cart --for=condition=Available --timeout=10s', /condition met/),
  command('get deploy -n shop', /cart +3\/3 +3 +3/),
  command('auth can-i delete pods', /yes/),
  command('delete mm shop --timeout=10s', /deleted/),
  { args: ['get', 'mm', 'shop'], prints: [/meshmigrations\.meshmigration\.dev "shop" not found/], fails: true },
  command('delete pod -n shop solo --timeout=10s', /deleted/),
];

/** A watch that runs while other commands change what it shows. */
export const watchStep = {
  args: ['get', 'configmaps', '-n', 'shop', '-w'],
  prints: [/settings +1/, /late +1/, /late +2/],
  meanwhile: [
    ['create', 'configmap', '-n', 'shop', 'late', '--from-literal=a=b'],
    ['patch', 'configmap', '-n', 'shop', 'late', '-p', '{"data":{"b":"c"}}'],
    ['delete', 'configmap', '-n', 'shop', 'late'],
  ],
} satisfies KubectlStep & { readonly meanwhile: readonly (readonly string[])[] };

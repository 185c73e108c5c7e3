import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The root of this repository: paths in commands are relative to it. */
export const root = join(import.meta.dirname, '..', '..', '..');

/** The commands of one section of the runbook, in their order. */
export interface Section {
  readonly heading: string;
  readonly commands: readonly string[];
}

/**
 * Those in blocks, line by line, and in the text those that are spelled out. What is generated is run by
 * test/sim/ways-out.test.ts.
 */
function commandsIn(text: string): readonly string[] {
  let inBlock = false;
  return text.split('\n').flatMap((line) => {
    const fence = /^ *```(sh)?$/.exec(line);
    if (fence !== null) inBlock = fence[1] !== undefined;
    if (fence !== null || inBlock) return fence === null && line.trim() !== '' ? [line.trim()] : [];
    return [...line.matchAll(/`(kubectl [^`]*)`/g)].map(([, command = '']) => command);
  });
}

/** Every section of the runbook that has commands. */
export function sectionsOf(runbook: string): readonly Section[] {
  const text = runbook.replace(/<!-- generated[^]*?<!-- end of generated -->/g, '');
  return text
    .split(/^## /m)
    .slice(1)
    .map((part) => ({ heading: part.slice(0, part.indexOf('\n')), commands: commandsIn(part) }))
    .filter(({ commands }) => commands.length > 0);
}

/** The sections of docs/runbook.md. */
export function runbookSections(): readonly Section[] {
  return sectionsOf(readFileSync(join(root, 'docs', 'runbook.md'), 'utf8'));
}

const asProcess = 'the operator is a process there, without a Deployment';
const noLogs = 'nobody serves the logs of pods that are only played';

/** Commands that the check does not run, and why. */
export const notRun: Readonly<Record<string, string>> = {
  'kubectl scale deployment/mesh-migration-operator -n mesh-migration-system --replicas=0': asProcess,
  'kubectl scale deployment mesh-migration-operator -n mesh-migration-system --replicas=0': asProcess,
  'kubectl logs -n mesh-migration-system -l app.kubernetes.io/name=mesh-migration-operator --tail=50': noLogs,
  "kubectl logs -n istio-system daemonset/ztunnel --since=10m | grep 'policy rejection'   # one ztunnel of several: take the one on the node of the pod":
    noLogs,
  'kubectl logs -n shop-api -l gateway.networking.k8s.io/gateway-name=waypoint': noLogs,
  'kubectl rollout resume': 'only the beginning of one',
};

/** Commands that may print nothing, and why; whatever else is run has something to show. */
export const mayBeSilent: Readonly<Record<string, string>> = {
  'kubectl get pods -n mesh-migration-system': asProcess,
  'kubectl get gateways': 'there is none of the other kind in the namespace of the kubeconfig',
  [`kubectl get mm shop -o jsonpath='{.status.conditions[?(@.type=="CommandRejected")].message}'`]:
    'the command before it is carried out',
  'kubectl events -n shop-api --for deployment/waypoint': 'events are kept for an hour only',
};

/** Commands that go on until somebody ends them. */
export const endless: readonly string[] = ['kubectl get nsm -A -w', 'kubectl delete mm shop'];

/** The name of a copy in the examples. It ends with a digest, so the real one is another. */
export const exampleCopy = 'readers-api-1a2b3c4d5e6f708192a3b4c5d6e7f809';

/** The sections whose commands are run, in the order of the story that brings their states about. */
export const told: readonly string[] = [
  'See the state in one command',
  'Why it is stalled',
  'Something takes the restart annotation away',
  'The waypoint does not become ready',
  'Callers are refused',
  'A write is refused',
  'A write does not last',
  'Someone edited a copy',
  'Something is left over',
  'Where the original labels are',
  'The operator is down',
  'Write a status by hand',
  'Roll back',
  'Stop everything',
  'Someone else changed a label',
  'A rollback has not left everything as it was',
  'Remove the finalizer by force',
  'Roll back without the operator: L7',
  'A namespace failed',
  'A rollback is stuck',
  'Roll back without the operator',
  'The journal is gone',
  'A MeshMigration does not go away',
];

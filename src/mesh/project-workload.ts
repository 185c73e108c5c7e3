import type { WorkloadKind } from '../api/namespace-migration.ts';
import { managerName } from '../api/managers.ts';
import type { KubeObject } from '../api/object.ts';
import { count, record, records, stringMap, text, type Json } from './json.ts';
import { createdAtOf } from './project.ts';
import { placementOf } from './placement.ts';
import { podAsks } from './pod-resources.ts';
import { restartAnnotation } from '../api/resources.ts';
import { certificateReaders, nameUpdaters, proxyParts } from './proxy-parts.ts';
import { troubleOfWorkload } from './trouble.ts';
import { containerPorts, otherProxies } from './project-template.ts';
import type { WorkloadView } from './views.ts';

/**
 * A number or percentage of `total`, as the workload controllers resolve it (intstr.GetScaledValueFromIntOrPercent).
 */
export function resolvePercent(value: unknown, total: number, round: 'up' | 'down'): number {
  if (typeof value === 'number') return value;
  const match = /^(\d+)(%?)$/.exec(text(value) ?? '');
  if (match === null) return 0;
  if (match[2] === '') return Number(match[1]);
  const exact = (Number(match[1]) * total) / 100;
  return round === 'up' ? Math.ceil(exact) : Math.floor(exact);
}

/**
 * Pods that the workload's own update strategy takes away at once, by kind (deploymentutil.MaxUnavailable and its kin).
 */
const worstCase: Record<WorkloadKind, (strategy: Json, spec: Json, replicas: number) => number> = {
  Deployment(strategy, _spec, replicas) {
    if (strategy['type'] === 'Recreate') return replicas;
    const rolling = record(strategy['rollingUpdate']);
    const unavailable = resolvePercent(rolling['maxUnavailable'] ?? '25%', replicas, 'down');
    const surge = resolvePercent(rolling['maxSurge'] ?? '25%', replicas, 'up');
    return Math.min(replicas, surge === 0 && unavailable === 0 ? 1 : unavailable);
  },
  StatefulSet: (strategy, spec, replicas) =>
    Math.min(
      replicas,
      spec['podManagementPolicy'] === 'Parallel'
        ? Math.max(1, resolvePercent(record(strategy['rollingUpdate'])['maxUnavailable'] ?? 1, replicas, 'up'))
        : 1,
    ),
  DaemonSet(strategy, _spec, replicas) {
    const rolling = record(strategy['rollingUpdate']);
    const unavailable = resolvePercent(rolling['maxUnavailable'] ?? 1, replicas, 'up');
    const surge = resolvePercent(rolling['maxSurge'] ?? 0, replicas, 'up');
    return Math.min(replicas, surge === 0 ? Math.max(1, unavailable) : unavailable);
  },
};

function deadlineExceeded(status: Json): boolean {
  return records(status['conditions']).some(
    (condition) =>
      condition['type'] === 'Progressing' &&
      condition['status'] === 'False' &&
      condition['reason'] === 'ProgressDeadlineExceeded',
  );
}

/**
 * The Deployment controller keeps `NewReplicaSetAvailable` until the template changes, whatever becomes of the pods
 * (`syncRolloutStatus`); that of a StatefulSet has the current revision follow when all pods are Ready at the new one
 * (`completeRollingUpdate`), and only where it rolls out all of them.
 */
function rolledOut(kind: WorkloadKind, strategy: Json, status: Json): Pick<WorkloadView, 'rolledOut'> {
  if (kind === 'Deployment') {
    const progressing = records(status['conditions']).find(({ type }) => type === 'Progressing');
    return progressing === undefined ? {} : { rolledOut: progressing['reason'] === 'NewReplicaSetAvailable' };
  }
  const [current, update] = [text(status['currentRevision']), text(status['updateRevision'])];
  const isPartial = strategy['type'] === 'OnDelete' || count(record(strategy['rollingUpdate'])['partition']) > 0;
  return isPartial || current === undefined || update === undefined ? {} : { rolledOut: current === update };
}

/** How many pods there are and in which state; a DaemonSet counts scheduled pods where the others count replicas. */
function counters(
  kind: WorkloadKind,
  spec: Json,
  status: Json,
): Pick<WorkloadView, 'replicas' | 'updated' | 'available' | 'current'> {
  return kind === 'DaemonSet'
    ? {
        replicas: count(status['desiredNumberScheduled']),
        updated: count(status['updatedNumberScheduled']),
        available: count(status['numberAvailable']),
        current: count(status['currentNumberScheduled']),
      }
    : {
        replicas: count(spec['replicas'], 1),
        updated: count(status['updatedReplicas']),
        available: count(status['availableReplicas']),
        current: count(status['replicas']),
      };
}

/** Who owns the annotation now, or failing that whoever wrote the template last. */
function managerOfRestart({ metadata }: KubeObject): string | undefined {
  const templates = (metadata.managedFields ?? [])
    .map(({ manager, time, fieldsV1 }) => ({
      manager,
      time: time ?? '',
      fields: record(record(record(record(fieldsV1)['f:spec'])['f:template'])['f:metadata']),
    }))
    .filter(({ fields }) => fields['f:annotations'] !== undefined);
  const owner = templates.find(({ fields }) => `f:${restartAnnotation}` in record(fields['f:annotations']));
  const writer = owner ?? templates.toSorted((a, b) => b.time.localeCompare(a.time))[0];
  return writer && managerName(writer);
}

/**
 * Whose Gateway it is made for: a label is anybody's, an owner that is not there has the garbage collector remove the
 * object.
 */
function madeFor({ metadata: { ownerReferences = [] } }: KubeObject): Pick<WorkloadView, 'gateway'> {
  const owner = ownerReferences.find(
    ({ kind, apiVersion }) => kind === 'Gateway' && apiVersion.startsWith('gateway.networking.k8s.io/'),
  );
  return owner === undefined ? {} : { gateway: owner.name };
}

/** More of them is not read: anybody may call a container like that of istiod. */
const longestAccounts = 1000;

/**
 * What istiod is told of the accounts of ztunnel (CA_TRUSTED_NODE_ACCOUNTS in its chart): the one variable of which the
 * value is kept, and none of another container.
 */
function nodeAccounts(podSpec: Json): Pick<WorkloadView, 'nodeAccounts'> {
  const accounts = records(podSpec['containers'])
    .filter(({ name }) => name === 'discovery')
    .flatMap(({ env }) => records(env))
    .filter(({ name }) => name === 'CA_TRUSTED_NODE_ACCOUNTS')
    .flatMap(({ value }) => (text(value) ?? '').slice(0, longestAccounts).split(','))
    .map((account) => account.trim())
    .filter((account) => account !== '');
  return accounts.length === 0 ? {} : { nodeAccounts: accounts };
}

/** What is only for messages. */
function told(object: KubeObject, status: Json): Pick<WorkloadView, 'trouble' | 'templateManager'> {
  const trouble = troubleOfWorkload(status);
  const templateManager = managerOfRestart(object);
  return { ...(trouble !== undefined && { trouble }), ...(templateManager !== undefined && { templateManager }) };
}

/** A Deployment, StatefulSet or DaemonSet as decisions see it. */
export function projectWorkload(kind: WorkloadKind): (object: KubeObject) => WorkloadView {
  return (object) => {
    const spec = record(object['spec']);
    const status = record(object['status']);
    const strategy = record(spec[kind === 'Deployment' ? 'strategy' : 'updateStrategy']);
    const template = record(record(spec['template'])['metadata']);
    const podSpec = record(record(spec['template'])['spec']);
    const counted = counters(kind, spec, status);
    const updateRevision = text(status['updateRevision']);
    return {
      kind,
      name: object.metadata.name,
      namespace: object.metadata.namespace ?? '',
      uid: object.metadata.uid ?? '',
      resourceVersion: object.metadata.resourceVersion ?? '',
      ...createdAtOf(object),
      ...counted,
      generation: object.metadata.generation ?? 0,
      observedGeneration: count(status['observedGeneration']),
      paused: spec['paused'] === true,
      strategy: text(strategy['type']) ?? 'RollingUpdate',
      maxUnavailable: worstCase[kind](strategy, spec, counted.replicas),
      partition: count(record(strategy['rollingUpdate'])['partition']),
      ...(updateRevision !== undefined && { updateRevision }),
      ...(kind === 'Deployment' && { progressDeadlineMs: count(spec['progressDeadlineSeconds'], 600) * 1000 }),
      deadlineExceeded: deadlineExceeded(status),
      ...rolledOut(kind, strategy, status),
      ...told(object, status),
      serviceAccount: text(podSpec['serviceAccountName']) ?? 'default',
      asks: podAsks(podSpec),
      containerPorts: containerPorts(podSpec),
      ...(podSpec['hostNetwork'] === true && { hostNetwork: true as const }),
      images: Object.fromEntries(
        records(podSpec['containers']).map(({ name, image }) => [text(name) ?? '', text(image) ?? '']),
      ),
      ...proxyParts(podSpec),
      ...otherProxies(podSpec),
      ...placementOf(podSpec),
      ...certificateReaders(podSpec),
      ...nameUpdaters(podSpec),
      ...madeFor(object),
      ...nodeAccounts(podSpec),
      templateLabels: stringMap(template['labels']),
      templateAnnotations: stringMap(template['annotations']),
      hasTemplateAnnotations: template['annotations'] !== undefined && template['annotations'] !== null,
    };
  };
}

import type { ControllerContext } from './controller.ts';
import { startDaemonSetController } from './daemon-set.ts';
import { startDeploymentController } from './deployment.ts';
import { startDisruptionController } from './disruption.ts';
import { startEndpointSliceController } from './endpoint-slice.ts';
import { startHorizontalPodAutoscaler } from './horizontal-pod-autoscaler.ts';
import { startJobController } from './job.ts';
import { startKubelet } from './kubelet.ts';
import { startNamespaceController } from './namespace.ts';
import { startReplicaSetController } from './replica-set.ts';
import { startResourceQuotaController } from './resource-quota.ts';
import { startScheduler } from './scheduler.ts';
import { startStatefulSetController } from './stateful-set.ts';

/** What a plain Kubernetes cluster runs around its API server. CronJobs are only stored. */
const kubernetesControllers: readonly ((context: ControllerContext) => void)[] = [
  startNamespaceController,
  startDeploymentController,
  startReplicaSetController,
  startStatefulSetController,
  startDaemonSetController,
  startJobController,
  startDisruptionController,
  startEndpointSliceController,
  startHorizontalPodAutoscaler,
  startResourceQuotaController,
  startScheduler,
  startKubelet,
];

/** Starts all controllers of Kubernetes; the context's signal ends them. */
export function startKubernetes(context: ControllerContext): void {
  for (const start of kubernetesControllers) start(context);
}

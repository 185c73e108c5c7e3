import { timestamp } from '../../../src/base/clock.ts';
import type { KubeObject } from '../../../src/api/object.ts';
import { startQueue, watchKind, type ControllerContext } from './controller.ts';
import { customResourceDefinitions, pods } from './kinds.ts';
import type { Pod } from './pod-types.ts';
import { isReady } from './pods.ts';

/** Where the control plane and the node components are installed. */
export const istioNamespace = 'istio-system';

const manager = 'pilot-discovery';
/**
 * Classes by name and the controller that serves them; the waypoint class only exists in an ambient mesh
 * (gatewaycommon/classinfo.go).
 */
const gatewayClasses: readonly { readonly name: string; readonly controllerName: string; readonly ambient: boolean }[] =
  [
    { name: 'istio', controllerName: 'istio.io/gateway-controller', ambient: false },
    { name: 'istio-remote', controllerName: 'istio.io/unmanaged-gateway', ambient: false },
    { name: 'istio-waypoint', controllerName: 'istio.io/mesh-controller', ambient: true },
  ];

/**
 * What the control plane is like right now. It follows istiod's pods, so a changed Deployment counts only once it is
 * rolled out.
 */
export interface Istiod {
  /** Whether any istiod answers. */
  readonly isUp: boolean;
  /** Whether the istiod that answers runs with `PILOT_ENABLE_AMBIENT`. */
  readonly ambient: boolean;
  /** Stops it from answering although its pods are ready, as a process that hangs; {@link resume} ends that. */
  pause(): void;
  resume(): void;
  /** Called whenever something above may have changed. */
  onChange(listener: () => void): void;
}

/**
 * Starts istiod's part that other models do not cover: the GatewayClasses, created when missing and never updated, once
 * their CRD exists.
 */
export function startIstiod(context: ControllerContext): Istiod {
  const ready = new Map<string | undefined, Pod>();
  const listeners: (() => void)[] = [];
  let paused = false;
  const changed = (): void => {
    for (const listener of listeners) listener();
  };
  const istiod: Istiod = {
    get isUp() {
      return !paused && ready.size > 0;
    },
    get ambient() {
      return !paused && [...ready.values()].some(runsAmbient);
    },
    pause() {
      paused = true;
    },
    resume() {
      paused = false;
      changed();
    },
    onChange(listener) {
      listeners.push(listener);
    },
  };
  const queue = startQueue(context, (name) => {
    ensureClass(context, istiod, name);
    return undefined;
  });
  const all = (): void => {
    for (const { name } of gatewayClasses) queue.add(name);
  };
  istiod.onChange(all);
  watchKind(context, customResourceDefinitions, changed);
  watchKind(context, pods, (pod, deleted) => {
    if (pod.metadata.namespace !== istioNamespace || pod.metadata.labels?.['app'] !== 'istiod') return;
    if (deleted || !isReady(pod)) ready.delete(pod.metadata.uid);
    else ready.set(pod.metadata.uid, pod);
    changed();
  });
  return istiod;
}

function runsAmbient({ spec }: Pod): boolean {
  return spec.containers.some(({ env = [] }) =>
    env.some(({ name, value }) => name === 'PILOT_ENABLE_AMBIENT' && value === 'true'),
  );
}

function ensureClass({ api, clock }: ControllerContext, istiod: Istiod, name: string): void {
  const wanted = gatewayClasses.find((candidate) => candidate.name === name);
  const resource = api.resourceFor('gateway.networking.k8s.io', 'GatewayClass');
  if (wanted === undefined || resource === undefined || !istiod.isUp || (wanted.ambient && !istiod.ambient)) return;
  const created =
    api.get(resource, undefined, name) ??
    api.create(
      resource,
      {
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind: 'GatewayClass',
        metadata: { name },
        spec: { controllerName: wanted.controllerName, description: 'The default Istio GatewayClass' },
      },
      { manager },
    );
  if (created['status'] === undefined)
    api.update(resource, accepted(created, clock.now()), { manager, subresource: 'status' });
}

function accepted(gatewayClass: KubeObject, now: number): KubeObject {
  const condition = {
    type: 'Accepted',
    status: 'True',
    reason: 'Accepted',
    message: 'Handled by Istio controller',
    lastTransitionTime: timestamp(now),
    observedGeneration: gatewayClass.metadata.generation ?? 1,
  };
  return { ...gatewayClass, status: { conditions: [condition] } };
}

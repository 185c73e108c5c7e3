import type { KubeObject, Resource } from '../../../src/api/object.ts';
import { startQueue, watchCustomKind, watchKind, type ControllerContext } from './controller.ts';
import type { Istiod } from './istiod.ts';
import {
  configMaps,
  deployments,
  gateways,
  horizontalPodAutoscalers,
  namespaces,
  podDisruptionBudgets,
  serviceAccounts,
  services,
} from './kinds.ts';
import type { Gateway } from './gateway-types.ts';
import { getByKey, isServed, keyOf, listOf, updateStatus } from './typed-api.ts';
import { watchInstances, type Instances } from './waypoint-instances.ts';
import { deploymentNameOf, managedLabel, waypointObjects } from './waypoint-objects.ts';
import { parametersError, parametersOf, RenderError, withParameters } from './waypoint-parameters.ts';
import { gatewayStatus } from './waypoint-status.ts';

/** The field manager of what istiod makes for a Gateway, and of its status. */
const deployer = 'istio.io/gateway-controller';
const reporter = 'pilot-discovery';
/** How long istiod collects events before it acts on them (PILOT_DEBOUNCE_AFTER). */
const debounceMs = 100;
const image = 'docker.io/istio/proxyv2:1.31.0';
const waypointClass = 'istio-waypoint';
/** The kinds whose changes make istiod look at the Gateway that owns them. */
const childKinds = [services, deployments, serviceAccounts, horizontalPodAutoscalers, podDisruptionBudgets];

/**
 * istiod's part for Gateways of class `istio-waypoint`: their Deployment and what belongs to it, by server-side apply
 * (gatewaycommon/ deploymentcontroller.go), and their status (gateway/conversion.go). Gateways of other classes and
 * HTTP routes are left alone.
 */
export function startWaypointController(context: ControllerContext, istiod: Istiod): void {
  const { api } = context;
  const deployment = startQueue(context, (key) => {
    if (serves(context, istiod)) deploy(context, key);
    return undefined;
  });
  const status = startQueue(context, (key) => {
    if (serves(context, istiod)) report(context, instances, key);
    return undefined;
  });
  const each = (namespace: string | undefined, action: (key: string) => void): void => {
    if (isServed(api, gateways)) for (const gateway of listOf(api, gateways, namespace)) action(keyOf(gateway));
  };
  const reportAll = (): void => {
    each(undefined, (key) => {
      status.add(key, debounceMs);
    });
  };
  const lookAt = (key: string): void => {
    deployment.add(key);
    status.add(key, debounceMs);
  };
  const instances = watchInstances(context, reportAll);
  istiod.onChange(() => {
    each(undefined, lookAt);
  });
  watchCustomKind(context, gateways, (gateway) => {
    lookAt(keyOf(gateway));
  });
  watchKind(context, configMaps, () => {
    each(undefined, lookAt);
  });
  watchKind(context, namespaces, ({ metadata }) => {
    each(metadata.name, lookAt);
  });
  for (const kind of childKinds) {
    watchKind<KubeObject>(context, kind, (child) => {
      for (const owner of child.metadata.ownerReferences ?? [])
        if (owner.kind === gateways.kind) deployment.add(`${child.metadata.namespace ?? ''}/${owner.name}`);
    });
  }
}

function serves({ api }: ControllerContext, istiod: Istiod): boolean {
  return istiod.ambient && isServed(api, gateways);
}

/** A Gateway of this class and of our revision; undefined otherwise. */
function waypoint({ api }: ControllerContext, key: string): Gateway | undefined {
  const gateway = getByKey(api, gateways, key);
  if (gateway?.spec.gatewayClassName !== waypointClass || gateway.metadata.deletionTimestamp !== undefined)
    return undefined;
  const namespace = getByKey(api, namespaces, `/${gateway.metadata.namespace ?? ''}`);
  // IsMine in pkg/revisions/tag_watcher.go, for the only revision that there is.
  const revision = gateway.metadata.labels?.['istio.io/rev'] ?? namespace?.metadata.labels?.['istio.io/rev'] ?? '';
  return revision === '' || revision === 'default' ? gateway : undefined;
}

function deploy(context: ControllerContext, key: string): void {
  const gateway = waypoint(context, key);
  if (gateway === undefined) return;
  for (const { resource, object } of render(context, gateway)) {
    if (mayManage(context, resource, object)) context.api.apply(resource, object, { manager: deployer });
  }
}

/**
 * All of the objects or, when one cannot be rendered, none: the Gateway then only looks as if nothing had happened yet.
 */
function render(
  { api }: ControllerContext,
  gateway: Gateway,
): readonly { readonly resource: Resource; readonly object: KubeObject }[] {
  try {
    const parameters = parametersOf(api, gateway);
    return waypointObjects(gateway, image).flatMap((rendered) => {
      const object = withParameters(rendered, parameters);
      return object === undefined ? [] : [{ resource: rendered.resource, object }];
    });
  } catch (error) {
    if (error instanceof RenderError) return [];
    throw error;
  }
}

/** istiod never takes over an object that somebody else made (canManage in deploymentcontroller.go). */
function mayManage(
  { api }: ControllerContext,
  resource: Resource,
  { metadata: { namespace, name } }: KubeObject,
): boolean {
  const existing = api.get(resource, namespace, name);
  return existing === undefined || existing.metadata.labels?.[managedLabel] !== undefined;
}

function report(context: ControllerContext, instances: Instances, key: string): void {
  const { api, clock } = context;
  const gateway = waypoint(context, key);
  if (gateway === undefined) return;
  const [namespace = '', name] = [gateway.metadata.namespace, deploymentNameOf(gateway)];
  const serviceKey = `${namespace}/${name}`;
  updateStatus(
    api,
    gateways,
    gateway,
    reporter,
    gatewayStatus(gateway, {
      hostname: `${name}.${namespace}.svc.cluster.local`,
      service: getByKey(api, services, serviceKey),
      hasInstances: instances.has(serviceKey),
      parametersError: parametersError(api, gateway),
      now: clock.now(),
    }),
  );
}

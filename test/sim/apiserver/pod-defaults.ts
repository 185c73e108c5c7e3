import { asArray, asObject, asString, compact, isObject, type JsonObject } from './json.ts';

const probeDefaults: JsonObject = { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 };

/** `defaults` below the members that are set. */
export function withDefaults(object: JsonObject, defaults: JsonObject): JsonObject {
  return Object.keys(defaults).every((key) => object[key] !== undefined) ? object : { ...defaults, ...compact(object) };
}

/** The same list when the change leaves every item as it is. */
export function mapItems(list: unknown, change: (item: JsonObject) => JsonObject): readonly unknown[] {
  const items = asArray(list);
  const changed = items.map((item) => (isObject(item) ? change(item) : item));
  return changed.every((item, index) => item === items[index]) ? items : changed;
}

/** Replaces one member if it is there. */
export function mapMember(object: JsonObject, field: string, change: (value: unknown) => unknown): JsonObject {
  const value = object[field];
  if (value === undefined || value === null) return object;
  const changed = change(value);
  return changed === value ? object : { ...object, [field]: changed };
}

function defaultProbe(probe: unknown): unknown {
  const filled = withDefaults(asObject(probe), probeDefaults);
  return mapMember(filled, 'httpGet', (get) => withDefaults(asObject(get), { path: '/', scheme: 'HTTP' }));
}

function pullPolicy(image: string): string {
  const tag = image.includes('@') ? 'digest' : (image.slice(image.lastIndexOf('/') + 1).split(':')[1] ?? 'latest');
  return tag === 'latest' ? 'Always' : 'IfNotPresent';
}

function defaultContainer(container: JsonObject): JsonObject {
  let filled = withDefaults(container, {
    resources: {},
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: pullPolicy(asString(container['image'])),
  });
  filled = mapMember(filled, 'ports', (ports) => mapItems(ports, (port) => withDefaults(port, { protocol: 'TCP' })));
  filled = mapMember(filled, 'env', (env) =>
    mapItems(env, (item) =>
      mapMember(item, 'valueFrom', (from) =>
        mapMember(asObject(from), 'fieldRef', (ref) => withDefaults(asObject(ref), { apiVersion: 'v1' })),
      ),
    ),
  );
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe'])
    filled = mapMember(filled, probe, defaultProbe);
  return filled;
}

function defaultVolume(volume: JsonObject): JsonObject {
  let filled = volume;
  for (const source of ['configMap', 'secret', 'projected', 'downwardAPI']) {
    filled = mapMember(filled, source, (value) => withDefaults(asObject(value), { defaultMode: 420 }));
  }
  return filled;
}

/** Defaults of a PodSpec, in a pod as in a template (pkg/apis/core/v1/defaults.go). */
export function defaultPodSpec(spec: JsonObject): JsonObject {
  let filled = withDefaults(spec, {
    restartPolicy: 'Always',
    dnsPolicy: 'ClusterFirst',
    terminationGracePeriodSeconds: 30,
    schedulerName: 'default-scheduler',
    securityContext: {},
  });
  const account = filled['serviceAccountName'];
  if (typeof account === 'string' && account !== '') filled = withDefaults(filled, { serviceAccount: account });
  filled = mapMember(filled, 'containers', (list) => mapItems(list, defaultContainer));
  filled = mapMember(filled, 'initContainers', (list) => mapItems(list, defaultContainer));
  return mapMember(filled, 'volumes', (list) => mapItems(list, defaultVolume));
}

const nodeTolerations = ['not-ready', 'unreachable'].map((taint) => ({
  key: `node.kubernetes.io/${taint}`,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: 300,
}));

/** What admission plugins add to a pod itself: ServiceAccount, Priority, DefaultTolerationSeconds. */
export function admitPodSpec(spec: JsonObject): JsonObject {
  const account = asString(spec['serviceAccountName']) === '' ? 'default' : spec['serviceAccountName'];
  const tolerations = asArray(spec['tolerations']);
  const missing = nodeTolerations.filter((added) => !tolerations.some((item) => asObject(item)['key'] === added.key));
  return {
    ...withDefaults(spec, { preemptionPolicy: 'PreemptLowerPriority', priority: 0 }),
    serviceAccountName: account,
    serviceAccount: account,
    tolerations: [...tolerations, ...missing],
  };
}

/** BestEffort, Burstable or Guaranteed (v1 qos.GetPodQOS), by the requests and limits for cpu and memory. */
export function qosClass(spec: JsonObject): string {
  const containers = [...asArray(spec['containers']), ...asArray(spec['initContainers'])].map((item) =>
    asObject(asObject(item)['resources']),
  );
  const limits = containers.map((item) => asObject(item['limits']));
  const requests = containers.map((item) => asObject(item['requests']));
  const counted = ['cpu', 'memory'];
  if ([...limits, ...requests].every((item) => counted.every((name) => item[name] === undefined))) return 'BestEffort';
  const guaranteed = limits.every((limit, index) =>
    counted.every((name) => limit[name] !== undefined && (requests[index]?.[name] ?? limit[name]) === limit[name]),
  );
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

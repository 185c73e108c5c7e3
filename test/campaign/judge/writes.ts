import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../../../src/api/object.ts';
import { at, labels, type Json } from './json.ts';
import type { Committed } from './states.ts';

/*
 * What the operator may change of an object that is somebody else's, by docs/safety.md: some labels and annotations, one annotation of templates,
 * and nothing else.
 */

const own = 'meshmigration.dev/';
const ownLabels: Readonly<Record<string, RegExp>> = {
  Namespace: /^(istio-injection|istio\.io\/dataplane-mode|istio\.io\/rev)$/,
  Service: /^istio\.io\/(use-waypoint|use-waypoint-namespace|ingress-use-waypoint)$/,
};

/** Controllers keep it beside a template, and count with it. */
const counted = new Set(['deployment.kubernetes.io/revision', 'deprecated.daemonset.template.generation']);

/** Sentences about a write of the operator that changes more than it may. */
export function overreach(
  { kind, key, before, after }: Committed,
  isOurs: (object: KubeObject | undefined) => boolean,
): readonly string[] {
  if (kind === 'MeshMigration' || kind === 'NamespaceMigration')
    return isDeepStrictEqual(before?.['spec'], after?.['spec']) || before === undefined || after === undefined
      ? []
      : [`${kind} ${key}: its spec was changed`];
  if (kind === 'Pod') return []; // Evictions and deletions; invariant B judges what becomes of them.
  if (isOurs(before) || isOurs(after)) return [];
  if (before === undefined || after === undefined)
    return [`${kind} ${key}: ${before === undefined ? 'created without our mark' : 'deleted although it is not ours'}`];
  const isAllowed = (label: string): boolean => ownLabels[kind]?.test(label) ?? false;
  const bad = [
    ...changed(labels(before.metadata.labels), labels(after.metadata.labels))
      .filter((each) => !each.startsWith(own) && !isAllowed(each))
      .map((each) => `label ${each}`),
    ...changed(labels(before.metadata.annotations), labels(after.metadata.annotations))
      .filter((each) => !each.startsWith(own) && !counted.has(each))
      .map((each) => `annotation ${each}`),
    ...(isDeepStrictEqual(specWithoutOurs(kind, before), specWithoutOurs(kind, after)) ? [] : ['spec']),
  ];
  return bad.map((what) => `${kind} ${key}: the operator changed its ${what}`);
}

function changed(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): readonly string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((key) => before[key] !== after[key]);
}

function specWithoutOurs(kind: Committed['kind'], object: KubeObject): unknown {
  if (kind === 'ConfigMap') return object['data'];
  if (kind !== 'Deployment' && kind !== 'StatefulSet' && kind !== 'DaemonSet') return object['spec'];
  return withoutRestart(object, object.metadata.name === 'waypoint');
}

/** A waypoint's Deployment is made by istiod; the operator may set its replicas once. */
function withoutRestart(object: KubeObject, isWaypoint: boolean): unknown {
  const spec = structuredClone(object['spec']) as Record<string, unknown>;
  const annotations = at(spec, 'template', 'metadata', 'annotations') as Record<string, unknown> | undefined;
  if (annotations !== undefined) {
    delete annotations['meshmigration.dev/restart'];
    if (Object.keys(annotations).length === 0)
      delete (at(spec, 'template', 'metadata') as Record<string, unknown>)['annotations'];
  }
  if (isWaypoint) delete spec['replicas'];
  return spec;
}

/**
 * What has to be as people wrote it once a namespace is back: labels, annotations and templates, nothing of which is
 * the operator's.
 */
export function essence(object: KubeObject, isRestarted = false): Json {
  const annotations = Object.fromEntries(
    Object.entries(labels(object.metadata.annotations)).filter(([key]) => !counted.has(key)),
  );
  return {
    labels: labels(object.metadata.labels),
    annotations,
    template: withoutEmpty(at(isRestarted ? withoutRestart(object, false) : object['spec'], 'template')),
  };
}

/** A template whose annotations are empty is one without any. */
function withoutEmpty(template: unknown): unknown {
  const annotations = at(template, 'metadata', 'annotations');
  if (annotations === undefined || Object.keys(annotations as object).length > 0) return template;
  const { annotations: _none, ...metadata } = at(template, 'metadata') as Json;
  return { ...(template as Json), metadata };
}

/** Where two objects differ, as paths with both values. */
export function differences(found: unknown, wanted: unknown, path = ''): readonly string[] {
  if (isDeepStrictEqual(found, wanted)) return [];
  const isObject = (value: unknown): value is Json =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject(found) || !isObject(wanted))
    return [`${path} is ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`];
  return [...new Set([...Object.keys(found), ...Object.keys(wanted)])].flatMap((key) =>
    differences(found[key], wanted[key], `${path}/${key}`),
  );
}

import type { Random } from '../../../src/base/random.ts';
import { apiVersionOf, type KubeObject } from '../../../src/api/object.ts';
import { equal } from '../apiserver/json.ts';
import { pods, type Kind } from './kinds.ts';
import type { Pod, PodTemplate } from './pod-types.ts';
import { controllerReference } from './typed-api.ts';

/** The label by which a ReplicaSet and its pods are told from those of other templates. */
export const podTemplateHash = 'pod-template-hash';

/**
 * The characters that Kubernetes uses in generated names: no vowels and nothing that looks like one (rand.alphanums).
 */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** Five characters for a generated name (names.SimpleNameGenerator). */
export function nameSuffix(random: Random): string {
  return Array.from({ length: 5 }, () => alphabet.charAt(Math.floor(random() * alphabet.length))).join('');
}

/**
 * A short hash of a JSON value that does not depend on the order of members. Upstream hashes a Go dump with FNV-32a and
 * encodes the decimal digits with the same alphabet (controller.ComputeHash, rand.SafeEncodeString); only the input
 * differs.
 */
export function hashOf(value: unknown): string {
  let hash = 0x811c9dc5;
  for (const character of canonicalJson(value)) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  return [...String(hash)].map((digit) => alphabet.charAt((digit.codePointAt(0) ?? 0) % alphabet.length)).join('');
}

/**
 * The template with absent and empty metadata maps made alike: the API server stores both the same way, so restoring a
 * template by setting its annotations to `{}` restores it.
 */
export function normalized(template: PodTemplate): PodTemplate {
  const { labels = {}, annotations = {}, ...rest } = template.metadata ?? {};
  return {
    ...template,
    metadata: {
      ...rest,
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    },
  };
}

/** Whether two templates are the same apart from the hash label (deploymentutil.EqualIgnoreHash). */
export function sameTemplate(a: PodTemplate, b: PodTemplate): boolean {
  return equal(withoutHash(a), withoutHash(b));
}

/** The template with one more label. */
export function withTemplateLabel(template: PodTemplate, label: string, value: string): PodTemplate {
  return { ...template, metadata: { ...template.metadata, labels: { ...template.metadata?.labels, [label]: value } } };
}

/** The pod that a controller creates from a template (controller.GetPodFromTemplate). */
export function podFromTemplate<T extends KubeObject>(
  template: PodTemplate,
  kind: Kind<T>,
  owner: KubeObject,
  name: string,
): Pod {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  return {
    apiVersion: apiVersionOf(pods),
    kind: pods.kind,
    metadata: {
      name,
      namespace: owner.metadata.namespace ?? '',
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ownerReferences: [controllerReference(kind, owner)],
    },
    spec: template.spec,
  };
}

function withoutHash(template: PodTemplate): PodTemplate {
  const { [podTemplateHash]: _hash, ...labels } = template.metadata?.labels ?? {};
  return normalized({ ...template, metadata: { ...template.metadata, labels } });
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

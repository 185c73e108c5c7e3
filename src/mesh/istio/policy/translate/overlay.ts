import { asEscape, unobeyed } from '../../../../base/ci-commands.ts';
import { printable, printableYaml } from '../../../../base/printable.ts';
import { sha256 } from '../../../../base/sha256.ts';
import type { Manifest } from './manifest.ts';
import { why } from './plan-text.ts';

/** A file of the overlay, its path relative to the directory of the overlay. */
export interface OverlayFile {
  readonly path: string;
  readonly text: string;
}

/** An object and one sentence about what it is for. */
export interface DescribedObject {
  readonly object: { readonly kind: string; readonly metadata: { readonly namespace: string; readonly name: string } };
  readonly sentence: string;
}

const lineWidth = 100;

/** What a file system takes for the name of one file, in bytes, of which each of these characters is one. */
const longestName = 255;

/** In digits and small letters only, for file systems that make no difference between small and capital ones. */
function digestFor(name: string): string {
  return `-${Buffer.from(sha256(name), 'base64').toString('hex').slice(0, 40)}`;
}

/**
 * `authorizationpolicy.shop.readers-cart-….yaml`: neither a kind nor a namespace has a dot, so no two objects share a
 * file. One that may be longer than that ends with a digest of it instead, and is longer than all that do not: whoever
 * chooses a name can give no object the file of another.
 */
function fileName({ kind, metadata: { namespace, name } }: DescribedObject['object']): string {
  const [whole, ending] = [`${kind}.${namespace}.${name}`.toLowerCase(), '.yaml'];
  const digest = digestFor(whole);
  const room = longestName - digest.length - ending.length;
  return whole.length <= room ? `${whole}${ending}` : `${whole.slice(0, room)}${digest}${ending}`;
}

/**
 * Comment lines: what ends a line for some reader of YAML is escaped, so that nothing of the sentence can end the
 * comment.
 */
function comment(sentence: string): string {
  return printable(unobeyed(sentence, asEscape))
    .split('\n')
    .map((line) => `# ${line}\n`)
    .join('');
}

function yamlOf(value: unknown): string {
  return printableYaml(value, { lineWidth, sortMapEntries: false, aliasDuplicateObjects: false });
}

/** An object as a file, with its reason on top. */
export function fileOf({ object, sentence }: DescribedObject): OverlayFile {
  return { path: fileName(object), text: `${comment(sentence)}${yamlOf(object)}` };
}

/**
 * Objects as a kustomize overlay: one file each, with its reason on top, in the order in which they are to be applied.
 */
export function overlayOf(objects: readonly DescribedObject[]): readonly OverlayFile[] {
  const files = objects.map(fileOf);
  const kustomization = yamlOf({
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: files.map(({ path }) => path),
  });
  return [{ path: 'kustomization.yaml', text: kustomization }, ...files];
}

/** The manifests as a kustomize overlay. */
export function overlay(manifests: readonly Manifest[]): readonly OverlayFile[] {
  return overlayOf(manifests.map((made) => ({ object: made.object, sentence: why(made) })));
}

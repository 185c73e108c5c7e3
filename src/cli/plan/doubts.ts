import { listed } from '../../base/counted.ts';
import { shown } from '../../base/shown.ts';
import type { Inventory } from '../audit/inventory.ts';
import { homeOf, isMeshConfig, placeholderShown } from '../manifests/placeholders.ts';

/** Groups of which an object counts where it is; one of any other may say something of all namespaces. */
const atHome = /^(?:|autoscaling|policy|networking\.k8s\.io|(?:security|telemetry|extensions)\.istio\.io)$/;

/** By these it is known whether the callers of others have sidecars. */
const ofCallers: readonly string[] = ['Namespace', 'Pod', 'ReplicationController'];

/** Whether what nobody can be sure of concerns nobody else. */
function isOwn(group: string, kind: string, name: string): boolean {
  if (!atHome.test(group) || (group === '' && ofCallers.includes(kind))) return false;
  return !isMeshConfig(kind, name);
}

/** Something of which nobody can be sure that it is what will be applied. */
interface Doubt {
  /** The namespace that it is about; undefined for all. */
  readonly home: string | undefined;
  readonly why: string;
}

function twice({ duplicates }: Inventory): readonly (Doubt & { readonly object: string })[] {
  return duplicates
    .filter(({ differs }) => differs)
    .map(({ group, object, namespace }) => {
      const [kind = '', path = ''] = object.split(' ');
      const name = path.split('/').at(-1) ?? '';
      return { object, home: isOwn(group, kind, name) ? namespace : undefined, why: object };
    });
}

function unfilled({ placeholders }: Inventory): readonly Doubt[] {
  return placeholders.map(({ manifest, source, text }) => ({
    home: isOwn(manifest.group, manifest.kind, manifest.object.metadata.name) ? homeOf(manifest) : undefined,
    why: `${shown(source.file)} is not rendered: "${placeholderShown(text)}" is to be filled in (MM160)`,
  }));
}

/**
 * Why nobody can be sure that files for a namespace are for what will be applied; undefined if that is so. Which of two
 * is meant, and what will stand in a blank, is for the user to say: a part of the policies would be worse.
 */
export function doubts(inventory: Inventory, rootNamespace: string): (namespace: string) => string | undefined {
  const [objects, blanks] = [twice(inventory), unfilled(inventory)];
  return (namespace) => {
    const concerns = ({ home = namespace }: Doubt): boolean => home === namespace || home === rootNamespace;
    const found = objects.filter(concerns).map(({ object }) => object);
    if (found.length > 0)
      return `${listed(found, 3)} ${found.length === 1 ? 'is' : 'are'} there more than once, and not the same (MM008)`;
    return blanks.find(concerns)?.why;
  };
}

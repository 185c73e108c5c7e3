import type { AuditContext, AuditEvidence, AuditRule } from './context.ts';
import type { Duplicate } from './inventory.ts';

function isHere({ namespace }: Duplicate, { surroundings, options }: AuditContext): boolean {
  return (
    namespace === undefined ||
    namespace === options.rootNamespace ||
    surroundings.some((around) => around.namespace.name === namespace)
  );
}

function evidence({ object, sources }: Duplicate): AuditEvidence {
  const [source] = sources;
  const others = sources.slice(1).map(({ file, line }) => `${file}:${line}`);
  return {
    object,
    message: `it is also in ${others.join(', ')}: both count here, and in a cluster only the one that is applied last`,
    source,
  };
}

/** What stands in the manifests more than once. */
export const duplicateRules: readonly AuditRule[] = [
  {
    id: 'MM008',
    severity: 'Warning',
    title: 'The same object twice',
    fix: 'Give only what is applied: the output of kustomize or Helm instead of a directory with its bases and overlays.',
    find: (context) => context.inventory.duplicates.filter((duplicate) => isHere(duplicate, context)).map(evidence),
  },
];

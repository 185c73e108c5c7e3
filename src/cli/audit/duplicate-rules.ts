import { listed } from '../../base/counted.ts';
import { shown } from '../../base/shown.ts';
import { nameOf, type Duplicate } from '../manifests/duplicates.ts';
import { placeholderShown, type Placeholder } from '../manifests/placeholders.ts';
import type { AuditEvidence, AuditRule } from './context.ts';

function twice({ object, sources, differs }: Duplicate): AuditEvidence {
  const [source] = sources;
  const others = listed(
    sources.slice(1, 7).map(({ file, line }) => `${shown(file)}:${line}`),
    5,
    Math.max(0, sources.length - 7),
  );
  return {
    object,
    message: `it is also in ${others}${differs ? ', and says something else there' : ''}: this one counts here, and in a cluster the one that is applied last`,
    source,
  };
}

function unfilled({ manifest: { kind, object }, source, text }: Placeholder): AuditEvidence {
  return {
    object: nameOf(kind, object),
    message: `"${placeholderShown(text)}" is still to be filled in, there and perhaps elsewhere in this file: all of it was read as it stands`,
    source,
  };
}

/** What stands in the manifests more than once, and what is to be filled in yet. */
export const duplicateRules: readonly AuditRule[] = [
  {
    id: 'MM008',
    severity: 'Warning',
    title: 'The same object twice',
    fix: 'Give only what is applied: the output of kustomize or Helm instead of a directory with its bases and overlays, or one of its overlays (--exclude).',
    find: ({ inventory }) => inventory.duplicates.map(twice),
  },
  {
    id: 'MM160',
    severity: 'Warning',
    title: 'A placeholder that is not filled in',
    fix: 'Render the manifests first (helm template, kustomize build, envsubst) and give what comes of it.',
    find: ({ inventory }) => inventory.placeholders.map(unfilled),
  },
];

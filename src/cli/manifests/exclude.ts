import { relative } from 'node:path';
import { trimmedEnd } from '../../base/trimmed.ts';

/** `*` stands for anything within a name, `**` for any names, `?` for one character. */
function expression(pattern: string): RegExp {
  const source = trimmedEnd(pattern.replace(/^\.\//, ''), '/').replaceAll(/\*\*\/?|[*?]|[\\^$.|+()[\]{}]/g, (found) => {
    if (found.startsWith('**')) return '(?:.*)';
    if (found === '*') return '[^/]*';
    return found === '?' ? '[^/]' : `\\${found}`;
  });
  return new RegExp(`^${source}$`);
}

/** Each directory on the way to a path below another, and the path: `a`, `a/b`, `a/b/c.yaml`. */
function waysTo(path: string): readonly string[] {
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  return names.map((_, index) => names.slice(0, index + 1).join('/'));
}

/**
 * Whether a file or directory is left out: by its name, by its path below the directory that was named, or by the whole
 * path, of itself or of a directory above it.
 */
export function isExcluded(patterns: readonly string[]): (path: string, below: string) => boolean {
  const expressions = patterns.map(expression);
  return (path, below) => {
    const inside = relative(below, path);
    const candidates = [...waysTo(inside), ...waysTo(path), path, ...inside.split('/')];
    return expressions.some((matches) => candidates.some((candidate) => matches.test(candidate)));
  };
}

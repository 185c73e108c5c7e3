import type { LabelTargets } from '../mesh/adapter.ts';
import { unmet } from './label-values.ts';

/** For a shell: what was a label can be written as it is, and what somebody wrote in its place is no command. */
function quoted(word: string): string {
  return /^[\w./=-]*$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** The command that gives labels of an object these values, as far as they have others now; undefined if none has. */
export function labelCommand(object: string, now: LabelTargets, targets: LabelTargets): string | undefined {
  const changed = unmet(now, targets);
  if (changed.length === 0) return undefined;
  return `kubectl label ${object} --overwrite ${changed.map(([key, value]) => quoted(value === null ? `${key}-` : `${key}=${value}`)).join(' ')}`;
}

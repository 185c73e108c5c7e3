import { Option } from 'commander';
import { longestManager } from '../../api/managers.ts';
import { quoted } from '../../base/shown.ts';
import { fieldManager } from '../cluster/options.ts';
import { UsageError } from '../usage-error.ts';

const separator = ':';

/** As many characters as messages of the operator name of whoever has commanded. */
const longest = longestManager - fieldManager.length - separator.length;

/** Of the commands that the operator records with who gave them. */
export const reasonOption = new Option(
  '--reason <words>',
  `why, for the status and the events: letters, digits, blanks and _ @ / + . - of at most ${longest} characters`,
);

/**
 * Under which name the API server records a command, with the reason for it: that is one write, takes no right besides
 * that to command, and is kept where the operator keeps who commanded. Blanks become hyphens, because it names the first
 * word of a manager only. Throws UsageError where something of it would be lost.
 */
export function managerFor(reason: string | undefined): string {
  if (reason === undefined) return fieldManager;
  const words = reason.trim().replaceAll(' ', '-');
  if (words === '' || words.length > longest || /[^\w@/+.-]/.test(words))
    throw new UsageError(
      `--reason must be letters, digits, blanks and _ @ / + . -, at most ${longest} characters of them, not ${quoted(reason)}`,
    );
  return `${fieldManager}${separator}${words}`;
}

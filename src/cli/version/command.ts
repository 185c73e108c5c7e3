import { version } from '../../base/version.ts';
import type { CliCommand } from '../command.ts';

/** `mesh-migration version`. */
export const versionCommand: CliCommand = {
  name: 'version',
  summary: 'Print the version of this program',
  details: 'It is that of the operator of the same release.',
  options: [],
  examples: ['version'],
  run(_call, { stdout }) {
    stdout.write(`${version}\n`);
    return Promise.resolve(0);
  },
};

import { join } from 'node:path';
import { ensureBinaries } from '../binaries.ts';
import { promqlTool } from '../tool-set.ts';

/**
 * The program that evaluates PromQL. Its first build takes minutes, longer than a check may, so nothing ends it early.
 */
export async function ensurePromql(): Promise<string> {
  const { binDir } = await ensureBinaries(
    (line) => {
      process.stderr.write(`${line}\n`);
    },
    new AbortController().signal,
    { tools: [promqlTool], folders: [] },
  );
  return join(binDir, promqlTool.name);
}

import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';

/* Reads a file of manifests as YAML, and nothing more: what the commands are compared with. */

const [, , file = ''] = process.argv;
let count = 0;
for (const document of parseAllDocuments(readFileSync(file, 'utf8'), { version: '1.1', uniqueKeys: false }))
  if (document.toJS() !== null) count += 1;
process.stdout.write(`${count}\n`);

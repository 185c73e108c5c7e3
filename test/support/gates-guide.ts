import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** A gate as it is written in the cookbook. */
export interface Recipe {
  readonly name: string;
  readonly prometheus?: Readonly<Record<string, unknown>> & { readonly query?: string; readonly total?: string };
}

/** Every gate of docs/guides/gates.md. */
export function recipes(): readonly Recipe[] {
  const page = readFileSync(join(import.meta.dirname, '../../docs/guides/gates.md'), 'utf8');
  return [...page.matchAll(/^```yaml\n([^]*?)^```/gm)].flatMap(([, block = '']) => parse(block) as readonly Recipe[]);
}

/** What is asked of one namespace, in pieces of time of so many seconds, as the operator fills it in. */
export function filledIn(query: string, namespace: string, seconds: number): string {
  return query.replaceAll('$namespace', namespace).replaceAll('$range', `${seconds}s`);
}

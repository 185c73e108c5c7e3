import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** Puts a text between the marks of its name in a document, or makes the document of it where there is none. */
export function intoDocument(path: string, name: string, text: string): void {
  const [begin, end] = [`<!-- ${name}: npm run campaign -->`, `<!-- end of ${name} -->`];
  const whole = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const [from, to] = [whole.indexOf(begin), whole.indexOf(end)];
  const between = `${begin}\n\n${text}\n\n${end}`;
  const made =
    from < 0 || to < from ? `${whole}${between}\n` : whole.slice(0, from) + between + whole.slice(to + end.length);
  writeFileSync(path, made);
}

/** What stands between the marks of a name; empty where there are none. */
export function outOfDocument(path: string, name: string): string {
  const whole = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const [, , between = ''] =
    new RegExp(`<!-- (${name}): npm run campaign -->([^]*)<!-- end of \\1 -->`).exec(whole) ?? [];
  return between;
}

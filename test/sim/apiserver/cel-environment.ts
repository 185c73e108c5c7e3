import { isIP } from 'node:net';
import { Environment } from '@marcbachmann/cel-js';

function compare(left: unknown, right: unknown): number {
  const [a, b] = [left as string, right as string];
  return Number(a > b) - Number(a < b);
}

function extreme(list: readonly unknown[], sign: 1 | -1): unknown {
  const [first, ...rest] = list;
  return rest.reduce((best, item) => (compare(item, best) * sign > 0 ? item : best), first);
}

function sum(list: readonly unknown[]): unknown {
  if (list.every((item) => typeof item === 'bigint')) return list.reduce((total, item) => total + item, 0n);
  return list.reduce<number>((total, item) => total + Number(item), 0);
}

function isSorted(list: readonly unknown[]): boolean {
  return list.every((item, index) => index === 0 || compare(list[index - 1], item) <= 0);
}

const quantity = /^[-+]?(\d+(\.\d*)?|\.\d+)(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][-+]?\d+)?$/;

/** An absolute URL or an absolute path, as net/url.ParseRequestURI takes it; `undefined` for anything else. */
class RequestUrl {
  readonly scheme: string;

  private constructor(scheme: string) {
    this.scheme = scheme;
  }

  static parse(text: string): RequestUrl | undefined {
    if (text.startsWith('/')) return new RequestUrl('');
    const parsed = URL.parse(text);
    return parsed === null ? undefined : new RequestUrl(parsed.protocol.slice(0, -1));
  }
}

function urlOf(text: string): RequestUrl {
  const url = RequestUrl.parse(text);
  if (url === undefined) throw new Error(`URL parse error during conversion from string: ${text}`);
  return url;
}

/**
 * CEL as CRD validation rules use it: the standard library of the CEL implementation, and from the Kubernetes libraries
 * lists, regex, strings, isQuantity, isIP and of URLs the scheme. A rule that uses anything else is refused with the CRD
 * that holds it.
 */
export const celEnvironment: Environment = create();

function create(): Environment {
  return new Environment({
    unlistedVariablesAreDyn: true,
    enableOptionalTypes: true,
    homogeneousAggregateLiterals: false,
  })
    .registerFunction('list.isSorted(): bool', isSorted)
    .registerFunction('list.sum(): dyn', sum)
    .registerFunction('list.min(): dyn', (list: readonly unknown[]) => extreme(list, -1))
    .registerFunction('list.max(): dyn', (list: readonly unknown[]) => extreme(list, 1))
    .registerFunction('list.indexOf(dyn): int', (list: readonly unknown[], item: unknown) => BigInt(list.indexOf(item)))
    .registerFunction('list.lastIndexOf(dyn): int', (list: readonly unknown[], item: unknown) =>
      BigInt(list.lastIndexOf(item)),
    )
    .registerFunction(
      'string.find(string): string',
      (text: string, pattern: string) => new RegExp(pattern, 'u').exec(text)?.[0] ?? '',
    )
    .registerFunction(
      'string.findAll(string): list<string>',
      (text: string, pattern: string) => text.match(new RegExp(pattern, 'gu')) ?? [],
    )
    .registerFunction('string.replace(string, string): string', (text: string, from: string, to: string) =>
      text.replaceAll(from, to),
    )
    .registerFunction('string.charAt(int): string', (text: string, index: bigint) => text.charAt(Number(index)))
    .registerFunction('isQuantity(string): bool', (text: string) => quantity.test(text))
    .registerFunction('isIP(string): bool', (text: string) => isIP(text) !== 0)
    .registerType('kubernetes.URL', RequestUrl)
    .registerFunction('isURL(string): bool', (text: string) => RequestUrl.parse(text) !== undefined)
    .registerFunction('url(string): kubernetes.URL', urlOf)
    .registerFunction('kubernetes.URL.getScheme(): string', ({ scheme }: RequestUrl) => scheme);
}

/** What the CEL implementation does not know, and what says the same in its words or in those of regular expressions. */
const rewordings = [
  { pattern: /\bhas\(([\w.]+\[\d+\])\.(\w+)\)/g, replacement: '$1.?$2.hasValue()' },
  { pattern: /"""(\^?)\(\?i\)(.*?)"""/g, replacement: '"""(?i:$1$2)"""' },
];

/** A rule, ready to be evaluated. Throws when it cannot be read. */
export function parseCel(rule: string): ReturnType<Environment['parse']> {
  return celEnvironment.parse(
    rewordings.reduce((text, { pattern, replacement }) => text.replaceAll(pattern, replacement), rule),
  );
}

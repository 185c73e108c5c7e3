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

/**
 * CEL as CRD validation rules use it: the standard library of the CEL implementation, and from the Kubernetes libraries
 * lists, regex, strings and isQuantity. A rule that uses anything else is refused with the CRD that holds it.
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
    .registerFunction('isQuantity(string): bool', (text: string) => quantity.test(text));
}

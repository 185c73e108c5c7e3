import type { DataPath, Stage } from '../policy/data-path.ts';
import { spend } from '../../../base/effort.ts';

/**
 * Names what decides on data paths, alike for paths on which the same is decided: policies of other names say the same.
 */
export class Signatures {
  private readonly numbers = new Map<string, number>();
  private readonly known = new WeakMap<object, number>();

  /** Of some paths, by whom they are taken. */
  of(paths: readonly (readonly [string, DataPath])[]): string {
    return JSON.stringify(
      paths.map(([caller, { address, stages }]) => [caller, address, stages.map((stage) => this.ofStage(stage))]),
    );
  }

  private ofStage({ plane, readings, mtls, sees }: Stage): unknown {
    spend(1 + readings.length);
    return [
      plane,
      readings.map(({ action, rules }) => [action, this.list(rules)]),
      mtls && this.number(mtls),
      sees && this.number(sees),
    ];
  }

  /** The same for lists of which each member is: most of them are one and the same list, at every Service and step. */
  private list(rules: readonly object[]): number {
    const before = this.known.get(rules);
    if (before !== undefined) return before;
    spend(1 + rules.length / 8);
    const number = this.numbered(JSON.stringify(rules.map((rule) => this.number(rule))));
    this.known.set(rules, number);
    return number;
  }

  private numbered(text: string): number {
    const number = this.numbers.get(text) ?? this.numbers.size;
    this.numbers.set(text, number);
    return number;
  }

  /** The same for values of the same text, which is made once for each. */
  private number(value: object): number {
    const before = this.known.get(value);
    if (before !== undefined) return before;
    const text = JSON.stringify(value, (_key, member: unknown) => member ?? null);
    spend(1 + text.length / 32);
    const number = this.numbered(text);
    this.known.set(value, number);
    return number;
  }
}

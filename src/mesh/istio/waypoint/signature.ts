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
      readings.map(({ action, rules }) => [action, rules.map((rule) => this.number(rule))]),
      mtls && this.number(mtls),
      sees && this.number(sees),
    ];
  }

  /** The same for values of the same text, which is made once for each. */
  private number(value: object): number {
    const before = this.known.get(value);
    if (before !== undefined) return before;
    const text = JSON.stringify(value, (_key, member: unknown) => member ?? null);
    spend(1 + text.length / 32);
    const number = this.numbers.get(text) ?? this.numbers.size;
    this.numbers.set(text, number);
    this.known.set(value, number);
    return number;
  }
}

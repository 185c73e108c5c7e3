import type { Finding } from '../../../src/api/common.ts';
import type { Surroundings } from '../../../src/mesh/adapter.ts';

/** What somebody does about a finding: what is there afterwards. */
export type Deed = (given: Surroundings, finding: Finding) => Surroundings;

/** One way that a fix offers, as somebody would go it. */
export interface Remedy {
  /** The words of the fix that offer it: it is tried on each example whose finding says them. */
  readonly says: string | RegExp;
  /**
   * What these words tell somebody to do, and no more: `LeftOut` where they tell to leave the namespace out, and
   * `Acknowledged` where it is to answer for the finding.
   */
  readonly done: Deed | 'LeftOut' | 'Acknowledged';
  /** What the finding has to say for these words to be about it, where they say so themselves. */
  readonly where?: RegExp;
  /** The only examples that it is tried on, where the words are said of others too. */
  readonly of?: readonly string[];
  /** Examples that it is not for, and why: another way of the same fix is. */
  readonly notFor?: Readonly<Record<string, string>>;
  /** What is done for the others, where the namespace is left out of what is so for the whole mesh. */
  readonly others?: Deed;
  /** Critical findings that come then, and why they are the next thing to do. */
  readonly then?: Readonly<Record<string, string>>;
}

/** What is done about the findings of a rule, and the words of its fix that tell nobody to do anything. */
export interface Remedies {
  readonly ways: readonly Remedy[];
  readonly besides?: readonly string[];
  /** Examples that take more than those by which the rule is told apart from others. */
  readonly more?: Readonly<Record<string, Surroundings>>;
}

/** By the id of the rule. */
export type RemediesById = Readonly<Record<string, Remedies>>;

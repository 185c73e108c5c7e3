/** How many policies istiod was given, and for how many of them it did what the model says. */
export interface Counts {
  readonly policies: number;
  readonly agree: number;
  /** By the API server or the webhook; as the model says, or it would be a disagreement. */
  readonly refused: number;
}

/** Adds up the policies of several checks. */
export class Tally {
  #counts: Counts = { policies: 0, agree: 0, refused: 0 };

  /** Those of one more check. */
  add({ policies, agree, refused }: Counts): void {
    const before = this.#counts;
    this.#counts = {
      policies: before.policies + policies,
      agree: before.agree + agree,
      refused: before.refused + refused,
    };
  }

  /** One line for the summary; undefined as long as there was no policy. */
  summary(): string | undefined {
    const { policies, agree, refused } = this.#counts;
    return policies === 0 ? undefined : `${policies} policies, ${agree} agree (${refused} more were refused)`;
  }
}

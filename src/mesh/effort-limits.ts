/*
 * How much work each question about what tenants write may take, in the steps of `src/base/effort.ts`.
 */

/** Steps that one look may take to translate the policies of a namespace: less than a second. */
export const translationSteps = 1_500_000;

/**
 * Steps that it may take to prove what comes of it: enough for as many policies as are translated, each of a Service of
 * its own.
 */
export const proofSteps = 1_600_000;

/**
 * Steps that it may take to tell who calls the Services of a namespace: each is asked of each policy, and each caller
 * that one names counts.
 */
export const callerSteps = 1_000_000;

/** Steps that one question about other namespaces may take, all together that are asked in turn. */
export const chainSteps = 4_000_000;

/**
 * Steps that may be taken for a finding that holds nobody: it must never cost what one may that does.
 */
export const warningSteps = 200_000;

/** Steps that it may take to tell which of some policies say nothing that others do not say too: a quarter of a second. */
export const comparisonSteps = 500_000;

/** Steps that any question may take which bounds itself no further: some seconds, a part of the term of the Lease. */
export const mostSteps = 10_000_000;

/** What it takes to begin with the pods of a template behind a Service, whatever the policies say of them. */
export const stepsOfScene = 800;

/**
 * Steps that it may take to say of one policy what each data plane makes of it, for the person who has asked for that:
 * some seconds.
 */
export const classificationSteps = 5_000_000;

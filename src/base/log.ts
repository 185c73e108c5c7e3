/** One level of the log: machine-readable fields first, then a constant message (the order pino takes). */
export type LogMethod = (fields: Readonly<Record<string, unknown>>, message: string) => void;

/** The part of a structured logger that is used here; a pino logger satisfies it. */
export interface Logger {
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
}

function discard(): void {
  /* says nothing on purpose */
}

/** Says nothing. */
export const silentLogger: Logger = { debug: discard, info: discard, warn: discard, error: discard };

/** Wrong arguments: the message says which, and the exit code is 2. */
export class UsageError extends Error {}

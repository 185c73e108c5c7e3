/** What was asked for is not possible as things stand, so nothing was written: the message says why and what helps. */
export class Refused extends Error {}

/*
 * The common language of all data planes: what a policy matches, as a union of conjunctions over facts of a request. A
 * mesh describes each of its data planes by how it turns a policy into this; what an author asked for is one more such
 * reading. Two readings are compared exactly, over the finite set of request classes that their values make
 * (`classes.ts`), never by looking at field names.
 */

/** How a text is compared. Case matters unless `ignoreCase`. */
export type TextMatch =
  | { readonly kind: 'Exact' | 'Prefix' | 'Suffix'; readonly value: string; readonly ignoreCase?: boolean }
  /** Any text that is there and not empty. */
  | { readonly kind: 'Present' }
  /** `*` stands for any text, anywhere; the rest is literal. */
  | { readonly kind: 'Glob'; readonly value: string };

/**
 * One question about one fact of a request; `of` names the fact, and questions about the same fact are about the same
 * dimension of the request space.
 */
export type Matcher =
  /**
   * The caller's SPIFFE identity without `spiffe://`: `cluster.local/ns/shop/sa/cart`. No match without an identity.
   */
  | { readonly of: 'identity'; readonly part: 'Principal' | 'Namespace' | 'TrustDomain'; readonly match: TextMatch }
  | { readonly of: 'identity'; readonly part: 'ServiceAccount'; readonly namespace: string; readonly name: string }
  /**
   * CIDR or single address. `source`: the peer of the connection; `remote`: the original client (X-Forwarded-For, PROXY
   * protocol).
   */
  | { readonly of: 'sourceIp' | 'remoteIp' | 'destinationIp'; readonly block: string }
  /**
   * `Workload`: the port the container listens on (sidecar, ztunnel). `Service`: the port of the Service (waypoint).
   */
  | { readonly of: 'port'; readonly side: 'Workload' | 'Service'; readonly port: number }
  | { readonly of: 'sni'; readonly match: TextMatch }
  | { readonly of: 'host' | 'method'; readonly match: TextMatch }
  /** `Template`: `{*}` is one path segment, `{**}` any number of them (Envoy's URI template). */
  | { readonly of: 'path'; readonly match: TextMatch | { readonly kind: 'Template'; readonly value: string } }
  /** A request header; the name in lower case. */
  | { readonly of: `header ${string}`; readonly match: TextMatch }
  /** The verified token: issuer and subject. No match without a token. */
  | { readonly of: 'token'; readonly part: 'Principal'; readonly issuer: TextMatch; readonly subject: TextMatch }
  /** A claim by its path; one of its values has to match. */
  | { readonly of: 'token'; readonly part: 'Claim'; readonly claim: readonly string[]; readonly match: TextMatch }
  /** Envoy's dynamic metadata: `experimental.envoy.filters.*`. */
  | { readonly of: `metadata ${string}`; readonly match: TextMatch; readonly list: boolean }
  /** A condition within another, where writing out every combination would multiply; never in a negated literal. */
  | { readonly of: 'alternatives'; readonly clauses: Condition };

/** A question about one fact. */
export type FactMatcher = Exclude<Matcher, { of: 'alternatives' }>;

/** Some matcher matches, or none if `negated`. An empty `anyOf` matches nothing. */
export interface Literal {
  readonly anyOf: readonly Matcher[];
  readonly negated: boolean;
}

/** Every literal holds. Without literals: every request. */
export type Clause = readonly Literal[];

/** Some clause holds. Without clauses: no request. */
export type Condition = readonly Clause[];

/** What one data plane makes of one policy. */
export interface Reading {
  readonly namespace: string;
  readonly name: string;
  /** ALLOW and DENY decide; CUSTOM asks an external authorizer about what it matches, which may refuse. */
  readonly action: 'ALLOW' | 'DENY' | 'CUSTOM';
  /** One condition per rule of the policy, in its order. */
  readonly rules: readonly Condition[];
}

/** HTTP facts of a request, absent on a plain TCP connection. */
export interface HttpFacts {
  readonly host: string;
  readonly method: string;
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined: no token. */
  readonly token?: Token;
}

/** A verified JSON web token. */
export interface Token {
  readonly issuer: string;
  readonly subject: string;
  /** Claims besides `iss` and `sub`, by their path (`claim-key.ts`); a single value is a list of one. */
  readonly claims: Readonly<Record<string, readonly string[]>>;
}

/** One concrete request, as the data plane that decides sees it. */
export interface Request {
  /** Undefined: plaintext, no identity. */
  readonly identity?: string;
  readonly sourceIp: string;
  readonly remoteIp: string;
  readonly destinationIp: string;
  readonly workloadPort: number;
  /** Undefined when the pod was addressed directly. */
  readonly servicePort?: number;
  readonly sni?: string;
  readonly http?: HttpFacts;
  /** Envoy does not compare a text with a list, nor a list with a text. */
  readonly metadata: Readonly<Record<string, string | readonly string[]>>;
}

/** How what a plane does relates to what the author asked for. */
export type Effect =
  | 'Exact'
  /** Refuses something that should pass. */
  | 'FailsClosed'
  /** Lets something pass that should be refused, whatever else it does. */
  | 'FailsOpen'
  /** Never decides, anywhere: AUDIT and dry-run. */
  | 'NoEffect';

/** Whether a request is let through, and why. */
export interface Verdict {
  readonly allowed: boolean;
  /** `namespace/name` of the policy that decided; undefined when none applies, or no ALLOW matched. */
  readonly by?: string;
  /** `namespace/name` of the CUSTOM policy whose authorizer is asked first, and may refuse. */
  readonly asked?: string;
}

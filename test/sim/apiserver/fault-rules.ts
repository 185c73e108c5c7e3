import type { HttpRequest } from '../../../src/kube/transport.ts';

/** Which requests a rule is about; everything that is given must hold. */
export interface RequestMatch {
  readonly verb?: 'Read' | 'Watch' | 'Write';
  readonly method?: HttpRequest['method'];
  /** Tested against path and query. */
  readonly path?: RegExp;
  readonly body?: RegExp;
}

/** What happens to a request. All of these are legal behaviour of a Kubernetes API behind a network. */
export type Fault =
  /** The connection breaks before the server has seen the request. */
  | { readonly kind: 'LostRequest' }
  /** The server carries the request out, and the connection breaks before the answer arrives. */
  | { readonly kind: 'LostResponse' }
  /** The request takes this long to arrive. */
  | { readonly kind: 'SlowRequest'; readonly ms: number }
  /**
   * The request is carried out after this long although the client has given it up: a proxy held it. No answer arrives.
   */
  | { readonly kind: 'LateRequest'; readonly ms: number }
  /** The answer takes this long. */
  | { readonly kind: 'SlowResponse'; readonly ms: number }
  /** No answer, ever; the client has to give up. */
  | { readonly kind: 'Hang' }
  /** The server refuses without doing anything. */
  | {
      readonly kind: 'Refuse';
      readonly status: 403 | 409 | 422 | 429 | 500 | 503 | 504;
      readonly retryAfterSeconds?: number;
    }
  /** The version a watch or a page starts from is compacted: as HTTP status, or inside the stream. */
  | { readonly kind: 'Expired'; readonly form: 'Status' | 'Event' }
  /** The answer's body breaks off after this many pieces; 0 after the head. */
  | { readonly kind: 'CutBody'; readonly afterPieces: number };

/** A fault, and which of the matching requests it hits. */
export interface FaultRule {
  readonly match?: RequestMatch;
  /** The first matching request that is hit, counted from 1 since the rule was added; default 1. */
  readonly nth?: number;
  /** How many matching requests are hit from there on; default 1. */
  readonly times?: number;
  /** Hits again so many matching requests after each first one. Default: not again. */
  readonly every?: number;
  readonly fault: Fault;
}

/** What a request does. */
export function verbOf(request: HttpRequest): 'Read' | 'Watch' | 'Write' {
  if (request.method !== 'GET') return 'Write';
  return /[?&]watch=(true|1)(&|$)/.test(request.path) ? 'Watch' : 'Read';
}

function matches(match: RequestMatch, request: HttpRequest): boolean {
  return (
    (match.verb === undefined || match.verb === verbOf(request)) &&
    (match.method === undefined || match.method === request.method) &&
    (match.path === undefined || match.path.test(request.path)) &&
    (match.body === undefined || match.body.test(request.body ?? ''))
  );
}

/** The rules of a run and how often each has matched. */
export class FaultRules {
  private readonly counts = new Map<FaultRule, number>();

  add(rule: FaultRule): void {
    this.counts.set(rule, 0);
  }

  clear(): void {
    this.counts.clear();
  }

  /** Counts the request for every rule; the fault of the first one that hits it. */
  next(request: HttpRequest): Fault | undefined {
    let hit: Fault | undefined;
    for (const [rule, before] of this.counts) {
      if (!matches(rule.match ?? {}, request)) continue;
      const count = before + 1;
      this.counts.set(rule, count);
      const { nth = 1, times = 1, every = Infinity } = rule;
      if (count >= nth && (count - nth) % every < times) hit ??= rule.fault;
    }
    return hit;
  }
}

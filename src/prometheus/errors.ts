/** Any failure of a question to Prometheus; `server` is in the message, credentials never are. */
export class PrometheusError extends Error {
  override readonly name: string = 'PrometheusError';
}

/**
 * Occurs when no complete answer arrived: no connection, no valid certificate, an unreadable token file, or the
 * deadline.
 */
export class PrometheusUnreachableError extends PrometheusError {
  override readonly name = 'PrometheusUnreachableError';
}

/** Occurs when the answer is an HTTP error or a redirect: wrong credentials, wrong path, a proxy without its server. */
export class PrometheusRefusedError extends PrometheusError {
  override readonly name = 'PrometheusRefusedError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Occurs when Prometheus understood the question and could not answer it: it took too long, or read too many samples.
 */
export class PrometheusQueryError extends PrometheusError {
  override readonly name = 'PrometheusQueryError';
}

/**
 * Occurs when there is an answer that cannot be relied on: no JSON, cut off, too large, partial (it carries warnings),
 * or no vector of numbers.
 */
export class PrometheusAnswerError extends PrometheusError {
  override readonly name: string = 'PrometheusAnswerError';
}

/** Occurs when an answer is larger than is read: about less at a time it may be had. */
export class PrometheusTooLargeError extends PrometheusAnswerError {
  override readonly name = 'PrometheusTooLargeError';
}

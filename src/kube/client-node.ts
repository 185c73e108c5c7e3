import {
  CoordinationV1Api,
  EventsV1Api,
  ResponseContext,
  ServerConfiguration,
  createConfiguration,
  wrapHttpLibrary,
} from '@kubernetes/client-node';
import type { Configuration, RequestContext } from '@kubernetes/client-node';
export {
  EventsV1Event,
  V1Lease,
  V1LeaseSpec,
  V1MicroTime,
  V1ObjectMeta,
  V1ObjectReference,
} from '@kubernetes/client-node';
import { systemClock } from '../base/clock.ts';
import type { Clock } from '../base/clock.ts';
import { exchange } from './exchange.ts';
import type { HttpRequest, Transport } from './transport.ts';

/** Limits for the requests of typed API classes. */
export interface ClientNodeOptions {
  readonly clock?: Clock;
  /** For one request, answer included. Default: 15 s. */
  readonly deadlineMs?: number;
}

/**
 * Lets the typed API classes of @kubernetes/client-node send through our transport; by itself the library opens a
 * new TLS connection for every call. They then fail with our `ApiError`s, never with an ApiException.
 */
export function clientNodeConfiguration(transport: Transport, options: ClientNodeOptions = {}): Configuration {
  const limits = { clock: options.clock ?? systemClock, deadlineMs: options.deadlineMs ?? 15_000 };
  return createConfiguration({
    // The host is only a placeholder: the transport knows the server and wants a path.
    baseServer: new ServerConfiguration('http://transport', {}),
    httpApi: wrapHttpLibrary({
      async send(context) {
        const answer = await exchange(transport, requestOf(context), { ...limits, signal: context.getSignal() });
        return new ResponseContext(
          answer.status,
          { ...answer.headers },
          {
            text: async () => await Promise.resolve(answer.text),
            binary: async () => await Promise.resolve(Buffer.from(answer.text)),
            stream: () => new Blob([answer.text]).stream(),
          },
        );
      },
    }),
  });
}

/** Typed access to Leases. */
export function coordinationApi(transport: Transport, options?: ClientNodeOptions): CoordinationV1Api {
  return new CoordinationV1Api(clientNodeConfiguration(transport, options));
}

/** Typed access to Events of events.k8s.io. */
export function eventsApi(transport: Transport, options?: ClientNodeOptions): EventsV1Api {
  return new EventsV1Api(clientNodeConfiguration(transport, options));
}

function requestOf(context: RequestContext): Omit<HttpRequest, 'signal'> {
  const { pathname, search } = new URL(context.getUrl());
  const headers: Record<string, string> = { 'user-agent': 'mesh-migration-operator' };
  for (const [name, value] of Object.entries(context.getHeaders())) headers[name.toLowerCase()] = value;
  const body = context.getBody();
  if (body !== undefined && typeof body !== 'string')
    throw new TypeError('Only JSON bodies can be sent to the API server.');
  const request = { method: context.getHttpMethod() as HttpRequest['method'], path: pathname + search, headers };
  return body === undefined ? request : { ...request, body };
}

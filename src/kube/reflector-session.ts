import type { Clock } from '../base/clock.ts';
import type { KubeClient } from './client.ts';
import { pathOf } from '../api/object.ts';
import type { KubeObject, Resource } from '../api/object.ts';
import type { WatchParameters } from './query.ts';
import type { Store, Stored } from './store.ts';
import { watchEvents } from './watch-stream.ts';
import type { WatchEvent } from './watch-stream.ts';

/** Either go on at a version, or begin with the present state (WatchList, KEP-3157). */
export type SessionStart =
  | { readonly resourceVersion: string }
  | { readonly sendInitialEvents: true; readonly resourceVersionMatch: 'NotOlderThan' };

/** One watch, from its opening to its end. */
export interface Session<T extends Stored> {
  readonly client: KubeClient;
  readonly resource: Resource;
  readonly parameters: WatchParameters;
  readonly project: (object: KubeObject) => T;
  readonly store: Store<T>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The server has accepted the watch. */
  readonly onOpen: () => void;
  /** Everything up to this version is in the store. */
  readonly onPosition: (resourceVersion: string) => void;
}

/** The server sends a bookmark about every minute; silence for longer means a dead connection. */
const idleMs = 90_000;

/** How long the first state of a WatchList may stay silent before the server is taken not to know WatchList. */
const initialIdleMs = 30_000;

/** Reads one watch into the store until the server ends it; throws what else ended it. */
export async function runSession<T extends Stored>(session: Session<T>): Promise<void> {
  const { client, resource, parameters, clock, signal } = session;
  const stream = new AbortController();
  function end(): void {
    stream.abort(signal.reason);
  }
  signal.addEventListener('abort', end, { once: true });
  const openedAt = clock.monotonic();
  // Objects of the initial state wait here: the store changes from the old state to the new one at once.
  let initial = parameters.sendInitialEvents === true ? new Map<string, T>() : undefined;
  try {
    const response = await client.watch(resource, parameters, stream.signal);
    session.onOpen();
    const reading = {
      clock,
      idleMs: () => (initial === undefined ? idleMs : initialIdleMs),
      abort: (reason: Error) => {
        stream.abort(reason);
      },
      request: { server: client.server, method: 'WATCH', path: pathOf(resource, parameters.namespace) },
    };
    for await (const event of watchEvents(response, reading)) {
      if (initial === undefined) follow(session, event);
      else if (collect(session, initial, event, openedAt)) initial = undefined;
    }
  } finally {
    signal.removeEventListener('abort', end);
    stream.abort();
  }
}

function follow<T extends Stored>({ store, project, onPosition }: Session<T>, { type, object }: WatchEvent): void {
  const { namespace, name, resourceVersion = '' } = object.metadata;
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
      store.upsert(project(object));
      break;
    case 'DELETED':
      store.remove(namespace, name, resourceVersion);
      break;
    case 'BOOKMARK':
      store.advance(resourceVersion);
      break;
  }
  onPosition(resourceVersion);
}

/** Returns true at the bookmark that closes the initial state. */
function collect<T extends Stored>(
  session: Session<T>,
  initial: Map<string, T>,
  { type, object }: WatchEvent,
  openedAt: number,
): boolean {
  const { namespace, name, resourceVersion = '', annotations } = object.metadata;
  const key = `${namespace ?? ''}/${name}`;
  if (type === 'DELETED') initial.delete(key);
  else if (type !== 'BOOKMARK') initial.set(key, session.project(object));
  else if (annotations?.['k8s.io/initial-events-end'] === 'true') {
    session.store.replace(initial.values(), resourceVersion, openedAt);
    session.onPosition(resourceVersion);
    return true;
  }
  return false;
}

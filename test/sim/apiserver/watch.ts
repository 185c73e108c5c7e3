import type { KubeObject } from '../../../src/api/object.ts';
import { expired, statusOf } from './errors.ts';
import { withField } from './json.ts';
import { checkListOptions, parseRevision, prefixOf, selects, type Selection } from './list.ts';
import { memoize } from '../../../src/base/memoize.ts';
import type { Representation } from './representation.ts';
import type { ServedResource } from './served-resource.ts';
import type { ServerState } from './server-state.ts';
import type { Commit } from './store.ts';
import { TextStream } from './text-stream.ts';

/** The parameters of a watch. */
export interface WatchRequest {
  readonly served: ServedResource;
  readonly selection: Selection;
  readonly representation: Representation;
  readonly query: URLSearchParams;
  readonly signal: AbortSignal;
}

/** About how often a watch cache sends bookmarks. */
const bookmarkMs = 60_000;
/** Without timeoutSeconds upstream closes a watch after 30 to 60 minutes. */
const defaultTimeoutSeconds = 1800;

interface Start {
  /** Existing objects that are sent as ADDED. */
  readonly initial: readonly KubeObject[];
  /** Committed changes that are sent after them. */
  readonly missed: readonly Commit[];
  /** Whether a bookmark tells the client that the initial objects are complete. */
  readonly announceEnd: boolean;
}

function initialObjects(state: ServerState, { served, selection }: WatchRequest): readonly KubeObject[] {
  return state.store
    .list(served.storageKey, prefixOf(served, selection.namespace))
    .filter((object) => selects(selection, served.toVersion(object)));
}

/** Where the stream begins; undefined when the version asked for is already compacted. */
function startOf(state: ServerState, request: WatchRequest): Start | undefined {
  const { query, served } = request;
  const revision = parseRevision(query.get('resourceVersion'));
  const sendInitial = query.get('sendInitialEvents');
  checkListOptions(query, true);
  if (sendInitial === 'true')
    return {
      initial: initialObjects(state, request),
      missed: [],
      announceEnd: query.get('allowWatchBookmarks') === 'true',
    };
  if (revision === undefined || revision === 0) {
    return { initial: sendInitial === 'false' ? [] : initialObjects(state, request), missed: [], announceEnd: false };
  }
  if (revision < state.store.compacted) return undefined;
  return { initial: [], missed: state.store.since(served.storageKey, revision), announceEnd: false };
}

/** An object that leaves the selection is reported as deleted in its former state, at the new version. */
const leftAt = memoize((commit: Commit) =>
  withField(commit.previous ?? commit.object, ['metadata', 'resourceVersion'], String(commit.revision)),
);

/** What a commit means to a watcher of the selection. */
function eventOf(
  commit: Commit,
  served: ServedResource,
  selection: Selection,
): { readonly type: string; readonly object: KubeObject } | undefined {
  const before = commit.previous !== undefined && selects(selection, served.toVersion(commit.previous));
  const after = commit.type !== 'DELETED' && selects(selection, served.toVersion(commit.object));
  if (after) return { type: before ? 'MODIFIED' : 'ADDED', object: served.toVersion(commit.object) };
  if (!before) return undefined;
  return { type: 'DELETED', object: served.toVersion(commit.type === 'DELETED' ? commit.object : leftAt(commit)) };
}

/** One open watch: turns commits into lines of text. */
class Watcher {
  readonly stream: TextStream;
  private readonly state: ServerState;
  private readonly request: WatchRequest;
  private readonly cleanups: (() => void)[] = [];
  private first = true;
  private cancelBookmark: (() => void) | undefined;

  constructor(state: ServerState, request: WatchRequest) {
    this.state = state;
    this.request = request;
    this.stream = new TextStream(() => {
      this.cancelBookmark?.();
      for (const cleanup of this.cleanups) cleanup();
    });
  }

  start({ initial, missed, announceEnd }: Start): void {
    const { served, query } = this.request;
    for (const object of initial) this.send('ADDED', served.toVersion(object));
    if (announceEnd) this.bookmark({ 'k8s.io/initial-events-end': 'true' });
    for (const commit of missed) this.hear(commit);
    // A version that does not exist yet is waited for.
    const from = parseRevision(query.get('resourceVersion')) ?? 0;
    this.cleanups.push(
      this.state.store.subscribe(served.storageKey, (commit) => {
        if (commit.revision > from) this.hear(commit);
      }),
    );
    this.cleanups.push(
      this.state.registry.onRemove(({ storageKey, resource }) => {
        if (storageKey === served.storageKey && resource.version === served.resource.version) this.stream.end();
      }),
    );
    const seconds = Number(query.get('timeoutSeconds') ?? defaultTimeoutSeconds);
    this.cleanups.push(
      this.state.clock.timer(seconds * 1000, () => {
        this.stream.end();
      }),
    );
    if (query.get('allowWatchBookmarks') === 'true') this.scheduleBookmark();
    this.endWith(this.request.signal);
  }

  /** 410 inside the stream, as the watch cache answers a version that it has forgotten. */
  refuse(): void {
    const asked = String(this.request.query.get('resourceVersion'));
    const error = expired(`too old resource version: ${asked} (${String(this.state.store.compacted)})`);
    this.line('ERROR', JSON.stringify(statusOf(error)));
    this.stream.end();
  }

  private endWith(signal: AbortSignal): void {
    const onAbort = (): void => {
      this.stream.end(signal.reason instanceof Error ? signal.reason : new Error('the watch was aborted'));
    };
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    this.cleanups.push(() => {
      signal.removeEventListener('abort', onAbort);
    });
  }

  private hear(commit: Commit): void {
    const event = eventOf(commit, this.request.served, this.request.selection);
    if (event !== undefined) this.send(event.type, event.object);
  }

  private send(type: string, object: KubeObject): void {
    this.line(type, this.request.representation.event(object, this.first));
    this.first = false;
  }

  private bookmark(annotations?: Readonly<Record<string, string>>): void {
    this.line('BOOKMARK', this.request.representation.bookmark(String(this.state.store.revision), annotations));
  }

  private scheduleBookmark(): void {
    this.cancelBookmark = this.state.clock.timer(bookmarkMs, () => {
      this.bookmark();
      this.scheduleBookmark();
    });
  }

  private line(type: string, object: string): void {
    this.stream.push(`{"type":"${type}","object":${object}}\n`);
  }
}

/** GET with `watch=true`. */
export function watchObjects(state: ServerState, request: WatchRequest): TextStream {
  const start = startOf(state, request);
  const watcher = new Watcher(state, request);
  if (start === undefined) watcher.refuse();
  else watcher.start(start);
  return watcher.stream;
}

import type { ServerState } from './server-state.ts';

/** kube-apiserver compacts etcd every five minutes, to where it was five minutes before. */
const intervalMs = 300_000;

/**
 * Forgets history as kube-apiserver does: what is older than five to ten minutes can no longer be watched from or paged
 * through. Works when something is committed, so that an idle server has no timer.
 */
export function compactRegularly(state: ServerState): void {
  const { clock, store } = state;
  let mark = { at: clock.now(), revision: store.revision };
  store.subscribe(undefined, () => {
    if (clock.now() - mark.at < intervalMs) return;
    store.compact(mark.revision);
    mark = { at: clock.now(), revision: store.revision };
  });
}

import { sleep } from '../../base/clock.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { ExitCode } from '../exit-code.ts';
import type { Host } from '../host.ts';
import { Following } from './follow.ts';
import type { Asked, Seen } from './seen.ts';
import type { Show } from './show.ts';
import { stateOfAll, viewOf, type State, type StatusView } from './view.ts';

/** A screen is not drawn more often than this, however much happens. */
const redrawMs = 200;

const codes: Readonly<Record<State, ExitCode>> = { Done: 0, Stalled: 1, InProgress: 4 };

function isEmpty({ migrations, namespaces }: StatusView): boolean {
  return migrations.length + namespaces.length === 0;
}

/**
 * How a wait ends by what was seen last: what is still in progress when the time is over is a timeout, and what is gone
 * has not arrived.
 */
export function codeOf(view: StatusView): ExitCode {
  return isEmpty(view) ? 1 : codes[stateOfAll(view)];
}

/** Nothing is left to be waited for. */
function isOver(view: StatusView): boolean {
  return isEmpty(view) || stateOfAll(view) !== 'InProgress';
}

/**
 * Shows every look until somebody has had enough; with a time until all is done, somebody is needed, or the time is
 * over.
 */
export async function watch(
  client: KubeClient,
  host: Host,
  asked: Asked,
  first: Seen,
  options: { readonly show: Show; readonly timeoutMs: number | undefined },
): Promise<StatusView> {
  const { clock, signal } = host;
  const ending = new AbortController();
  const time = new AbortController();
  const cancel =
    options.timeoutMs === undefined
      ? undefined
      : clock.timer(options.timeoutMs, () => time.abort(new Error('timeout')));
  try {
    const following = new Following(client, host, asked, first);
    const stopped = AbortSignal.any([signal, ending.signal, time.signal]);
    let view = viewOf(first);
    options.show(view, undefined);
    await following.start(stopped).catch((error: unknown) => {
      if (!time.signal.aborted) throw error;
    });
    for (;;) {
      // As long as not all was read, what is held would say that something is gone.
      if (following.synced) view = viewOf(following.seen);
      options.show(view, following.trouble);
      signal.throwIfAborted();
      if (time.signal.aborted || (options.timeoutMs !== undefined && isOver(view))) return view;
      await sleep(clock, redrawMs, stopped).catch(() => undefined);
      await following.changed(stopped);
    }
  } finally {
    cancel?.();
    ending.abort(new Error('nobody looks any more'));
  }
}

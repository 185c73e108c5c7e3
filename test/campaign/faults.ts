import type { Random } from '../../src/base/random.ts';
import type { Fault, FaultRule, RequestMatch } from '../sim/apiserver/fault-rules.ts';
import { below, pick } from './draw.ts';
import type { Play } from './play.ts';

/** Something that machines and networks do to the operator. */
type Trouble = (play: Play, random: Random) => void;

/** How long most faults last at most. */
const longestMs = 45_000;

const refusals = [409, 422, 429, 500, 503, 504] as const;

/** Hits a few of the next requests of a kind; over when the time of faults is. */
function requests(play: Play, random: Random, match: RequestMatch, fault: Fault): void {
  const rule: FaultRule = { match, fault, nth: 1 + below(random, 4), times: 1 + below(random, 3) };
  play.line.add(rule);
  play.trouble(longestMs);
}

function forAWhile(play: Play, random: Random, begin: () => void, end: () => void): void {
  const ms = 1000 + below(random, longestMs - 1000);
  begin();
  play.trouble(ms);
  play.soon(ms, end);
}

const table: Readonly<Record<string, Trouble>> = {
  'write lost': (play, random) => {
    requests(play, random, { verb: 'Write' }, { kind: 'LostRequest' });
  },
  'answer lost': (play, random) => {
    requests(play, random, { verb: 'Write' }, { kind: 'LostResponse' });
  },
  'write slow': (play, random) => {
    requests(play, random, { verb: 'Write' }, { kind: 'SlowRequest', ms: below(random, 20_000) });
  },
  'write late': (play, random) => {
    requests(play, random, { verb: 'Write' }, { kind: 'LateRequest', ms: 20_000 + below(random, 20_000) });
  },
  'answer slow': (play, random) => {
    requests(play, random, { verb: 'Write' }, { kind: 'SlowResponse', ms: below(random, 20_000) });
  },
  'write without an answer': (play, random) => {
    requests(play, random, { verb: 'Write' }, { kind: 'Hang' });
  },
  'write refused': (play, random) => {
    requests(
      play,
      random,
      { verb: 'Write' },
      { kind: 'Refuse', status: pick(random, refusals), ...(random() < 0.3 && { retryAfterSeconds: 2 }) },
    );
  },
  'read refused': (play, random) => {
    requests(play, random, { verb: 'Read' }, { kind: 'Refuse', status: pick(random, [429, 500, 503] as const) });
  },
  'list cut off': (play, random) => {
    requests(play, random, { verb: 'Read' }, { kind: 'CutBody', afterPieces: 0 });
  },
  'watches expire': (play, random) => {
    play.line.cutWatches();
    requests(play, random, { verb: 'Watch' }, { kind: 'Expired', form: pick(random, ['Status', 'Event'] as const) });
  },
  'watches break': (play) => {
    play.line.cutWatches();
    play.trouble(1000);
  },
  'watches stale': (play, random) => {
    forAWhile(
      play,
      random,
      () => {
        play.line.goStale(play.cluster.server.revision);
      },
      () => {
        play.line.refresh();
      },
    );
  },
  'API server away': (play, random) => {
    forAWhile(
      play,
      random,
      () => {
        play.line.outage(true);
      },
      () => {
        play.line.outage(false);
      },
    );
    // Whoever has lost his Lease by it, or waits before he asks again, is away for longer.
    play.trouble(2 * longestMs);
  },
  'history compacted': (play) => {
    play.cluster.server.compact();
    play.line.cutWatches();
    play.trouble(1000);
  },
  'operator killed': (play, random) => {
    forAWhile(
      play,
      random,
      () => {
        play.kill();
      },
      () => {
        play.start();
      },
    );
  },
  'operator away for minutes': (play, random) => {
    const ms = 70_000 + below(random, 60_000);
    play.killAtWrite(1 + below(random, 2), pick(random, ['before', 'after'] as const), ms);
    play.trouble(ms + longestMs);
  },
  'two leaders': (play, random) => {
    const ms = 20_000 + below(random, 25_000);
    play.depose(ms);
    play.trouble(ms + longestMs);
  },
  'operator killed at a write': (play, random) => {
    play.killAtWrite(1 + below(random, 8), pick(random, ['before', 'after'] as const), 500 + below(random, 10_000));
    play.trouble(longestMs);
  },
  'clock jumps': (play, random) => {
    play.jump(pick(random, [-3_600_000, 3_600_000, 86_400_000]));
    play.trouble(1000);
  },
  'istiod hangs': (play, random) => {
    forAWhile(
      play,
      random,
      () => {
        play.cluster.pauseIstiod();
      },
      () => {
        play.cluster.resumeIstiod();
      },
    );
  },
};

/** The names of all faults. */
export const faultNames: readonly string[] = Object.keys(table);

/** Makes it happen. */
export function afflict(name: string, play: Play, random: Random): void {
  const trouble = table[name];
  if (trouble === undefined) throw new RangeError(`no fault ${name}`);
  trouble(play, random);
}

import { acceptIt } from './deeds.ts';
import type { Remedy } from './remedy.ts';

/** To leave the namespace where it is, on its way from sidecars. */
export const staying: Remedy = { says: 'keep this namespace on sidecars', done: 'LeftOut' };

/** To accept what somebody else has, as the fix writes the entry. */
export const accepting: Remedy = {
  says: /To accept it as it is, add to spec\.accept: \{finding: MM\d+, object: /,
  done: acceptIt,
};

/** What comes next where a namespace gets a waypoint. */
export const whoCalls = { MM082: 'behind a waypoint somebody has to say who calls' };

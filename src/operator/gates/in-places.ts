import type { Places } from '../../base/places.ts';
import type { AskedServer } from './ask-gate.ts';

/** The same server, of which so much is asked at once as there are places. */
export function inPlaces(client: AskedServer['client'], places: Places): AskedServer['client'] {
  return {
    server: client.server,
    get apartMs() {
      return client.apartMs;
    },
    courses: async (expression, times, signal) =>
      await places.take(async () => await client.courses(expression, times, signal), signal),
    query: async (expression, at, signal) =>
      await places.take(async () => await client.query(expression, at, signal), signal),
    alerts: async (signal) => await places.take(async () => await client.alerts(signal), signal),
  };
}

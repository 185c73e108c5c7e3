import type { Clock } from '../../base/clock.ts';
import type { Transport } from '../../kube/transport.ts';
import type { Observer } from './observer.ts';

/** The same transport; each request is told when the head of its answer is there, or when it failed. */
export function measured(
  transport: Transport,
  clock: Pick<Clock, 'monotonic'>,
  observer: Pick<Observer, 'exchanged'>,
): Transport {
  return {
    server: transport.server,
    send: async (request) => {
      const began = clock.monotonic();
      const tell = (status: number | undefined): void => {
        observer.exchanged({ method: request.method, status, seconds: (clock.monotonic() - began) / 1000 });
      };
      try {
        const response = await transport.send(request);
        tell(response.status);
        return response;
      } catch (error) {
        tell(undefined);
        throw error;
      }
    },
  };
}

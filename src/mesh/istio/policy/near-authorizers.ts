import { blockContains } from '../../../base/address.ts';
import { memoize } from '../../../base/memoize.ts';
import { shown } from '../../../base/shown.ts';
import { record, records, strings, text, type Json } from '../../json.ts';
import type { ConfigView } from '../../views.ts';

/*
 * An authorizer beside the application, in the same pod, is declared by a ServiceEntry of which the endpoint is the
 * loopback address or a socket of Unix (the sample of external authorization in istio/istio samples/extauthz does
 * so).
 */

const loopback: readonly string[] = ['127.0.0.0/8', '::1', '::ffff:127.0.0.0/104'];

/** Whether an address is the pod of whoever calls it. */
function isNear(address: string): boolean {
  return (
    /^(?:localhost\.?$|unix:)/i.test(address) ||
    loopback.some((block) => blockContains(block, address.split('/', 1)[0] ?? ''))
  );
}

/** The address at which its hosts are called, if that is in the pod of the caller. */
const nearAddress = memoize(({ spec }: ConfigView): string | undefined => {
  const endpoints = records(spec['endpoints']).flatMap(({ address }) => text(address) ?? []);
  return (endpoints.length > 0 ? endpoints : strings(spec['addresses'])).find(isNear);
});

interface Place {
  readonly namespace: string | undefined;
  readonly host: string;
}

/** `[namespace/]host` (lookupCluster in pilot/pkg/networking/util). */
function placeOf(service: string): Place {
  const parts = service.split('/');
  return parts.length === 2 ? { namespace: parts[0], host: parts[1] ?? '' } : { namespace: undefined, host: service };
}

function addressOf({ namespace, host }: Place, entries: () => readonly ConfigView[]): string | undefined {
  if (isNear(host)) return shown(host);
  const entry = entries().find(
    (each) =>
      (namespace === undefined || each.namespace === namespace) &&
      nearAddress(each) !== undefined &&
      strings(each.spec['hosts']).includes(host),
  );
  return entry && `${shown(nearAddress(entry) ?? '')} (ServiceEntry ${entry.namespace}/${entry.name})`;
}

/** Of each external authorizer of a mesh configuration that is asked in the pod of the proxy itself, where, as it is shown. */
export function nearAuthorizers(
  meshConfig: Json,
  entries: () => readonly ConfigView[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    records(meshConfig['extensionProviders']).flatMap(({ name, envoyExtAuthzGrpc, envoyExtAuthzHttp }) => {
      const service = text(record(envoyExtAuthzGrpc ?? envoyExtAuthzHttp)['service']);
      const address = service === undefined ? undefined : addressOf(placeOf(service), entries);
      return address === undefined ? [] : [[text(name) ?? '', address] as const];
    }),
  );
}

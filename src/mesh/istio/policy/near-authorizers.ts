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

/** An authorizer that is asked in the pod of the proxy itself. */
export interface NearAuthorizer {
  /** As it is shown: anybody may have written it. */
  readonly address: string;
  readonly host: string;
  /** By which it is asked there; absent where the mesh configuration names the address itself. */
  readonly entry?: Pick<ConfigView, 'kind' | 'namespace' | 'name'>;
  /** It stands in a namespace of others, whose owner decides about nobody else. */
  readonly isTheirs?: true;
  /** The owner of the migration takes it as it is. */
  readonly isAccepted?: true;
  /** Where it does not answer, requests get through. */
  readonly opens: boolean;
}

/** What decides which ServiceEntry a host means for one namespace. */
export interface Hosts {
  readonly entriesOf: (host: string) => readonly ConfigView[];
  readonly isService: (name: string, namespace: string) => boolean;
  readonly isStranger: (entry: ConfigView) => boolean;
  readonly isAccepted: (entry: ConfigView) => boolean;
}

interface Place {
  readonly namespace: string | undefined;
  readonly host: string;
}

/*
 * A host without a namespace that stands in several means none of them, and then everything is refused that would be
 * asked about, at sidecars and at waypoints (LookupCluster in pilot/pkg/model/extensionproviders.go).
 */

/** `[namespace/]host`. Beside a Service of Kubernetes it is nothing to go by what others say of its host. */
function placeOf(service: string, { isService }: Hosts): Place {
  const parts = service.split('/');
  if (parts.length === 2) return { namespace: parts[0], host: parts[1] ?? '' };
  const [, name, namespace] = /^([^.]+)\.([^.]+)\.svc\.cluster\.local$/.exec(service) ?? [];
  const isOwners = name !== undefined && namespace !== undefined && isService(name, namespace);
  return { namespace: isOwners ? namespace : undefined, host: service };
}

/** Where it is asked by what the namespace itself or the mesh has; else by what others have and nobody has accepted. */
function nearest({ namespace, host }: Place, opens: boolean, hosts: Hosts): NearAuthorizer | undefined {
  if (isNear(host)) return { address: shown(host), host, opens };
  const entries = hosts
    .entriesOf(host)
    .filter((entry) => (namespace ?? entry.namespace) === entry.namespace && nearAddress(entry) !== undefined);
  const isAccepted = (entry: ConfigView): boolean => !opens && hosts.isAccepted(entry);
  const entry =
    entries.find((each) => !hosts.isStranger(each)) ?? entries.find((each) => !isAccepted(each)) ?? entries.at(0);
  if (entry === undefined) return undefined;
  const { kind, name } = entry;
  return {
    address: shown(nearAddress(entry) ?? ''),
    host,
    entry: { kind, namespace: entry.namespace, name },
    ...(hosts.isStranger(entry) && { isTheirs: true, ...(isAccepted(entry) && { isAccepted: true }) }),
    opens,
  };
}

/** Of each external authorizer of a mesh configuration that is asked in the pod of the proxy itself, where. */
export function nearAuthorizers(meshConfig: Json, hosts: Hosts): readonly (readonly [string, NearAuthorizer])[] {
  return records(meshConfig['extensionProviders']).flatMap(({ name, envoyExtAuthzGrpc, envoyExtAuthzHttp }) => {
    const { service: said, failOpen } = record(envoyExtAuthzGrpc ?? envoyExtAuthzHttp);
    const service = text(said);
    const opens = failOpen !== undefined && failOpen !== false;
    const near = service === undefined ? undefined : nearest(placeOf(service, hosts), opens, hosts);
    return near === undefined ? [] : [[text(name) ?? '', near] as const];
  });
}

import type { NearAuthorizer } from './near-authorizers.ts';
import type { ExportDefaults } from './visibility.ts';
import { defaultIstioVersion, hasFeature, type IstioVersion } from './istio-version.ts';

/** What istiod can do with a provider: `Http` is asked about HTTP requests only, `Invalid` about nothing. */
export type Authorizer = 'Http' | 'Grpc' | 'Invalid';

/** By name. */
export type Authorizers = Readonly<Record<string, Authorizer>>;

/** What the mesh configuration and the version of istiod add to the meaning of a policy. */
export interface PolicyOptions {
  readonly version: IstioVersion;
  /** `meshConfig.rootNamespace`: policies in it apply to the whole mesh. */
  readonly rootNamespace: string;
  /** `meshConfig.trustDomain`. */
  readonly trustDomain: string;
  /** `meshConfig.trustDomainAliases`. */
  readonly trustDomainAliases: readonly string[];
  /**
   * AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY of istiod: ztunnel is sent dry-run policies, to log what they would do.
   */
  readonly ztunnelDryRun: boolean;
  /** External authorizers of `meshConfig.extensionProviders`. Undefined: the mesh configuration is not known. */
  readonly authorizers?: Authorizers;
  /** Headers that these are sent, by the name of the authorizer, and that only come with a certificate or sidecar. */
  readonly sentToAuthorizers?: Readonly<Record<string, string>>;
  /** Authorizers that are asked in the pod of the proxy itself, by their names. */
  readonly nearAuthorizers?: Readonly<Record<string, NearAuthorizer>>;
  /** Where routes and DestinationRules are visible that do not say it themselves. Default: everywhere. */
  readonly exportTo?: ExportDefaults;
}

/** An installation without settings of its own. */
export const defaultOptions: PolicyOptions = {
  version: defaultIstioVersion,
  rootNamespace: 'istio-system',
  trustDomain: 'cluster.local',
  trustDomainAliases: [],
  ztunnelDryRun: false,
};

/** Whether istiod sends dry-run policies to ztunnel: it has to know the setting, and to have it on. */
export function sendsDryRun(options: PolicyOptions): boolean {
  return options.ztunnelDryRun && hasFeature(options.version, 'ztunnelDryRun');
}

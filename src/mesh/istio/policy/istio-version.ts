/*
 * Istio versions, and what changed between them in how policies are read.
 */

/** A minor version; patches never change what a policy means. */
export interface IstioVersion {
  readonly major: number;
  readonly minor: number;
}

/** The version that a manifest is judged for if nobody says another. */
export const defaultIstioVersion: IstioVersion = { major: 1, minor: 31 };

/** The newest of which anything is known here: of later ones nobody can say what they make of a policy. */
export const newestIstioVersion: IstioVersion = { major: 1, minor: 32 };

/** Whether a version is a later one than another. */
export function isNewer(version: IstioVersion, than: IstioVersion): boolean {
  return version.major > than.major || (version.major === than.major && version.minor > than.minor);
}

/** `1.31`, `v1.30.3`, `1.31.0-rc.0`; undefined for anything else. */
export function parseIstioVersion(text: string): IstioVersion | undefined {
  const groups = /^v?(?<major>\d{1,3})\.(?<minor>\d{1,4})(?:\.\d+)?(?:[-+.].*)?$/.exec(text.trim())?.groups;
  return groups === undefined ? undefined : { major: Number(groups['major']), minor: Number(groups['minor']) };
}

/** The version as `major.minor`. */
export function istioVersionText({ major, minor }: IstioVersion): string {
  return `${major}.${minor}`;
}

/** What a later version of Istio does that an earlier one does not. */
export type PolicyFeature =
  'serviceAccounts' | 'trustDomains' | 'ztunnelDryRun' | 'customDryRunDenies' | 'authorizerNames';

const since: Readonly<Record<PolicyFeature, IstioVersion>> = {
  /** `serviceAccounts`, `notServiceAccounts` and `source.serviceAccount`: istio/istio#54091. */
  serviceAccounts: { major: 1, minor: 25 },
  /**
   * `trustDomains`, `notTrustDomains` and `source.trustDomain`:
   * releasenotes/notes/add-trust-domains-to-authz-policy.yaml.
   */
  trustDomains: { major: 1, minor: 31 },
  /** AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY exists (pilot/pkg/features/ambient.go). */
  ztunnelDryRun: { major: 1, minor: 29 },
  /**
   * A dry-run CUSTOM policy is put where Envoy enforces it, as a DENY, since each provider has a filter of its own
   * (istio/istio#58082; buildHTTP in pilot/pkg/security/authz/builder/builder.go, `rbac.Rules`). Before, it did
   * nothing.
   */
  customDryRunDenies: { major: 1, minor: 30 },
  /**
   * Names of external authorizers are checked (validateProviderName in pilot/pkg/security/authz/builder/extauthz.go),
   * which came with the filters for each.
   */
  authorizerNames: { major: 1, minor: 30 },
};

/** Whether this version of Istio has the feature. Older ones drop the field when they store the object. */
export function hasFeature(version: IstioVersion, feature: PolicyFeature): boolean {
  const { major, minor } = since[feature];
  return version.major > major || (version.major === major && version.minor >= minor);
}

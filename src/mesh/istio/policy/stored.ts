import { hasFeature, type IstioVersion } from './istio-version.ts';
import type { Source } from './types.ts';

/** The source as the API server stores it with the CRD of this version of Istio: fields that came later are dropped. */
export function storedSource(source: Source, version: IstioVersion): Source {
  return {
    ...source,
    ...(!hasFeature(version, 'serviceAccounts') && { serviceAccounts: [], notServiceAccounts: [] }),
    ...(!hasFeature(version, 'trustDomains') && { trustDomains: [], notTrustDomains: [] }),
  };
}

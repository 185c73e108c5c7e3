import { record, records, strings } from '../../json.ts';
import type { ConfigView } from '../../views.ts';

/** The identities that an AuthorizationPolicy names, or leaves out. */
export function principalsOf({ spec }: ConfigView): readonly string[] {
  const sources = records(spec['rules'])
    .flatMap((rule) => records(rule['from']))
    .map(({ source }) => record(source));
  return sources.flatMap(({ principals, notPrincipals }) => [...strings(principals), ...strings(notPrincipals)]);
}

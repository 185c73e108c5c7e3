import { memoize } from '../../../base/memoize.ts';
import type { ConfigView } from '../../views.ts';
import { parsed } from '../policy/parsed.ts';
import type { Rule } from '../policy/types.ts';
import { namespacesNamedBy, ofSource, type Caller, type Names } from './callers.ts';

/** Those of the callers of a source that it names one by one, whoever else it is about. */
function someOfSource(source: Names, home: string): readonly Caller[] {
  const { principals, namespaces } = source;
  const each =
    principals.length > 0
      ? principals.map((principal) => ({ ...source, principals: [principal] }))
      : namespaces.map((namespace) => ({ ...source, namespaces: [namespace] }));
  return ofSource(source, home) ?? each.flatMap((one) => ofSource(one, home) ?? []);
}

function namesIn({ key, values }: Rule['when'][number]): Names {
  const none = { principals: [], serviceAccounts: [], namespaces: [] };
  if (key === 'source.principal') return { ...none, principals: values };
  return key === 'source.namespace' ? { ...none, namespaces: values } : none;
}

/** All callers that an ALLOW policy names, also beside what leaves open who calls: a rule, a source, another name. */
export const callersNamedBy: (config: ConfigView) => readonly Caller[] = memoize(
  (config: ConfigView): readonly Caller[] => {
    const policy = namespacesNamedBy(config) === undefined ? undefined : parsed(config);
    if (policy?.kind !== 'AuthorizationPolicy') return [];
    return policy.rules.flatMap(({ from, when }) => {
      const named = from.flatMap((source) => someOfSource(source, policy.namespace));
      return named.length > 0 ? named : when.flatMap((each) => someOfSource(namesIn(each), policy.namespace));
    });
  },
);

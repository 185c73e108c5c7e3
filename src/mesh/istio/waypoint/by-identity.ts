import { memoize } from '../../../base/memoize.ts';
import { withoutIdentity } from '../policy/identity-fields.ts';
import type { AuthorizationPolicy, Operation, Source, When } from '../policy/types.ts';

/* Policies that decide by who calls and at which port, and by nothing else: what every proxy knows of a call in the mesh. */

const sourceFields: ReadonlySet<string> = new Set<keyof Source>([
  'principals',
  'notPrincipals',
  'namespaces',
  'notNamespaces',
  'serviceAccounts',
  'notServiceAccounts',
]);
const operationFields: ReadonlySet<string> = new Set<keyof Operation>(['ports', 'notPorts']);
const keys: ReadonlySet<string> = new Set([
  'source.principal',
  'source.namespace',
  'source.serviceAccount',
  'destination.port',
]);

function asksOnly(part: Source | Operation, fields: ReadonlySet<string>): boolean {
  return Object.entries(part).every(([field, values]: [string, readonly string[]]) => {
    return values.length === 0 || fields.has(field);
  });
}

/** Whether it does not depend on the way that a call takes, as long as that carries the identity of the caller. */
export const isByIdentity: (policy: AuthorizationPolicy) => boolean = memoize((policy: AuthorizationPolicy) =>
  policy.rules.every(
    ({ from, to, when }) =>
      from.every((source) => asksOnly(source, sourceFields)) &&
      to.every((operation) => asksOnly(operation, operationFields)) &&
      when.every(({ key }: When) => keys.has(key)),
  ),
);

/** Whether a workload of this namespace may get through to more when its calls carry no identity any more. */
export function opensNameless(policy: AuthorizationPolicy, namespace: string): boolean {
  const { action, rules } = policy;
  const spec = {
    action,
    rules: rules.map(({ from, when }) => ({ from: from.map((source) => ({ source })), when })),
  };
  return withoutIdentity({ spec, namespace: policy.namespace }, namespace).has('Opens');
}

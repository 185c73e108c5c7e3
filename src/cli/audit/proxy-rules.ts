import { sidecarReads } from '../../mesh/istio/policy/attachment.ts';
import { customUse, providersOf } from '../../mesh/istio/policy/authorizer.ts';
import {
  clashingProviders,
  proxyRules as operatorProxyRules,
  refusedByEnvoy,
  unknownProvider,
} from '../../mesh/istio/findings/proxies.ts';
import { nameOf } from '../../mesh/istio/vocabulary/objects.ts';
import type { Rule } from '../../mesh/istio/findings/rule.ts';
import type { AuthorizationPolicy } from '../../mesh/istio/policy/types.ts';
import { unloadable } from '../../mesh/istio/policy/unloadable.ts';
import type { AuditContext, AuditedPolicy, AuditEvidence, AuditRule } from './context.ts';
import { templatesIn } from './inventory.ts';

type AuditedAuthorization = AuditedPolicy & { readonly policy: AuthorizationPolicy };

function authorizationPolicies({ policies }: AuditContext): readonly AuditedAuthorization[] {
  return policies.filter((audited): audited is AuditedAuthorization => audited.policy.kind === 'AuthorizationPolicy');
}

function evidence({ view, source }: AuditedPolicy, message: string): AuditEvidence {
  return { object: nameOf(view), message, source };
}

/** The workloads of the manifests, and for each namespace the pods that only a policy without selector is for. */
function readers({
  inventory,
  policies,
}: AuditContext): readonly { readonly namespace: string; readonly labels: Readonly<Record<string, string>> }[] {
  const supposed = policies.map(({ policy: { namespace, selector = {} } }) => ({ namespace, labels: selector }));
  return [
    ...templatesIn(inventory).map(({ namespace, templateLabels }) => ({ namespace, labels: templateLabels })),
    ...supposed,
  ];
}

function refusedProviders(context: AuditContext): readonly AuditEvidence[] {
  const { options } = context;
  const custom = authorizationPolicies(context).filter(({ policy }) => policy.action === 'CUSTOM');
  const unknown = custom.filter(({ policy }) => !policy.dryRun && customUse(policy, 'http', options) === 'Refused');
  const clashes = readers(context).flatMap((workload) => {
    const together = custom.filter(
      ({ policy }) => policy.targetRefs.length === 0 && sidecarReads(policy, workload, options),
    );
    const providers = providersOf(together.map(({ policy }) => policy));
    return providers.length > 1 ? together.map((audited) => ({ audited, message: clashingProviders(providers) })) : [];
  });
  const all = [
    ...unknown.map((audited) => evidence(audited, unknownProvider(audited.policy))),
    ...clashes.map(({ audited, message }) => evidence(audited, message)),
  ];
  return [...new Map(all.map((one) => [`${one.object} ${one.message}`, one])).values()];
}

function refusedConfiguration(context: AuditContext): readonly AuditEvidence[] {
  return authorizationPolicies(context).flatMap((audited) => {
    const faults = unloadable(audited.policy, context.options);
    return faults.length === 0 ? [] : [evidence(audited, refusedByEnvoy(faults))];
  });
}

const finds: Readonly<Record<string, AuditRule['find']>> = { MM096: refusedProviders, MM097: refusedConfiguration };

/** The operator's checks of what proxies make of policies, for policies of gateways and waypoints too. */
export const proxyRules: readonly AuditRule[] = operatorProxyRules.flatMap(({ id, severity, title, fix }: Rule) => {
  const find = finds[id];
  return find === undefined ? [] : [{ id, severity, title, fix, find }];
});

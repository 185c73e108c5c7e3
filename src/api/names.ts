import { z } from 'zod';

/** Kubernetes' own namespaces: never migrated. Istio's own namespace is refused too, by a finding or by this list. */
export const systemNamespaces = ['kube-system', 'kube-public', 'kube-node-lease', 'istio-system'] as const;

/** A DNS label (k8s.io/apimachinery/pkg/util/validation: IsDNS1123Label). */
export const NamespaceName = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);

/** A list of namespaces by their names, none twice; empty by default. */
export const NamespaceNames = z
  .array(NamespaceName)
  .max(1000)
  .default([])
  .describe('Namespaces by name.')
  .meta({ 'x-kubernetes-list-type': 'set' });

const LabelKey = z
  .string()
  .min(1)
  .max(317)
  .regex(/^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/);

/** What the API server admits as the value of a label (k8s.io/apimachinery/pkg/util/validation: IsValidLabelValue). */
export const LabelValue = z
  .string()
  .max(63)
  .regex(/^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/);

/** A DNS subdomain, as names of ServiceAccounts are. */
export const ServiceAccountName = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/);

/**
 * As istiod compares them: whole, by a beginning or by an end; without `spiffe://`, which it adds itself, so that no
 * caller has it.
 */
export const Principal = z
  .string()
  .min(1)
  .max(512)
  .regex(
    /^(\*|\*[^\s*:]+|[^\s*:]+\*|[^\s*:\/]+\/ns\/[a-z0-9]([-a-z0-9]*[a-z0-9])?\/sa\/[a-z0-9]([-a-z0-9.]*[a-z0-9])?)$/,
  );

const LabelRequirement = z
  .object({
    key: LabelKey.describe('Label key.'),
    operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']).describe('How the label relates to the values.'),
    values: z.array(LabelValue).max(64).optional().describe('For In and NotIn: the values.'),
  })
  .meta({
    'x-kubernetes-validations': [
      {
        rule: "(self.operator in ['In', 'NotIn']) == (has(self.values) && self.values.size() > 0)",
        message: 'In and NotIn need values; Exists and DoesNotExist must not have any',
      },
    ],
  });

/** metav1.LabelSelector. */
export const LabelSelector = z.object({
  matchLabels: z
    .record(z.string().max(317), LabelValue)
    .optional()
    .describe('Labels that must all be there.')
    .meta({ maxProperties: 64 }),
  matchExpressions: z.array(LabelRequirement).max(32).optional().describe('Requirements that must all hold.'),
});
export type LabelSelector = z.infer<typeof LabelSelector>;

import { z } from 'zod';

/** How many plans `spec.approval.plans` has room for: one list may serve a hundred clusters, whose plans differ. */
export const mostApprovedPlans = 1000;

/** How many namespaces `status.plan` has room for. */
export const mostApproved = 1000;

/** A plan, of a migration or of one of its waves, by what it says. */
export const PlanHash = z
  .string()
  .max(71)
  .regex(/^sha256:[0-9a-f]{64}$/);

/** Whether somebody has to approve of a plan before its namespaces are started. */
export const ApprovalMode = z.enum(['Auto', 'Required']);
export type ApprovalMode = z.infer<typeof ApprovalMode>;

/** `spec.approval`. */
export const Approval = z.object({
  mode: ApprovalMode.default('Auto').describe(
    'Required: no namespace is started before somebody has approved of its plan. Auto: none needs that. A wave may say it for its own namespaces (waves[].approval).',
  ),
  plans: z
    .array(PlanHash)
    .max(mostApprovedPlans)
    .default([])
    .describe(
      'Plans that are approved of: hashes as status.plan has them, of the whole migration, of single waves, or as the message of a namespace has it, of that one alone. What is taken out is approved of no more; what is under way goes on all the same.',
    )
    .meta({ 'x-kubernetes-list-type': 'set' }),
});
export type Approval = z.infer<typeof Approval>;

/** What the plan of one namespace consists of, for comparisons: `planOf` in `src/engine/plan-digest.ts`. */
export const PlanDigest = z.string().max(1280);

const WavePlan = z.object({
  name: z.string().max(63).describe('Name of the wave.'),
  hash: PlanHash.describe('Hash of the plan of its namespaces.'),
});

const ApprovedPlan = z.object({
  namespace: z.string().max(63).describe('The namespace.'),
  digest: PlanDigest.describe('What its plan consisted of.'),
  by: PlanHash.describe('The entry of spec.approval.plans that approved of it.'),
});
export type ApprovedPlan = z.infer<typeof ApprovedPlan>;

/** `status.plan`. */
export const PlanStatus = z.object({
  hash: PlanHash.optional().describe(
    'Hash of the plan of all namespaces in scope, whether started or not: their steps and labels, the objects that are made for them, their own policies and routes, and what was answered for. Not of pods, times, counts, versions and restarts. Absent until all of them were looked at.',
  ),
  waves: z
    .array(WavePlan)
    .max(51)
    .optional()
    .describe('The same of each wave whose namespaces were all looked at, where spec.waves has any.')
    .meta({ 'x-kubernetes-list-type': 'atomic' }),
  approved: z
    .array(ApprovedPlan)
    .max(mostApproved)
    .optional()
    .describe(
      'Plans of namespaces as they were approved of. One that changes afterwards is not approved of any more, unless less had to be answered for; the others stay approved.',
    )
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['namespace'] }),
  awaiting: z
    .int()
    .min(0)
    .optional()
    .describe('How many namespaces that are not started need an approval that they do not have.'),
});
export type PlanStatus = z.infer<typeof PlanStatus>;

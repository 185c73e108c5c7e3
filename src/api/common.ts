import { z } from 'zod';
import { cutText } from '../base/cut-text.ts';

/** How a pod is connected to a mesh, as observed on the pod itself. */
export const Mode = z
  .enum(['Sidecar', 'Ambient', 'None', 'Transitional'])
  .describe('How a pod is connected to a mesh, as observed on the pod: never inferred from labels of its namespace.');
export type Mode = z.infer<typeof Mode>;

/** One side of a migration. */
export const DataPlane = z.enum(['IstioSidecar', 'IstioAmbient', 'None']);
export type DataPlane = z.infer<typeof DataPlane>;

/** A Go duration such as `90s`, `10m` or `1h30m`; `0s` too. */
export const DurationOrNone = z
  .string()
  .max(16)
  .regex(/^([0-9]+h)?([0-9]+m)?([0-9]+s)?$/)
  .min(2);

/** The same, longer than nothing. */
export const Duration = DurationOrNone.meta({
  'x-kubernetes-validations': [{ rule: "duration(self) > duration('0s')", message: 'must be longer than 0s' }],
});

/** Kubernetes time: RFC 3339, whole seconds, UTC. */
export const Time = z.string().max(32).meta({ format: 'date-time' });

/** metav1.Condition, as kstatus, Argo CD and Flux read it. */
export const Condition = z.object({
  type: z.string().max(63).describe('Name of the condition, for example Ready.'),
  status: z.enum(['True', 'False', 'Unknown']).describe('Whether the condition holds.'),
  reason: z.string().max(128).describe('One word for programs that says why.'),
  message: z.string().max(2048).describe('One sentence for people that says why, and what to do.'),
  observedGeneration: z.int().min(0).optional().describe('metadata.generation that the condition was computed from.'),
  lastTransitionTime: Time.describe('When status last changed.'),
});
export type Condition = z.infer<typeof Condition>;

/** The condition that says that a person has to do something; undefined while none has to. */
export function stalledBy(conditions: readonly Condition[] | undefined): Condition | undefined {
  return conditions?.find(({ type, status }) => type === 'Stalled' && status === 'True');
}

/** Where a namespace stands, as its conditions say it: its message may begin with what is told of the last command. */
export function standing(
  status: { readonly conditions?: readonly Condition[] | undefined; readonly message?: string | undefined } | undefined,
): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.message;
  return ready === undefined ? (status?.message ?? '') : cutText(ready, 1024);
}

/** How much a finding matters. */
export const Severity = z.enum(['Critical', 'Warning', 'Info']);
export type Severity = z.infer<typeof Severity>;

/** One result of the checks that run before anything is changed. */
export const Finding = z.object({
  id: z.string().max(8).describe('Stable id, explained in docs/findings.md, for example MM020.'),
  severity: Severity.describe('Critical findings block the namespace until they are gone.'),
  object: z.string().max(512).describe('The object the finding is about: kind namespace/name.'),
  message: z.string().max(1024).describe('What is the matter, and what would happen.'),
  fix: z.string().max(1024).describe('What to do about it.'),
});
export type Finding = z.infer<typeof Finding>;

/** How many pods are in each mode. */
export const PodCounts = z.object({
  sidecar: z.int().min(0).describe('Pods with an Istio sidecar.'),
  ambient: z.int().min(0).describe('Pods that the node agent has enrolled in ztunnel.'),
  none: z.int().min(0).describe('Pods in no mesh.'),
  transitional: z.int().min(0).describe('Pods that are fully in neither.'),
});
export type PodCounts = z.infer<typeof PodCounts>;

/** A command that a person gave by editing `status.phase`. */
export const Command = z.object({
  action: z.enum(['Migrate', 'Pause', 'Rollback']).describe('What was commanded.'),
  by: z.string().max(256).describe('Field manager of the edit, from managedFields.'),
  at: Time.describe('Time of the edit.'),
  overrides: z
    .string()
    .max(32)
    .optional()
    .describe(
      'On a MeshMigration: the action of the spec that the command overrides; the command ends as soon as the spec asks for another.',
    ),
});
export type Command = z.infer<typeof Command>;

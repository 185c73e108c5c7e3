import type { V1Lease } from '@kubernetes/client-node';

/** What one Lease object says, and when this process saw it change. */
export interface LeaseObservation {
  readonly lease: V1Lease;
  /** Monotonic time at which this version was seen first. */
  readonly changedAt: number;
}

/**
 * Updates the observation. Expiry is judged by when *we* saw the last change, never by the times in the lease: the
 * holder's clock may be wrong (client-go tools/leaderelection, header comment).
 */
export function observe(before: LeaseObservation | undefined, lease: V1Lease, now: number): LeaseObservation {
  const same = before?.lease.metadata?.resourceVersion === lease.metadata?.resourceVersion;
  return before !== undefined && same ? before : { lease, changedAt: now };
}

/** Whether `identity` must leave the lease alone: another holder has renewed it within its lease duration. */
export function heldByAnother({ lease, changedAt }: LeaseObservation, identity: string, now: number): boolean {
  const holder = lease.spec?.holderIdentity ?? '';
  return holder !== '' && holder !== identity && now < changedAt + (lease.spec?.leaseDurationSeconds ?? 0) * 1000;
}

import type { IntOrPercent } from './workload-types.ts';

/** A number, or a percentage of `total` (intstr.GetScaledValueFromIntOrPercent). */
export function scaledValue(value: IntOrPercent, total: number, round: 'up' | 'down'): number {
  if (typeof value === 'number') return value;
  const share = (Number.parseInt(value, 10) * total) / 100;
  return round === 'up' ? Math.ceil(share) : Math.floor(share);
}

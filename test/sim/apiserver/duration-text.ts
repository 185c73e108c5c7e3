/** A duration in the form of `kubectl get`: about two significant units (apimachinery duration.HumanDuration). */
export function durationText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  const pair = (large: number, unit: string, small: number, smallUnit: string): string =>
    `${String(large)}${unit}${small === 0 ? '' : `${String(small)}${smallUnit}`}`;
  if (seconds < 120) return `${String(seconds)}s`;
  if (minutes < 10) return pair(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${String(minutes)}m`;
  if (hours < 8) return pair(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${String(hours)}h`;
  if (hours < 192) return pair(days, 'd', hours % 24, 'h');
  if (days < 730) return `${String(days)}d`;
  if (days < 8 * 365) return pair(Math.floor(days / 365), 'y', days % 365, 'd');
  return `${String(Math.floor(days / 365))}y`;
}

/** The time since a timestamp, or `<unknown>`. */
export function ageOf(timestamp: unknown, now: number): string {
  if (typeof timestamp !== 'string') return '<unknown>';
  const at = Date.parse(timestamp);
  return Number.isNaN(at) ? '<unknown>' : durationText(now - at);
}

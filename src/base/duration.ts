/** Milliseconds of a Go duration in hours, minutes and seconds (`1h30m`, `90s`), as our schemas admit it. */
export function durationMs(duration: string): number {
  const parts = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(duration);
  if (parts === null || duration === '') throw new RangeError(`not a duration: "${duration}"`);
  const [hours, minutes, seconds] = parts.slice(1).map((part: string | undefined) => Number(part ?? 0));
  return ((hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0)) * 1000;
}

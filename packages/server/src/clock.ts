/** Milliseconds since 1970. Handed in, so that tests can set it. */
export type Clock = () => number;

/**
 * Whether that was less than so long ago. What is as far in the future was not: the clock has been set back since, and
 * nothing lasts the longer for it.
 */
export function isRecent(then: number, { now, withinMs }: { now: number; withinMs: number }): boolean {
  return Math.abs(now - then) < withinMs;
}

/** RFC 3339 in UTC, with milliseconds. */
export function formatTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** Milliseconds since 1970. Handed in, so that tests can set it. */
export type Clock = () => number;

/** RFC 3339 in UTC, with milliseconds. */
export function formatTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

const BASE_MS = 200;
const CAP_MS = 5000;

/** How long to wait before the next try, with full jitter: those that failed together do not come back together. */
export function backoffMs(failures: number, capMs = CAP_MS): number {
  return Math.random() * Math.min(capMs, BASE_MS * 2 ** Math.min(failures, 16));
}

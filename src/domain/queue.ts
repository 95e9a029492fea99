/** Seconds until a queued job is expected to start. */
export interface WaitRange {
  low: number;
  high: number;
}

/** So many of a space's latest run times are remembered, to estimate waits from. */
export const RECENT_RUNS = 32;

/** `-100` to `100`, higher first. */
export const MAX_PRIORITY = 100;

const PLACES = 2 ** 44;

/**
 * The sort key of a job in its space's queue, lowest first: by priority, then by the sequence number fixed at submit. Exact as a
 * double up to 2^44 jobs in a space.
 */
export const place = (priority: number, seq: number): number => (MAX_PRIORITY - priority) * PLACES + seq;

/**
 * How long the job at `position` (1 is next) will wait. Its turn comes when `position` leases, counted over the running and the
 * waiting, have ended; `capacity` of them end per run time. The range is spanned by the quartiles of the recent run times.
 * Null where nothing is known: no capacity or no run yet.
 */
export function estimateWait(
  position: number,
  running: number,
  capacity: number,
  recentRunMs: readonly number[],
): WaitRange | null {
  if (capacity <= 0 || recentRunMs.length === 0) return null;
  const ahead = position + running - capacity;
  if (ahead <= 0) return { low: 0, high: 0 };
  const sorted = [...recentRunMs].sort((a, b) => a - b);
  const rounds = Math.ceil(ahead / capacity);
  // The first round is under way already: at best it ends now.
  return {
    low: seconds((rounds - 1) * quantile(sorted, 0.25)),
    high: seconds(rounds * quantile(sorted, 0.75)),
  };
}

const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;

const seconds = (ms: number): number => Math.round(ms / 100) / 10;

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
 * The sort key of a job in its space's queue, lowest first: by priority, then by the number fixed at submit. Exact as a double up to
 * 2^44 jobs in a space. Jobs with the same key, which only `fairSeq` gives, are in the order of their ids: that of their submits.
 */
export const place = (priority: number, seq: number): number => (MAX_PRIORITY - priority) * PLACES + seq;

/** What the number of a job in a FAIR queue follows from, all of its priority. 0 where there is none. */
export interface Rounds {
  /** The last number given in order of arrival: jobs that waited when the queue became FAIR stay ahead. */
  floor: number;
  /** The highest number that was leased under FAIR: the round being served. */
  served: number;
  /** The highest number of the submitter's jobs that wait. */
  own: number;
}

/**
 * The number of a job submitted under FAIR: the round it takes part in, with at most one job of each submitter. It is start-time
 * fair queuing with jobs of equal cost (Goyal, Vin, Cheng: Start-time Fair Queuing, SIGCOMM 1996; the idea of turns is Nagle's, RFC
 * 970), but that a newcomer joins the next round and not the one being served: so a round ends, and a stream of ever new submitters
 * cannot hold up who waits. It follows that
 * - jobs of one submitter are served first in, first out: `own` only grows while they wait;
 * - at most two jobs of each other submitter go before a new one of somebody with none: what is left of the round being served, and
 *   one of the next; and whatever comes back to its place;
 * - whoever was idle neither saved up turns nor owes any: nothing is remembered of a submitter with no job waiting.
 * The next job in order of arrival gets a number above all rounds, so jobs that wait when a space goes back to FIFO stay ahead, too.
 */
export const fairSeq = ({ floor, served, own }: Rounds): number => Math.max(floor, served, own) + 1;

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

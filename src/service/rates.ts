import { LRUCache } from 'lru-cache';
import type { RateLimits } from '../config.ts';
import { Refusal } from '../domain/refusal.ts';
import type { Viewer } from '../domain/viewer.ts';
import { networkOf } from './network.ts';

/** Of so many viewers the last use is remembered; who is forgotten has a full bucket again. */
const REMEMBERED = 50_000;
/** What may come at once after a pause, in seconds of the rate. */
const BURST_SECONDS = 2;

/** How often somebody may do something, in one process: a token bucket for each (RFC 2697 describes the idea). */
export function createBuckets(perSecond: number, burst: number, now: () => number = () => performance.now()) {
  const buckets = new LRUCache<string, { left: number; at: number }>({ max: REMEMBERED });

  /** Zero if it may be done now, and is counted; else after how many seconds. */
  return function take(key: string): number {
    const at = now();
    let bucket = buckets.get(key);
    if (!bucket) {
      bucket = { left: burst, at };
      buckets.set(key, bucket);
    }
    bucket.left = Math.min(burst, bucket.left + ((at - bucket.at) / 1000) * perSecond);
    bucket.at = at;
    if (bucket.left < 1) return (1 - bucket.left) / perSecond;
    bucket.left--;
    return 0;
  };
}

/** Who counts as one: whoever is not signed in can be somebody else each time, so all visitors of an address do. */
const keyOf = (viewer: Viewer, address: string | null): string =>
  viewer.role === 'ANONYMOUS' ? networkOf(address ?? '') : (viewer.credential?.id ?? viewer.id);

export type Rates = ReturnType<typeof createRates>;

/** What one viewer may do in a while. Each process counts for itself. */
export function createRates(limits: RateLimits) {
  const buckets = (perSecond: number, burst: number) => createBuckets(perSecond, Math.max(1, burst));
  const operations = buckets(limits.operationsPerSecond, limits.operationsPerSecond * BURST_SECONDS);
  const visitorOperations = buckets(
    limits.visitorOperationsPerSecond,
    limits.visitorOperationsPerSecond * BURST_SECONDS,
  );
  const submits = buckets(limits.submitsPerMinute / 60, limits.submitsPerMinute);
  const visitorSubmits = buckets(limits.visitorSubmitsPerMinute / 60, limits.visitorSubmitsPerMinute);
  const sockets = new Map<string, number>();

  function check(wait: number, what: string, limit: number): void {
    if (wait === 0) return;
    const retryAfterSeconds = Math.ceil(wait * 1000) / 1000;
    throw new Refusal('RATE_LIMITED', `At most ${limit} ${what}; wait ${retryAfterSeconds} s`, {
      limit,
      retryAfterSeconds,
    });
  }

  return {
    /** RATE_LIMITED where the viewer asks for more in a while than it may. */
    operation(viewer: Viewer, address: string | null): void {
      const key = keyOf(viewer, address);
      if (viewer.role === 'ANONYMOUS') {
        const limit = limits.visitorOperationsPerSecond;
        check(visitorOperations(key), 'operations a second for all visitors of an address', limit);
      } else {
        check(operations(key), 'operations a second', limits.operationsPerSecond);
      }
    },

    /** The same of submits to one space. Administrators know what they do. */
    submit(viewer: Viewer, address: string | null, space: string): void {
      const key = `${keyOf(viewer, address)} ${space}`;
      if (viewer.role === 'ANONYMOUS') {
        const limit = limits.visitorSubmitsPerMinute;
        check(visitorSubmits(key), 'submits a minute to a space for all visitors of an address', limit);
      } else if (viewer.role !== 'ADMIN') {
        check(submits(key), 'submits a minute to a space', limits.submitsPerMinute);
      }
    },

    /** One more socket of whoever is signed in, until what it returns is called. Those of visitors count by their address alone. */
    socket(viewer: Viewer): () => void {
      if (viewer.role === 'ANONYMOUS') return () => undefined;
      const key = keyOf(viewer, null);
      const count = sockets.get(key) ?? 0;
      if (count >= limits.socketsPerViewer) {
        throw new Refusal('RATE_LIMITED', `At most ${limits.socketsPerViewer} sockets at a time with one sign-in`, {
          limit: limits.socketsPerViewer,
        });
      }
      sockets.set(key, count + 1);
      return () => {
        const left = (sockets.get(key) ?? 1) - 1;
        if (left === 0) sockets.delete(key);
        else sockets.set(key, left);
      };
    },
  };
}

/** Where access is open nobody is counted. */
export const NO_RATES: Rates = { operation: () => undefined, submit: () => undefined, socket: () => () => undefined };

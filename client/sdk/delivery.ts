import { createBackoff } from './backoff.ts';
import { isPassing, SpacedockError } from './errors.ts';
import { unlessAborted } from './promises.ts';
import { pause } from './timing.ts';

/** Requests at a time; more would only wait in the server, or in sockets of their own. */
const AT_A_TIME = 8;

/** An unexpected error of the server that comes this often is not the outage it may have been. */
const UNEXPECTED_TRIES = 10;

/**
 * Tries something again, with jitter, until it works: for ever where the server, or its storage, is away. Rejects with a SpacedockError
 * when the server refuses it, and with the signal's reason.
 */
export type Deliver = <T>(attempt: (signal: AbortSignal) => Promise<T>) => Promise<T>;

export function createDelivery(signal: AbortSignal): Deliver {
  const turns = createTurns(AT_A_TIME);

  return async (attempt) => {
    const backoff = createBackoff();
    for (let unexpected = 0; ; ) {
      try {
        return await unlessAborted(
          turns(() => attempt(signal)),
          signal,
        );
      } catch (error) {
        signal.throwIfAborted();
        if (!isWorthAnother(error)) throw error;
        const waitSeconds = error.retryAfterSeconds;
        const unexplained = error.code === 'INTERNAL_SERVER_ERROR' && waitSeconds === undefined;
        if (unexplained && ++unexpected === UNEXPECTED_TRIES) throw error;
        await pause(Math.max(backoff.next(), (waitSeconds ?? 0) * 1000), signal);
        signal.throwIfAborted();
      }
    }
  };
}

/** The server says when to come again, or it is not there. */
export const isWorthAnother = (error: unknown): error is SpacedockError =>
  isPassing(error) || (error instanceof SpacedockError && error.retryAfterSeconds !== undefined);

/** Lets so many run at a time; the others wait for their turn. */
function createTurns(limit: number): <T>(run: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (run) => {
    if (running === limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await run();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}

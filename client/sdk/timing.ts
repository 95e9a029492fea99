/** A timer that fires this much late says that our own event loop was blocked or the machine asleep. */
const LATE_MS = 1000;

/** Resolves after `ms`, or at once when the signal aborts. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const finish = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal?.addEventListener('abort', finish);
  });
}

/** Resolves with the promise, or after `ms` without it. */
export async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  await Promise.race([promise, pause(ms, over.signal)]);
  over.abort();
}

/**
 * Calls back once the other side was silent for `ms`, unless cancelled. When our own event loop was blocked meanwhile,
 * its words may lie unread in our buffers: then it gets another round.
 * @returns cancels
 */
export function afterSilence(ms: number, silent: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>;
  const listen = () => {
    const due = performance.now() + ms;
    timer = setTimeout(() => (performance.now() - due > LATE_MS ? listen() : silent()), ms);
  };
  listen();
  return () => clearTimeout(timer);
}

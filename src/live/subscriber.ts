/** One watcher, as an iterator that never yields: its frames are written straight to its socket, its end is the iterator's. */
export type Subscriber = AsyncIterableIterator<never>;

export interface Ending {
  subscriber: Subscriber;
  /** Ends the iterator, with what it threw if it did. */
  finish(error?: unknown): void;
}

const DONE = { done: true, value: undefined } as const;

/** `onLeave`: who watches has gone. */
export function createSubscriber(onLeave: () => void): Ending {
  let asking: PromiseWithResolvers<IteratorResult<never>> | null = null;
  let ended: { error?: unknown } | null = null;

  const subscriber: Subscriber = {
    next() {
      if (ended) return ended.error === undefined ? Promise.resolve(DONE) : Promise.reject(ended.error);
      asking = Promise.withResolvers();
      return asking.promise;
    },
    return() {
      ended ??= {};
      onLeave();
      asking?.resolve(DONE);
      return Promise.resolve(DONE);
    },
    throw(error) {
      ended ??= {};
      onLeave();
      return Promise.reject(error);
    },
    [Symbol.asyncIterator]() {
      return subscriber;
    },
  };
  return {
    subscriber,
    finish(error) {
      ended ??= { error };
      if (error === undefined) asking?.resolve(DONE);
      else asking?.reject(error);
    },
  };
}

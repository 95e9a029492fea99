/**
 * An async iterator that is pushed to: values wait in a buffer until somebody asks. Written by hand because a generator that is
 * blocked in `next()` never sees `return()`.
 */
export interface Stream<T> extends AsyncIterableIterator<T> {
  push(value: T): void;
  /** What is buffered is still delivered, then it is done. */
  end(): void;
  /** What is buffered is still delivered, then it throws. */
  fail(error: unknown): void;
  /** Instead of `next()`: values are handed over as they are pushed. */
  follow(follower: Follower<T>): void;
}

export interface Follower<T> {
  /** One value at a time: where it takes a while, the next one waits. What it throws ends the stream. */
  take(value: T): Promise<void> | undefined;
  /** That was all. `error`: what the stream failed with. */
  end(error?: unknown): void;
}

export interface StreamOptions<T> {
  /** The consumer has gone or the end was reached: called once. */
  onClose(): void;
  /** A value replaces a waiting one with the same key: a slow consumer skips, and nothing grows. @default never */
  keyOf?(value: T): unknown;
  /** Waiting values beyond this fail the stream with `onOverflow()`. @default 10000 */
  limit?: number;
  onOverflow?(): unknown;
  /** The consumer has dealt with this value: it asks for another. `drained`: none waits. */
  onTaken?(value: T, drained: boolean): void;
}

const DONE = { done: true, value: undefined } as const;

export function createStream<T>(options: StreamOptions<T>): Stream<T> {
  const { onClose, keyOf, limit = 10_000, onOverflow = () => new Error('too slow'), onTaken } = options;
  const waiting = new Map<unknown, T>();
  let serial = 0;
  let asking: PromiseWithResolvers<IteratorResult<T>> | null = null;
  let follower: Follower<T> | null = null;
  /** The follower has not taken what it was given. */
  let busy = false;
  let given: { value: T } | null = null;
  let ended: { error?: unknown } | null = null;
  let closed = false;

  function close(): void {
    if (closed) return;
    closed = true;
    waiting.clear();
    onClose();
  }

  function finish(end: { error?: unknown }): void {
    if (ended) return;
    ended = end;
    flow();
    if (!asking) return;
    const waiter = asking;
    asking = null;
    close();
    if ('error' in end) waiter.reject(end.error);
    else waiter.resolve(DONE);
  }

  /** Gives the follower what waits, as far as it takes it. */
  function flow(): void {
    while (follower && !busy && !closed) {
      const [first] = waiting;
      if (first) {
        waiting.delete(first[0]);
        give(first[1]);
      } else {
        if (ended) leave(ended.error);
        return;
      }
    }
  }

  function give(value: T): void {
    try {
      const taken = follower!.take(value);
      if (!taken) return;
      busy = true;
      taken.then(() => {
        busy = false;
        flow();
      }, leave);
    } catch (error) {
      leave(error);
    }
  }

  function leave(error?: unknown): void {
    if (closed) return;
    ended ??= { error };
    close();
    follower?.end(error);
  }

  /** The consumer wants no more. */
  function quit(): void {
    ended ??= {};
    follower = null;
    close();
    asking?.resolve(DONE);
    asking = null;
  }

  return {
    push(value) {
      if (ended || closed) return;
      if (asking) {
        const waiter = asking;
        asking = null;
        given = { value };
        waiter.resolve({ done: false, value });
      } else if (follower && !busy) {
        give(value);
      } else {
        waiting.set(keyOf ? keyOf(value) : serial++, value);
        if (waiting.size > limit) finish({ error: onOverflow() });
      }
    },
    end: () => finish({}),
    fail: (error) => finish({ error }),
    follow(one) {
      follower = one;
      flow();
    },

    next() {
      if (given) onTaken?.(given.value, waiting.size === 0);
      given = null;
      for (const [key, value] of waiting) {
        waiting.delete(key);
        given = { value };
        return Promise.resolve({ done: false, value });
      }
      if (closed) return Promise.resolve(DONE);
      if (ended) {
        close();
        return 'error' in ended ? Promise.reject(ended.error) : Promise.resolve(DONE);
      }
      asking = Promise.withResolvers();
      return asking.promise;
    },
    return() {
      quit();
      return Promise.resolve(DONE);
    },
    throw(error) {
      quit();
      return Promise.reject(error);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** Hands all values of a source to the follower: a Stream's as they are pushed. */
export function follow<T>(source: AsyncIterator<T>, follower: Follower<T>): void {
  if ('follow' in source) (source as Stream<T>).follow(follower);
  else run(source, follower).then(() => follower.end(), follower.end);
}

async function run<T>(source: AsyncIterator<T>, { take }: Follower<T>): Promise<void> {
  for (let next = await source.next(); !next.done; next = await source.next()) await take(next.value);
}

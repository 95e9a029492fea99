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
}

export interface StreamOptions<T> {
  /** The consumer has gone or the end was reached: called once. */
  onClose(): void;
  /** A value replaces a waiting one with the same key: a slow consumer skips, and nothing grows. @default never */
  keyOf?(value: T): unknown;
  /** Waiting values beyond this fail the stream with `onOverflow()`. @default 10000 */
  limit?: number;
  onOverflow?(): unknown;
  /** Everything that was pushed has been handed over, and the consumer asks for more. */
  onDrained?(): void;
}

export function createStream<T>(options: StreamOptions<T>): Stream<T> {
  const { onClose, keyOf, limit = 10_000, onOverflow = () => new Error('too slow'), onDrained } = options;
  const waiting = new Map<unknown, T>();
  let serial = 0;
  let asking: PromiseWithResolvers<IteratorResult<T>> | null = null;
  let ended: { error: unknown } | 'end' | null = null;
  let closed = false;

  function close(): void {
    if (closed) return;
    closed = true;
    waiting.clear();
    onClose();
  }

  function finish(end: { error: unknown } | 'end'): void {
    if (ended) return;
    ended = end;
    if (!asking) return;
    const waiter = asking;
    asking = null;
    close();
    if (end === 'end') waiter.resolve({ done: true, value: undefined });
    else waiter.reject(end.error);
  }

  return {
    push(value) {
      if (ended || closed) return;
      if (asking) {
        const waiter = asking;
        asking = null;
        waiter.resolve({ done: false, value });
        return;
      }
      waiting.set(keyOf ? keyOf(value) : serial++, value);
      if (waiting.size > limit) finish({ error: onOverflow() });
    },
    end: () => finish('end'),
    fail: (error) => finish({ error }),

    next() {
      for (const [key, value] of waiting) {
        waiting.delete(key);
        return Promise.resolve({ done: false, value });
      }
      if (closed) return Promise.resolve({ done: true, value: undefined });
      if (ended) {
        close();
        if (ended !== 'end') return Promise.reject(ended.error);
        return Promise.resolve({ done: true, value: undefined });
      }
      asking = Promise.withResolvers();
      const { promise } = asking;
      onDrained?.();
      return promise;
    },
    return() {
      ended ??= 'end';
      close();
      asking?.resolve({ done: true, value: undefined });
      asking = null;
      return Promise.resolve({ done: true, value: undefined });
    },
    throw(error) {
      ended ??= 'end';
      close();
      asking?.resolve({ done: true, value: undefined });
      asking = null;
      return Promise.reject(error);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

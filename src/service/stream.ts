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
  /** The consumer has dealt with this value: it asks for another. `drained`: none waits. */
  onTaken?(value: T, drained: boolean): void;
}

export function createStream<T>(options: StreamOptions<T>): Stream<T> {
  const { onClose, keyOf, limit = 10_000, onOverflow = () => new Error('too slow'), onTaken } = options;
  const waiting = new Map<unknown, T>();
  let serial = 0;
  let asking: PromiseWithResolvers<IteratorResult<T>> | null = null;
  let given: { value: T } | null = null;
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
        given = { value };
        waiter.resolve({ done: false, value });
        return;
      }
      waiting.set(keyOf ? keyOf(value) : serial++, value);
      if (waiting.size > limit) finish({ error: onOverflow() });
    },
    end: () => finish('end'),
    fail: (error) => finish({ error }),

    next() {
      if (given) onTaken?.(given.value, waiting.size === 0);
      given = null;
      for (const [key, value] of waiting) {
        waiting.delete(key);
        given = { value };
        return Promise.resolve({ done: false, value });
      }
      if (closed) return Promise.resolve({ done: true, value: undefined });
      if (ended) {
        close();
        if (ended !== 'end') return Promise.reject(ended.error);
        return Promise.resolve({ done: true, value: undefined });
      }
      asking = Promise.withResolvers();
      return asking.promise;
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

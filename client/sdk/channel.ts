import { deferred } from './promises.ts';

/** An async iterator that is fed from outside. */
export interface Channel<T> {
  push(value: T): void;
  /** Ends the iteration after what was pushed; with an error by throwing it once. */
  end(error?: unknown): void;
  iterator: AsyncIterableIterator<T>;
}

export interface ChannelOptions {
  /** Called once: the consumer left, or the channel was ended. */
  onEnd(): void;
  /** A value that was not taken is replaced by the next one. @default false */
  latestOnly?: boolean;
}

/** Written by hand, because a generator that waits for its next value never hears `return()`. */
export function createChannel<T>({ onEnd, latestOnly = false }: ChannelOptions): Channel<T> {
  const values: T[] = [];
  const waiting: PromiseWithResolvers<IteratorResult<T>>[] = [];
  let over = false;
  let failure: unknown;

  function end(error?: unknown): void {
    if (over) return;
    over = true;
    failure = error;
    for (const consumer of waiting.splice(0)) settle(consumer);
    onEnd();
  }

  function settle(consumer: PromiseWithResolvers<IteratorResult<T>>): void {
    const error = failure;
    failure = undefined;
    if (error === undefined) consumer.resolve({ done: true, value: undefined });
    else consumer.reject(error);
  }

  return {
    push(value) {
      if (over) return;
      const consumer = waiting.shift();
      if (consumer) return consumer.resolve({ done: false, value });
      if (latestOnly) values.length = 0;
      values.push(value);
    },
    end,
    iterator: {
      [Symbol.asyncIterator]() {
        return this;
      },
      next() {
        const consumer = deferred<IteratorResult<T>>();
        if (values.length > 0) consumer.resolve({ done: false, value: values.shift() as T });
        else if (over) settle(consumer);
        else waiting.push(consumer);
        return consumer.promise;
      },
      async return() {
        values.length = 0;
        end();
        failure = undefined;
        return { done: true, value: undefined };
      },
    },
  };
}

/** An error as GraphQL carries it, with the details of a refusal. */
export interface ApiError {
  message: string;
  path?: (string | number)[];
  extensions: { code?: string; field?: string; limit?: number; retryAfterSeconds?: number };
}

/** What one operation answered, over any transport. */
export interface Answer<T> {
  data: T | null;
  errors: ApiError[];
}

/** What the server said about the end: Complete, or the errors that were the end. */
export type FlowEnd = 'complete' | ApiError[];

/** A subscription: the values of its one field, as they come. */
export interface Flow<T> {
  /** The next value that nobody has taken; rejects when the end came first. */
  next(): Promise<T>;
  /** The first value from here on that fits. */
  until(fits: (value: T) => boolean): Promise<T>;
  /** Everything from here to the end. */
  rest(): Promise<T[]>;
  /** Resolves with the end; never when the client stopped it, rejects when the connection went away. */
  ended: Promise<FlowEnd>;
  /** Comments that came between the values: only SSE has them. */
  comments(): number;
  stop(): void;
}

export interface FlowSource<T> {
  flow: Flow<T>;
  push(answer: { data?: Record<string, T> | null; errors?: ApiError[] }): void;
  end(how: FlowEnd): void;
  lose(error: Error): void;
  comment(): void;
}

export function createFlow<T>(stop: () => void): FlowSource<T> {
  const values: T[] = [];
  const waiting: PromiseWithResolvers<T>[] = [];
  const ended = Promise.withResolvers<FlowEnd>();
  ended.promise.catch(() => undefined);
  let over: Error | null = null;
  let comments = 0;

  function finish(error: Error): void {
    over ??= error;
    for (const { reject } of waiting.splice(0)) reject(over);
  }

  function end(how: FlowEnd): void {
    finish(new Error(`The subscription has ended: ${JSON.stringify(how)}`));
    ended.resolve(how);
  }

  const flow: Flow<T> = {
    next() {
      const value = values.shift();
      if (value !== undefined) return Promise.resolve(value);
      if (over) return Promise.reject(over);
      const asking = Promise.withResolvers<T>();
      waiting.push(asking);
      return asking.promise;
    },
    async until(fits) {
      for (;;) {
        const value = await flow.next();
        if (fits(value)) return value;
      }
    },
    async rest() {
      const rest: T[] = [];
      await ended.promise;
      while (values.length > 0) rest.push(await flow.next());
      return rest;
    },
    ended: ended.promise,
    comments: () => comments,
    stop,
  };

  return {
    flow,
    push({ data, errors }) {
      if (errors) return end(errors);
      const value = Object.values(data ?? {})[0] as T;
      const asking = waiting.shift();
      if (asking) asking.resolve(value);
      else values.push(value);
    },
    end,
    lose(error) {
      finish(error);
      ended.reject(error);
    },
    comment: () => {
      comments++;
    },
  };
}

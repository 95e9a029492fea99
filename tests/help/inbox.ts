/** What happened, in order, kept until a test asks for it: tests wait for events and never for time. */
export interface Inbox<T> {
  /** Everything that came, oldest first. */
  readonly all: readonly T[];
  put(item: T): void;
  /** Nothing more comes: whoever waits is told why, with what came instead. */
  end(reason: string): void;
  /** The first that fits and that nobody took; waits for it. Others stay. */
  take<S extends T>(fits: (item: T) => item is S): Promise<S>;
  take(fits?: (item: T) => boolean): Promise<T>;
  /** Like `take`, but whatever came before it is taken as well: for what comes one after the other. */
  next<S extends T>(fits: (item: T) => item is S): Promise<S>;
  next(fits?: (item: T) => boolean): Promise<T>;
}

interface Waiting<T> {
  fits(item: T): boolean;
  withAllBefore: boolean;
  resolve(item: T): void;
  reject(error: Error): void;
}

export function createInbox<T>(): Inbox<T> {
  const all: T[] = [];
  const untaken: T[] = [];
  let waiting: Waiting<T>[] = [];
  let ended: string | null = null;

  function serve(waiter: Waiting<T>): boolean {
    const index = untaken.findIndex(waiter.fits);
    if (index < 0) return false;
    const item = untaken[index]!;
    untaken.splice(waiter.withAllBefore ? 0 : index, waiter.withAllBefore ? index + 1 : 1);
    waiter.resolve(item);
    return true;
  }

  const nothing = (reason: string) => {
    const came = all.slice(-20).map((item) => JSON.stringify(item)?.slice(0, 300));
    return new Error(`${reason}; it came to:\n${came.join('\n')}`);
  };

  const wait = (fits: (item: T) => boolean, withAllBefore: boolean): Promise<T> =>
    new Promise((resolve, reject) => {
      const waiter = { fits, withAllBefore, resolve, reject };
      if (serve(waiter)) return;
      if (ended === null) waiting.push(waiter);
      else reject(nothing(ended));
    });

  return {
    all,
    put(item) {
      all.push(item);
      untaken.push(item);
      waiting = waiting.filter((waiter) => !serve(waiter));
    },
    end(reason) {
      ended ??= reason;
      for (const { reject } of waiting) reject(nothing(reason));
      waiting = [];
    },
    take: (fits: (item: T) => boolean = () => true) => wait(fits, false),
    next: (fits: (item: T) => boolean = () => true) => wait(fits, true),
  } as Inbox<T>;
}

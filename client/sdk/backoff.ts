/** Waits between tries: a random time up to a limit that doubles with every try, from 0.25 s to 3 s. */
export interface Backoff {
  /** Milliseconds to wait before the next try. */
  next(): number;
  /** The last try worked: the next wait is short again. */
  reset(): void;
}

/** Full jitter (the whole wait is random), so that thousands who lost one server do not come back together. */
export function createBackoff(random: () => number = Math.random): Backoff {
  let tries = 0;
  return {
    next: () => random() * Math.min(3000, 250 * 2 ** tries++),
    reset: () => {
      tries = 0;
    },
  };
}

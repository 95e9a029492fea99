import type { Instant } from '../domain/json.ts';

/** Further ahead than this the clock jumps. */
const JUMP_MS = 1000;
/** While the clock is set right it runs at between half and one and a half times the speed. */
const SLEW = 0.5;

/** This process's clock in milliseconds; steps of the machine's clock do not touch it. */
export const monotonic = (): number => performance.timeOrigin + performance.now();

/** A clock that is this process's own by an offset, and never runs back when that becomes another. */
export interface SteadyClock {
  now(): Instant;
  /** What has to be added to `monotonic` from here on. */
  aim(offset: number): void;
}

/** Small differences, and all differences backwards, are made up for by running faster or slower for a while. */
export function createSteadyClock(): SteadyClock {
  let asked = false;
  // The offset goes from `from`, where it was at `since`, to `to`.
  let from = 0;
  let to = 0;
  let since = monotonic();

  const offsetAt = (instant: number): number => {
    const way = (instant - since) * SLEW;
    return from < to ? Math.min(to, from + way) : Math.max(to, from - way);
  };

  function aim(offset: number): void {
    const instant = monotonic();
    from = offsetAt(instant);
    // Before anybody asked there is nothing to run back from.
    if (!asked || offset - from > JUMP_MS) from = offset;
    to = offset;
    since = instant;
  }

  return {
    now() {
      asked = true;
      const instant = monotonic();
      return Math.floor(instant + offsetAt(instant));
    },
    aim,
  };
}

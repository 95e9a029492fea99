import type { Instant } from '../../domain/json.ts';
import type { Connection } from './connection.ts';

export interface Clock {
  now(): Instant;
  /** Compares with the server's clock once more. Rejects when it does not answer. */
  sample(send: Connection['send']): Promise<void>;
}

interface Sample {
  /** What has to be added to this process's clock, give or take half the round trip. */
  offset: number;
  roundTrip: number;
}

/** So many samples are kept; the one with the shortest round trip counts. */
const KEPT_SAMPLES = 16;
/** Further ahead than this the clock jumps. */
const JUMP_MS = 1000;
/** While the clock is set right it runs at between half and one and a half times the speed. */
const SLEW = 0.5;

/** This process's clock in milliseconds; steps of the machine's clock do not touch it. */
const monotonic = (): number => performance.timeOrigin + performance.now();

/**
 * The server's clock, by the offset from this process's own. Never runs back: small differences, and all differences backwards, are
 * made up for by running faster or slower for a while.
 */
export function createClock(): Clock {
  let samples: Sample[] = [];
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
    async sample(send) {
      const sent = monotonic();
      const [seconds, micros] = await send<[string, string]>('TIME');
      const received = monotonic();
      const theirs = Number(seconds) * 1000 + Number(micros) / 1000;
      const sample = { offset: theirs - (sent + received) / 2, roundTrip: received - sent };
      // Samples that cannot both be right: one of the clocks was set, or this is another server.
      samples = samples.filter((s) => Math.abs(s.offset - sample.offset) <= s.roundTrip + sample.roundTrip);
      samples = [...samples, sample].slice(-KEPT_SAMPLES);
      aim(samples.reduce((best, s) => (s.roundTrip < best.roundTrip ? s : best)).offset);
    },
  };
}

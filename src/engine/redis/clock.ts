import type { Instant } from '../../domain/json.ts';
import { createSteadyClock, monotonic } from '../steady.ts';
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
/** The server's clock, by the offset from this process's own. Never runs back. */
export function createClock(): Clock {
  let samples: Sample[] = [];
  const steady = createSteadyClock();

  return {
    now: steady.now,
    async sample(send) {
      const sent = monotonic();
      const [seconds, micros] = await send<[string, string]>('TIME');
      const received = monotonic();
      const theirs = Number(seconds) * 1000 + Number(micros) / 1000;
      const sample = { offset: theirs - (sent + received) / 2, roundTrip: received - sent };
      // Samples that cannot both be right: one of the clocks was set, or this is another server.
      samples = samples.filter((s) => Math.abs(s.offset - sample.offset) <= s.roundTrip + sample.roundTrip);
      samples = [...samples, sample].slice(-KEPT_SAMPLES);
      steady.aim(samples.reduce((best, s) => (s.roundTrip < best.roundTrip ? s : best)).offset);
    },
  };
}

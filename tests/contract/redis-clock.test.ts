import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Clock, createClock } from '../../src/engine/redis/clock.ts';
import type { Connection } from '../../src/engine/redis/connection.ts';

// What performance.now says is set by these tests; what the server says is that, `ahead` milliseconds on.
let clock: Clock;
let ahead: number;
let origin: number;

/** Asks the server, which answers half way through the round trip. */
async function sample(roundTripMs = 0): Promise<void> {
  const send = async () => {
    vi.advanceTimersByTime(roundTripMs / 2);
    const micros = Math.round((performance.timeOrigin + performance.now() + ahead) * 1000);
    vi.advanceTimersByTime(roundTripMs / 2);
    return [`${Math.floor(micros / 1_000_000)}`, `${micros % 1_000_000}`];
  };
  await clock.sample(send as Connection['send']);
}

/** How far ahead of this process's own clock it shows, to a millisecond. */
const shown = (): number => clock.now() - (origin + performance.now());

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout'] });
  origin = performance.timeOrigin;
  clock = createClock();
  ahead = 0;
});
afterEach(() => {
  vi.useRealTimers();
});

/** Lets time pass and checks that the clock never runs back in it, and neither stands still nor leaps. */
function pass(ms: number): void {
  for (let passed = 0; passed < ms; passed += 10) {
    const before = clock.now();
    vi.advanceTimersByTime(10);
    expect(clock.now() - before).toBeGreaterThanOrEqual(4);
    expect(clock.now() - before).toBeLessThanOrEqual(16);
  }
}

describe('the clock of the Redis engine', () => {
  test('shows the server’s time from the first sample on, wherever that is', async () => {
    for (const offset of [-3_600_000, 3_600_000]) {
      clock = createClock();
      ahead = offset;
      await sample();
      expect(Math.abs(shown() - offset)).toBeLessThanOrEqual(1);
    }
  });

  test('of several samples the one with the shortest round trip counts', async () => {
    ahead = 5;
    await sample(2);
    // As a reply that was long on its way would have it, without contradicting what is known.
    ahead = 25;
    await sample(80);
    pass(200);
    expect(Math.abs(shown() - 5)).toBeLessThanOrEqual(1);
    ahead = 5.5;
    await sample(1);
    pass(200);
    expect(Math.abs(shown() - 5.5)).toBeLessThanOrEqual(1);
  });

  test('a small difference is made up for little by little, in both directions', async () => {
    await sample();
    pass(50);
    for (const offset of [300, -300]) {
      ahead = offset;
      const before = clock.now();
      await sample();
      expect(clock.now() - before).toBeLessThanOrEqual(1);
      pass(1500);
      expect(Math.abs(shown() - offset)).toBeLessThanOrEqual(1);
    }
  });

  test('it leaps forward to a server far ahead, and never runs back to one far behind', async () => {
    await sample();
    expect(Math.abs(shown())).toBeLessThanOrEqual(1);
    ahead = 60_000;
    await sample();
    expect(Math.abs(shown() - 60_000)).toBeLessThanOrEqual(1);
    ahead = 50_000;
    await sample();
    expect(Math.abs(shown() - 60_000)).toBeLessThanOrEqual(1);
    pass(25_000);
    expect(Math.abs(shown() - 50_000)).toBeLessThanOrEqual(1);
  });

  test('a time that was told before the first sample is not taken back', async () => {
    const told = clock.now();
    ahead = -5000;
    await sample();
    expect(clock.now()).toBeGreaterThanOrEqual(told);
    pass(11_000);
    expect(Math.abs(shown() + 5000)).toBeLessThanOrEqual(1);
  });

  test('a server that does not answer leaves it as it is', async () => {
    ahead = 40;
    await sample();
    await expect(clock.sample(() => Promise.reject(new Error('away')))).rejects.toThrow('away');
    expect(Math.abs(shown() - 40)).toBeLessThanOrEqual(1);
  });
});

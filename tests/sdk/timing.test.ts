import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createBackoff } from '../../client/sdk/backoff.ts';
import { afterSilence, pause } from '../../client/sdk/timing.ts';

describe('backoff', () => {
  test('the longest wait doubles from 0.25 s and stays at 3 s, for ever', () => {
    const backoff = createBackoff(() => 1);
    const waits = Array.from({ length: 7 }, backoff.next);
    expect(waits).toEqual([250, 500, 1000, 2000, 3000, 3000, 3000]);
    for (let tries = 0; tries < 5000; tries++) backoff.next();
    expect(backoff.next()).toBe(3000);
  });

  test('the whole wait is random, and short again after success', () => {
    const backoff = createBackoff(() => 0.5);
    expect([backoff.next(), backoff.next()]).toEqual([125, 250]);
    backoff.reset();
    expect(backoff.next()).toBe(125);
    const waits = Array.from({ length: 200 }, () => createBackoff().next());
    expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(100);
  });
});

describe('waiting', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('a pause ends at once when its signal aborts', async () => {
    const abort = new AbortController();
    const paused = pause(3_600_000, abort.signal);
    abort.abort();
    await paused;
    await pause(3_600_000, abort.signal);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('silence is noticed when it has lasted', async () => {
    const silent = vi.fn();
    afterSilence(10_000, silent);
    await vi.advanceTimersByTimeAsync(9_999);
    expect(silent).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(silent).toHaveBeenCalledOnce();
  });

  test('silence that was waited for no more is not told', async () => {
    const silent = vi.fn();
    const cancel = afterSilence(10_000, silent);
    cancel();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(silent).not.toHaveBeenCalled();
  });
});

test('an event loop that was blocked is not taken for the silence of the other side', async () => {
  const silent = vi.fn();
  // Long beside a turn of a busy machine, short beside the block.
  const cancel = afterSilence(800, silent);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000);
  await turn();
  await turn();
  expect(silent).not.toHaveBeenCalled();
  cancel();

  const heard = await new Promise((resolve) => afterSilence(50, () => resolve('silent')));
  expect(heard).toBe('silent');
});

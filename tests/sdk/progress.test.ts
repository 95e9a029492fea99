import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createProgress } from '../../client/sdk/progress.ts';
import { deferred } from '../../client/sdk/promises.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const arrives = async () => true;
const merge = <P>(_: P, newer: P) => newer;
const connected = async () => {};

test('of a burst the first and the latest leave, a tenth of a second apart', async () => {
  const sent: [number, number][] = [];
  const start = performance.now();
  const send = async (report: number) => {
    sent.push([report, Math.round(performance.now() - start)]);
    return true;
  };
  const progress = createProgress<number>({ merge, ready: connected, send });
  progress.report(0);
  await vi.advanceTimersByTimeAsync(0);
  for (let report = 1; report <= 1000; report++) progress.report(report);
  await vi.advanceTimersByTimeAsync(1000);
  expect(sent).toEqual([
    [0, 0],
    [1000, 100],
  ]);
});

test('a steady flow leaves at most ten times a second', async () => {
  const send = vi.fn(arrives);
  const progress = createProgress<number>({ merge, ready: connected, send });
  for (let report = 0; report < 500; report++) {
    progress.report(report);
    await vi.advanceTimersByTimeAsync(10);
  }
  expect(send.mock.calls.length).toBeGreaterThanOrEqual(49);
  expect(send.mock.calls.length).toBeLessThanOrEqual(51);
});

test('a report after a rest leaves at once', async () => {
  const send = vi.fn(arrives);
  const progress = createProgress<string>({ merge, ready: connected, send });
  progress.report('first');
  await vi.advanceTimersByTimeAsync(5000);
  progress.report('second');
  await vi.advanceTimersByTimeAsync(0);
  expect(send.mock.calls).toEqual([['first'], ['second']]);
});

test('without a connection only the latest waits, and leaves when there is one', async () => {
  const connection = deferred<void>();
  const send = vi.fn(arrives);
  const progress = createProgress<number>({ merge, ready: () => connection.promise, send });
  for (let report = 1; report <= 50; report++) progress.report(report);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(send).not.toHaveBeenCalled();
  connection.resolve();
  await vi.advanceTimersByTimeAsync(0);
  expect(send.mock.calls).toEqual([[50]]);
});

test('one report is on its way at a time, however slow the server', async () => {
  const answer = deferred<boolean>();
  const send = vi.fn(() => answer.promise);
  const progress = createProgress<number>({ merge, ready: connected, send });
  progress.report(1);
  await vi.advanceTimersByTimeAsync(0);
  progress.report(2);
  progress.report(3);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(send.mock.calls).toEqual([[1]]);
  answer.resolve(true);
  await vi.advanceTimersByTimeAsync(0);
  expect(send.mock.calls).toEqual([[1], [3]]);
});

test('a report lost on the way is sent again, unless a newer one came', async () => {
  const send = vi.fn(arrives).mockResolvedValueOnce(false);
  const progress = createProgress<number>({ merge, ready: connected, send });
  progress.report(1);
  await vi.advanceTimersByTimeAsync(1000);
  expect(send.mock.calls).toEqual([[1], [1]]);

  send.mockResolvedValueOnce(false);
  progress.report(2);
  await vi.advanceTimersByTimeAsync(0);
  progress.report(3);
  await vi.advanceTimersByTimeAsync(1000);
  expect(send.mock.calls).toEqual([[1], [1], [2], [3]]);
});

test('nothing leaves after the end', async () => {
  const send = vi.fn(arrives);
  const progress = createProgress<number>({ merge, ready: connected, send });
  progress.report(1);
  await vi.advanceTimersByTimeAsync(0);
  progress.report(2);
  progress.stop();
  progress.report(3);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(send.mock.calls).toEqual([[1]]);
});

test('what a replaced report said is kept where the newer one is silent', async () => {
  const send = vi.fn(arrives);
  const merge = (older: object, newer: object) => ({ ...older, ...newer });
  const progress = createProgress<object>({ merge, ready: connected, send });
  progress.report({ stage: 'first' });
  await vi.advanceTimersByTimeAsync(0);
  progress.report({ stage: 'second', progress: 0.5 });
  progress.report({ stage: 'third' });
  await vi.advanceTimersByTimeAsync(100);
  expect(send.mock.calls).toEqual([[{ stage: 'first' }], [{ stage: 'third', progress: 0.5 }]]);
});

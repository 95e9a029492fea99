import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { openSqlite } from '../../src/engine/sqlite.ts';

afterEach(() => {
  vi.useRealTimers();
});

test('the embedded clock goes on after the machine’s was set forward and back again', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'spacedock-clock-'));
  const engine = await openSqlite({ directory });
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
  const start = Date.now();
  engine.now();
  vi.setSystemTime(start + 3_600_000);
  const ahead = engine.now();
  expect(ahead - start).toBeGreaterThan(3_500_000);
  vi.setSystemTime(start);
  let before = engine.now();
  expect(before).toBeGreaterThanOrEqual(ahead);
  for (let passed = 0; passed < 1000; passed += 10) {
    vi.advanceTimersByTime(10);
    expect(engine.now() - before).toBeGreaterThanOrEqual(4);
    before = engine.now();
  }
  vi.useRealTimers();
  await engine.close();
  await rm(directory, { recursive: true });
});
